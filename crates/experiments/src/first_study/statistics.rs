//! Numbers over chips, and how they are put into words.

use super::chip_run::ChipRun;
use super::stage::Stage;
use crate::plot::Summary;
use crate::wording::text;

pub(super) fn accuracies(runs: &[ChipRun], stage: Stage) -> Vec<f64> {
    runs.iter()
        .map(|run| run.at(stage).accuracy_percent)
        .collect()
}

/// Accuracy that a stage lies above another, per chip.
pub(super) fn gaps(runs: &[ChipRun], upper: Stage, lower: Stage) -> Vec<f64> {
    runs.iter()
        .map(|run| run.at(upper).accuracy_percent - run.at(lower).accuracy_percent)
        .collect()
}

pub(super) fn inference_times(runs: &[ChipRun], stage: Stage) -> Vec<f64> {
    runs.iter()
        .filter_map(|run| run.at(stage).inference_us)
        .collect()
}

pub(super) fn training_times(runs: &[ChipRun], stage: Stage) -> Vec<f64> {
    runs.iter()
        .filter_map(|run| run.at(stage).training_s)
        .collect()
}

/// Where accuracies lie by these differences, to be followed by what they are compared with:
/// "3.0 ± 0.4 percentage points above".
pub(super) fn compared(differences: &[f64]) -> String {
    let Some(Summary { mean, .. }) = Summary::of(differences) else {
        return "not compared with".to_owned();
    };
    let side = match mean {
        mean if mean.abs() < 0.05 => "from",
        mean if mean < 0.0 => "below",
        _ => "above",
    };
    let amounts = differences.iter().map(|d| d * mean.signum());
    format!("{} percentage points {side}", text(amounts, 1))
}

#[cfg(test)]
mod tests {
    use super::compared;

    #[test]
    fn differences_are_named_by_their_side() {
        assert_eq!(compared(&[-1.0, -2.0]), "1.5 ± 0.7 percentage points below");
        assert_eq!(compared(&[0.5, -0.1]), "0.2 ± 0.4 percentage points above");
        assert_eq!(compared(&[0.1, -0.1]), "0.0 ± 0.1 percentage points from");
        assert_eq!(compared(&[-3.0]), "3.0 percentage points below");
    }
}
