//! The experiment `validation`: what a default chip shows lies in the published bands, and what
//! does not is told.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use bss2_experiments::{ChipConfig, Outcome, Settings, Silent, find};

fn outcome(chip: ChipConfig, chips: usize, threads: usize) -> Outcome {
    let settings = Settings {
        chips: Some(chips),
        chip,
        ..Settings::default()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.build().unwrap();
    pool.install(|| find("validation").unwrap().run(&settings, &Silent).unwrap())
}

fn typical() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    OUTCOME.get_or_init(|| outcome(ChipConfig::typical(), 3, 2))
}

/// Lines of the table that hold a verdict, and whether it is a pass.
fn verdicts(outcome: &Outcome) -> Vec<(String, bool)> {
    let text = outcome.table.to_text();
    let lines = text
        .lines()
        .filter(|line| line.contains('✓') || line.contains('✗'));
    lines
        .map(|line| (line.to_owned(), line.contains('✓')))
        .collect()
}

/// Lines of the table that are shown without a verdict.
fn shown(outcome: &Outcome) -> usize {
    let text = outcome.table.to_text();
    let lines = text.lines().filter(|line| line.contains(" –  "));
    lines.filter(|line| !line.contains(['✓', '✗'])).count()
}

fn row(line: &str) -> u8 {
    let number = line.split_whitespace().next().unwrap();
    number.parse().unwrap()
}

#[test]
fn all_rows_are_there_and_three_default_chips_pass_them() {
    let verdicts = verdicts(typical());
    let rows: BTreeSet<u8> = verdicts.iter().map(|(line, _)| row(line)).collect();
    assert_eq!(rows, (1..=14).collect());
    let missed: Vec<_> = verdicts.iter().filter(|(_, passes)| !passes).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn every_value_of_every_chip_is_recorded() {
    const CRITERIA: usize = 24;
    const STATES: usize = 4;
    let records = &typical().records;
    let (judged, shown) = (verdicts(typical()).len(), shown(typical()));
    assert!(shown >= 9, "{shown}");
    assert_eq!(records.len(), 3 * (judged + shown + STATES * CRITERIA));
    assert!(records.iter().all(|record| record.value.is_finite()));
}

#[test]
fn a_chip_that_is_not_like_those_published_misses_the_rows_that_see_it() {
    let mut chip = ChipConfig::typical();
    chip.noise.read_lsb = 4.0;
    chip.drift.gain = 0.1;
    chip.ota.inhibitory_ratio = 0.8;
    chip.membrane.floor_lsb = -60.0;
    chip.ota.linear_range_lsb = 50_000.0;
    chip.membrane.residual_leak_tau_us = 100.0;
    chip.temperature.gain_per_kelvin = 0.0;
    chip.temperature.noise_per_kelvin = 0.0;
    let verdicts = verdicts(&outcome(chip, 1, 1));
    for seen in [2, 4, 5, 6, 7, 8, 10, 12, 13] {
        let mut lines = verdicts.iter().filter(|(line, _)| row(line) == seen);
        assert!(lines.any(|(_, passes)| !passes), "row {seen}");
    }
    // What has nothing to do with all this is not blamed.
    let mut drivers = verdicts.iter().filter(|(line, _)| row(line) == 9);
    assert!(drivers.all(|(_, passes)| *passes));
}

#[test]
fn neither_threads_nor_other_chips_change_a_bit() {
    let values = |outcome: &Outcome| -> Vec<u64> {
        let records = outcome.records.iter();
        records.map(|record| record.value.to_bits()).collect()
    };
    let alone = values(&outcome(ChipConfig::typical(), 1, 1));
    assert_eq!(alone, values(typical())[..alone.len()]);
}
