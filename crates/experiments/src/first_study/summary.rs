//! The figures to take away.

use std::collections::BTreeMap;

use super::chip_run::ChipRun;
use super::stage::Stage;
use super::statistics::{accuracies, gaps, inference_times};
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
        &gaps(runs, Stage::Ideal, Stage::InTheLoop),
        points,
        Some((Rule::AtMost, 1.5)),
    );
    add(
        "retrained on the ideal array minus chip in the loop",
        &gaps(runs, Stage::RetrainedOnIdeal, Stage::InTheLoop),
        points,
        None,
    );
    let of = |value: fn(&ChipRun) -> f64| runs.iter().map(value).collect::<Vec<_>>();
    let inference = inference_times(runs, Stage::InTheLoop);
    add("chip time/image", &inference, "µs", None);
    add(
        "chip time/calibration",
        &of(|run| run.calibration_ms),
        "ms",
        None,
    );
    add(
        "chip time/training in the loop",
        &of(|run| run.training_s),
        "s",
        None,
    );
    summary
}
