//! The experiment `calibration-acceptance`: calibrated chips pass the real chip's tests, others do
//! not, and all of it is written down.

use std::sync::OnceLock;

use bss2_experiments::{ChipConfig, Outcome, Settings, find};

use crate::study::Counter;

fn outcome(chip: ChipConfig, chips: usize, threads: usize) -> Outcome {
    let settings = Settings {
        chips: Some(chips),
        chip,
        ..Settings::default()
    };
    let experiment = find("calibration-acceptance").unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.build().unwrap();
    let counter = Counter::default();
    let outcome = pool.install(|| experiment.run(&settings, &counter).unwrap());
    counter.assert_complete();
    outcome
}

fn typical() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    OUTCOME.get_or_init(|| outcome(ChipConfig::typical(), 2, 2))
}

/// Criteria, and groups of them.
const CRITERIA: usize = 24;
const GROUPS: usize = 4;
/// Criteria and groups without those of the CADC, for which the joint procedure brings nothing.
const JOINT_CRITERIA: usize = CRITERIA - 5;
const JOINT_GROUPS: usize = GROUPS - 1;
/// States besides.
const STATES: usize = 4;

#[test]
fn typical_chips_do_what_is_expected_of_them() {
    let of = |process: &str| {
        let entries = typical().summary.iter();
        let start = format!("{process}/");
        let entries = entries.filter(|(figure, _)| figure.starts_with(&start));
        entries
            .map(|(figure, entry)| (figure.clone(), entry.clone()))
            .collect::<Vec<_>>()
    };
    // Every group in every state, everything at once where chips are to pass, every criterion.
    let figures = STATES * GROUPS + JOINT_GROUPS + 3 + CRITERIA;
    let missed: Vec<_> = of("typical")
        .into_iter()
        .filter(|(_, e)| e.pass != Some(true))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert_eq!(of("typical").len(), figures);
    // Nothing is known of real chips of a worse process.
    assert_eq!(of("worse").len(), figures);
    assert!(of("worse").iter().all(|(_, entry)| entry.pass.is_none()));
}

#[test]
fn every_verdict_is_recorded() {
    let outcome = typical();
    let chips = 2 * 2;
    assert_eq!(
        outcome.records.len(),
        chips * (STATES * GROUPS + JOINT_GROUPS)
    );
    let [verdicts] = &outcome.further_tables[..] else {
        panic!("one table besides");
    };
    let text = std::str::from_utf8(verdicts.content()).unwrap();
    let rows = text.lines().count() - 1;
    assert_eq!(rows, chips * (STATES * CRITERIA + JOINT_CRITERIA));
    // The table for people has a line for each criterion and each group.
    let table = outcome.table.to_text();
    assert_eq!(table.matches(" all of these ").count(), GROUPS);
    assert_eq!(
        table.lines().filter(|line| line.contains(" / ")).count(),
        1 + CRITERIA + GROUPS
    );
}

#[test]
fn neither_threads_nor_other_chips_change_a_bit() {
    let verdicts = |outcome: &Outcome, seed: &str| -> Vec<String> {
        let text = std::str::from_utf8(outcome.further_tables[0].content()).unwrap();
        let of_chip = format!("typical,{seed},");
        let rows = text.lines().filter(|line| line.starts_with(&of_chip));
        rows.map(str::to_owned).collect()
    };
    let alone = verdicts(&outcome(ChipConfig::typical(), 1, 1), "1");
    assert_eq!(alone.len(), STATES * CRITERIA + JOINT_CRITERIA);
    assert_eq!(alone, verdicts(typical(), "1"));
}

#[test]
fn a_chip_with_many_stuck_channels_is_found_out() {
    let mut chip = ChipConfig::typical();
    chip.cadc.failure_rate = 0.05;
    let outcome = outcome(chip, 1, 1);
    assert!(
        outcome
            .summary
            .keys()
            .all(|figure| figure.starts_with("as configured/"))
    );
    let figure = "as configured/calibrated chips pass/CADC";
    assert_eq!(outcome.summary[figure].value, 0.0);
    let finding = outcome.section;
    assert!(format!("{finding:?}").contains("σ over all channels (1 chip)"));
}
