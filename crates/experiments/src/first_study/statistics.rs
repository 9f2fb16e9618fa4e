//! Numbers over chips, and how they are put into words.

use super::chip_run::ChipRun;
use super::stage::Stage;
use crate::plot::{Summary, fixed};

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

/// "1 chip", "5 chips".
pub(super) fn chips(runs: &[ChipRun]) -> String {
    match runs.len() {
        1 => "1 chip".to_owned(),
        count => format!("{count} chips"),
    }
}

/// Mean ± standard deviation where there is one, a dash where there is nothing.
pub(super) fn text(values: impl IntoIterator<Item = f64>, decimals: usize) -> String {
    let values: Vec<f64> = values.into_iter().collect();
    // Equal values have no spread, whatever rounding makes of their mean.
    if let Some(first) = values.first()
        && values.iter().all(|value| value == first)
    {
        return fixed(*first, decimals);
    }
    match Summary::of(&values) {
        None => "–".to_owned(),
        Some(summary) => summary.text_with(decimals),
    }
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
