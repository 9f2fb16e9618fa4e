//! The figures to take away.

use std::collections::BTreeMap;

use super::chip_run::ChipRun;
use super::stage::Stage;
use super::statistics::{accuracies, gaps, inference_times, training_times};
use crate::{DataDescription, Rule, SummaryEntry};

/// Targets are stated for the embedded digits; other data have none.
pub(super) fn summary(runs: &[ChipRun], data: &DataDescription) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    let mut add = |figure: &str, values: &[f64], unit, expected: Option<(Rule, f64)>| {
        if let Some(entry) = SummaryEntry::of(values, unit) {
            let entry = match expected.filter(|_| !data.from_files) {
                Some((rule, target)) => entry.expected(rule, target),
                None => entry,
            };
            summary.insert(figure.to_owned(), entry);
        }
    };
    for stage in Stage::ALL {
        let target = (stage == Stage::Float).then_some((Rule::AtLeast, 96.0));
        add(
            &format!("accuracy/{}", stage.name()),
            &accuracies(runs, stage),
            "%",
            target,
        );
    }
    let points = "percentage points";
    add(
        "float minus ideal array",
        &gaps(runs, Stage::Float, Stage::Ideal),
        points,
        Some((Rule::AtMost, 1.5)),
    );
    add(
        "calibrated minus uncalibrated",
        &gaps(runs, Stage::Calibrated, Stage::Uncalibrated),
        points,
        None,
    );
    add(
        "ideal array minus chip in the loop",
        &gaps(runs, Stage::Ideal, Stage::CalibratedInTheLoop),
        points,
        Some((Rule::AtMost, 1.5)),
    );
    add(
        "ideal array in the loop minus chip in the loop",
        &gaps(runs, Stage::IdealInTheLoop, Stage::CalibratedInTheLoop),
        points,
        None,
    );
    add(
        "calibrated minus uncalibrated in the loop",
        &gaps(
            runs,
            Stage::CalibratedInTheLoop,
            Stage::UncalibratedInTheLoop,
        ),
        points,
        None,
    );
    let calibration: Vec<f64> = runs.iter().map(|run| run.calibration_ms).collect();
    let inference = inference_times(runs, Stage::CalibratedInTheLoop);
    add("chip time/image", &inference, "µs", None);
    add("chip time/calibration", &calibration, "ms", None);
    add(
        "chip time/training in the loop",
        &training_times(runs, Stage::CalibratedInTheLoop),
        "s",
        None,
    );
    summary
}
