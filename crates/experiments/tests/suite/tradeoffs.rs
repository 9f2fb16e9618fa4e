//! The experiment `calibration-tradeoffs`: what is known of real chips shows on simulated ones, and
//! every number is told.

use std::sync::OnceLock;

use bss2_experiments::calibration_tradeoffs::Parameters;
use bss2_experiments::{Outcome, Settings, find};

use crate::study::Counter;

fn settings() -> Settings {
    Settings {
        chips: Some(1),
        ..Settings::default()
    }
}

/// It takes seconds, so the tests share one.
fn outcome() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    OUTCOME.get_or_init(|| {
        let counter = Counter::default();
        let experiment = find("calibration-tradeoffs").unwrap();
        let outcome = experiment.run(&settings(), &counter).unwrap();
        counter.assert_complete();
        outcome
    })
}

fn value(figure: &str) -> f64 {
    let entry = outcome().summary.get(figure);
    entry.unwrap_or_else(|| panic!("no {figure}")).value
}

#[test]
fn what_is_known_of_real_chips_shows() {
    let expected = outcome().summary.iter();
    let expected: Vec<_> = expected.filter(|(_, e)| e.pass.is_some()).collect();
    assert_eq!(expected.len(), 13);
    for (figure, entry) in expected {
        assert_eq!(entry.pass, Some(true), "{figure}: {}", entry.value);
    }
    assert_eq!(outcome().table.to_text().matches('✓').count(), 13);
}

#[test]
fn quality_has_its_best_between_too_little_and_too_much() {
    let sends = [1, 8, 16].map(|sends| value(&format!("signal to total error/num_sends {sends}")));
    assert!(sends[1] > sends[0] && sends[1] > sends[2], "{sends:?}");
    let biases =
        [60, 600, 900].map(|bias| value(&format!("signal to total error/i_synin_gm {bias}")));
    assert!(biases[1] > biases[0] && biases[1] > biases[2], "{biases:?}");
}

#[test]
fn every_point_is_in_the_table_and_every_parameter_in_the_configuration() {
    let parameters = Parameters::resolve(&settings());
    let expected: toml::Table = toml::to_string(&parameters).unwrap().parse().unwrap();
    assert_eq!(outcome().configuration, expected);

    let grids = &parameters.grids;
    let points = grids.ota_biases.len()
        + 2 * grids.dac_biases.len()
        + grids.noises_lsb.len()
        + grids.membrane_taus_us.len()
        + 2 * grids.synaptic_taus_us.len()
        + grids.cadc_ranges.len()
        + grids.waits.len()
        + grids.sends.len();
    let tables = &outcome().further_tables;
    let text = std::str::from_utf8(tables[0].content()).unwrap();
    assert_eq!(text.lines().count() - 1, points);
    assert_eq!(outcome().records.len(), 13);
    // A panel chart for each knob, a front for each part.
    assert_eq!(outcome().charts.len(), 10 + 8);
}
