//! Every single number of one chip, as rows of tables.

use serde::Serialize;

use super::chip_run::{ChipRun, Tested};
use super::{EXPERIMENT, Parameters};
use crate::{CsvFile, ExperimentError, Record};

/// The file with every verdict.
pub(super) const VERDICTS_FILE: &str = "calibration-acceptance-verdicts.csv";

#[derive(Serialize)]
struct VerdictRow<'a> {
    process: &'a str,
    chip_seed: u64,
    state: &'static str,
    group: &'static str,
    criterion: &'static str,
    value: Option<f64>,
    unit: &'static str,
    limit: String,
    met: bool,
}

/// The table with columns of its own.
pub(super) fn tables(
    runs: &[ChipRun],
    parameters: &Parameters,
) -> Result<Vec<CsvFile>, ExperimentError> {
    let tested = runs
        .iter()
        .flat_map(|run| run.tested.iter().map(move |tested| (run, tested)));
    let rows = tested.flat_map(|(run, tested)| verdict_rows(run, tested, parameters));
    Ok(vec![CsvFile::of(VERDICTS_FILE, rows)?])
}

/// Name of the process of a chip.
fn process<'a>(run: &ChipRun, parameters: &'a Parameters) -> &'a str {
    let process = parameters.processes.get(run.process);
    process.map_or("", |process| &process.name)
}

fn verdict_rows<'a>(
    run: &'a ChipRun,
    tested: &'a Tested,
    parameters: &'a Parameters,
) -> impl Iterator<Item = VerdictRow<'a>> {
    tested.verdicts().map(move |verdict| VerdictRow {
        process: process(run, parameters),
        chip_seed: run.seed,
        state: tested.treatment.name(),
        group: tested.group.name(),
        criterion: verdict.criterion.name,
        value: verdict.value.is_finite().then_some(verdict.value),
        unit: verdict.criterion.unit,
        limit: verdict.criterion.limit.to_string(),
        met: verdict.is_met(),
    })
}

/// The rows of one chip in the tidy table: how many criteria it misses.
pub(super) fn of(run: &ChipRun, parameters: &Parameters) -> Vec<Record> {
    let record = |tested: &Tested| Record {
        experiment: EXPERIMENT.name,
        dataset: String::new(),
        chip_seed: run.seed,
        stage: format!("{}: {}", process(run, parameters), tested.treatment.name()),
        metric: format!("criteria missed: {}", tested.group.name()),
        index: None,
        value: tested.verdicts().filter(|v| !v.is_met()).count() as f64,
        unit: "criteria".to_owned(),
    };
    run.tested.iter().map(record).collect()
}
