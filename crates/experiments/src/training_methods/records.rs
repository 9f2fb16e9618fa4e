//! Every single number, as rows of the tidy tables.

use serde::Serialize;

use super::way::Way;
use super::{CaseResults, EXPERIMENT, Results};
use crate::{CsvFile, ExperimentError, Record};

/// The file with the time that the computer took, the only one that is another each time.
pub(super) const WALL_TIME_FILE: &str = "training-methods-time.csv";

#[derive(Serialize)]
struct WallTimeRow<'a> {
    network: &'a str,
    chip_seed: u64,
    chip: &'static str,
    method: String,
    wall_time_s: f64,
    samples: u64,
}

/// How long the computer took for each training.
pub(super) fn wall_times(results: &Results<'_>) -> Result<CsvFile, ExperimentError> {
    let rows = results.cases.iter().flat_map(|results| {
        results.runs.iter().flat_map(|run| {
            run.measured.iter().map(|(way, measured)| WallTimeRow {
                network: &results.case.name,
                chip_seed: run.seed,
                chip: way.state.name(),
                method: way.name(),
                wall_time_s: measured.wall_s,
                samples: measured.samples(),
            })
        })
    });
    CsvFile::of(WALL_TIME_FILE, rows)
}

/// The rows of all cases.
pub(super) fn of(results: &Results<'_>) -> Vec<Record> {
    results.cases.iter().flat_map(of_case).collect()
}

fn of_case(results: &CaseResults<'_>) -> Vec<Record> {
    let mut records = Vec::new();
    for run in &results.runs {
        let mut add = |stage: &str, metric: &str, index: Option<usize>, value: f64, unit: &str| {
            records.push(Record {
                experiment: EXPERIMENT.name,
                dataset: results.data.name.clone(),
                chip_seed: run.seed,
                stage: format!("{}: {stage}", results.case.name),
                metric: metric.to_owned(),
                index,
                value,
                unit: unit.to_owned(),
            });
        };
        add("digital", "accuracy", None, run.float_percent, "%");
        add("ideal array", "accuracy", None, run.ideal_percent, "%");
        for (way, measured) in &run.measured {
            let stage = stage(*way);
            let mut number =
                |metric: &str, value: f64, unit: &str| add(&stage, metric, None, value, unit);
            number("accuracy", measured.accuracy_percent, "%");
            number("digital accuracy", measured.digital_percent, "%");
            let in_the_loop = measured.samples_in_the_loop as f64;
            number("samples in the loop", in_the_loop, "1");
            let off_chip = measured.samples_off_chip as f64;
            number("samples off chip", off_chip, "1");
            number("chip time of training", measured.training_s, "s");
            number("chip time per inference", measured.inference_us, "µs");
            number("saturated outputs", measured.saturated_percent, "%");
            for (epoch, &percent) in measured.learning.iter().enumerate() {
                add(&stage, "training accuracy", Some(epoch), percent, "%");
            }
        }
    }
    records
}

/// "in-the-loop on calibrated".
fn stage(way: Way) -> String {
    format!("{} on {}", way.name(), way.state.name())
}
