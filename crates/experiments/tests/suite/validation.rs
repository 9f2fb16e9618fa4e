//! The experiment `validation`: what a default chip shows lies in the published bands, and what does
//! not is told.

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
    let records = &typical().records;
    assert_eq!(records.len(), 3 * verdicts(typical()).len());
    assert!(records.iter().all(|record| record.value.is_finite()));
}

#[test]
fn a_chip_that_is_not_like_those_published_misses_the_rows_that_see_it() {
    let mut chip = ChipConfig::typical();
    chip.noise.read_lsb = 4.0;
    chip.membrane.residual_leak_tau_us = 100.0;
    let verdicts = verdicts(&outcome(chip, 1, 1));
    for seen in [2, 10] {
        let mut lines = verdicts.iter().filter(|(line, _)| row(line) == seen);
        assert!(lines.any(|(_, passes)| !passes), "row {seen}");
    }
    let slopes = verdicts.iter().find(|(line, _)| row(line) == 6);
    assert!(slopes.is_some_and(|(_, passes)| *passes), "{slopes:?}");
}

#[test]
fn neither_threads_nor_other_chips_change_a_bit() {
    let values = |outcome: &Outcome| -> Vec<u64> {
        let records = outcome.records.iter();
        records.map(|record| record.value.to_bits()).collect()
    };
    let two = values(&outcome(ChipConfig::typical(), 2, 1));
    assert_eq!(two, values(typical())[..two.len()]);
}
