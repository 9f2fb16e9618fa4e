//! Results as tables in files.

use serde::Serialize;

use super::Results;
use crate::{CsvFile, ExperimentError};

#[derive(Serialize)]
struct LearningRow<'a> {
    stage: usize,
    ground: &'a str,
    epoch: usize,
    loss: f32,
    training_accuracy_percent: f64,
    validation_accuracy_percent: Option<f64>,
}

#[derive(Serialize)]
struct ConfusionRow {
    class: usize,
    taken_for: usize,
    samples: u64,
}

/// Every epoch of every stage.
pub(super) fn learning(results: &Results) -> Result<CsvFile, ExperimentError> {
    let rows = results
        .stages
        .iter()
        .enumerate()
        .flat_map(|(stage, report)| {
            report.curve.iter().map(move |epoch| LearningRow {
                stage,
                ground: &report.ground,
                epoch: epoch.epoch,
                loss: epoch.loss,
                training_accuracy_percent: 100.0 * epoch.accuracy,
                validation_accuracy_percent: epoch.validation.map(|share| 100.0 * share),
            })
        });
    CsvFile::of("learning.csv", rows)
}

/// Which classes were taken for which on the chip.
pub(super) fn confusion(results: &Results) -> Result<CsvFile, ExperimentError> {
    let rows = results.on_chip.confusion().indexed_iter();
    let rows = rows.map(|((class, taken_for), &samples)| ConfusionRow {
        class,
        taken_for,
        samples,
    });
    CsvFile::of("confusion.csv", rows)
}
