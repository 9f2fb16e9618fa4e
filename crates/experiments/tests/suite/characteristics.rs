//! The experiments that look at single multiplications: `mac-characteristics` and `circuit`.

use std::sync::OnceLock;

use bss2_experiments::{Outcome, Settings, Silent, find};

use crate::study::{Counter, assert_threads_do_not_matter};

const NAMES: [&str; 2] = ["mac-characteristics", "circuit"];

fn outcome(name: &str) -> Outcome {
    let settings = Settings {
        chips: Some(2),
        ..Settings::default()
    };
    find(name).unwrap().run(&settings, &Silent).unwrap()
}

fn mac() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    OUTCOME.get_or_init(|| outcome(NAMES[0]))
}

fn circuit() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    OUTCOME.get_or_init(|| outcome(NAMES[1]))
}

fn value(outcome: &Outcome, figure: &str) -> f64 {
    let entry = outcome.summary.get(figure);
    entry.unwrap_or_else(|| panic!("no {figure}")).value
}

/// Lines of a table below its heading.
fn rows(outcome: &Outcome, file: &str) -> usize {
    let mut tables = outcome.further_tables.iter();
    let table = tables.find(|table| table.name() == file).unwrap();
    let text = std::str::from_utf8(table.content()).unwrap();
    text.lines().count() - 1
}

#[test]
fn results_are_the_same_bit_for_bit_on_one_and_two_threads() {
    let settings = Settings {
        chips: Some(2),
        ..Settings::default()
    };
    let experiments = NAMES.map(|name| find(name).unwrap());
    assert_threads_do_not_matter(&experiments, &settings);
}

#[test]
fn calibration_narrows_columns_and_leaves_noise() {
    let both = |figure: &str| {
        ["fresh", "calibrated"].map(|state| value(mac(), &format!("{figure}/{state}")))
    };
    let [fresh, calibrated] = both("column spread, 100 rows of 15 × 21");
    assert!(calibrated < 0.2 * fresh, "{fresh} {calibrated}");
    let [fresh, calibrated] = both("gain spread");
    assert!(calibrated < 0.3 * fresh, "{fresh} {calibrated}");
    let [fresh, calibrated] = both("trial-to-trial noise");
    assert!((fresh - calibrated).abs() < 0.1, "{fresh} {calibrated}");
    assert!((1.2..2.0).contains(&calibrated), "{calibrated}");
}

#[test]
fn every_point_of_the_curves_is_in_the_tables() {
    let chips_and_states = 2 * 2;
    let transfer = rows(mac(), "mac-characteristics-transfer.csv");
    assert_eq!(transfer, chips_and_states * 19 * 32);
    // Columns that answer nothing are left out.
    let columns = rows(mac(), "mac-characteristics-columns.csv");
    let all = chips_and_states * 512 * (1 + 4);
    assert!((all - all / 50..=all).contains(&columns), "{columns}");
    assert_eq!(rows(circuit(), "circuit-drivers.csv"), 2 * 128 * 32);
}

#[test]
fn the_circuit_bends_as_published_and_as_expected() {
    let deviation = |at: &str| value(circuit(), &format!("swing/deviation at a predicted {at}"));
    assert!((deviation("−144") - 36.0).abs() < 6.0);
    assert!((deviation("144") + 19.0).abs() < 6.0);
    let [fresh, trimmed] = ["fresh", "trimmed"].map(|state| {
        value(
            circuit(),
            &format!("drivers/spread at activation 16, {state}"),
        )
    });
    assert!(trimmed < 0.7 * fresh, "{trimmed} {fresh}");
    let lost = [1, 2, 5].map(|wait| {
        let figure = format!("OTA/lost at full weight and wait {wait}, transient");
        value(circuit(), &figure)
    });
    assert!(lost[0] > lost[1] && lost[1] > lost[2], "{lost:?}");
    // The trace and the CADC see the same multiplication; the trace begins 1 µs of drift earlier.
    let [rise, result] = [
        "trace/rise of the membrane until the readout",
        "trace/result of the CADC",
    ]
    .map(|figure| value(circuit(), figure));
    assert!((rise - result).abs() < 4.0, "{rise} {result}");
    assert!(
        (4.0..24.0).contains(&result),
        "8 − 4 products of 31 × 63 and drift: {result}"
    );
}

#[test]
fn one_chip_is_enough_and_every_step_is_counted() {
    for name in NAMES {
        let counter = Counter::default();
        let settings = Settings {
            chips: Some(1),
            ..Settings::default()
        };
        let outcome = find(name).unwrap().run(&settings, &counter).unwrap();
        counter.assert_complete();
        assert!(outcome.summary.values().all(|entry| entry.n == 1));
        assert!(!outcome.charts.is_empty());
    }
}
