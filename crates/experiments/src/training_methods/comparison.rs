//! Ways of training beside each other on the same chips.

use super::CaseResults;
use super::measured::Measured;
use super::way::Way;
use crate::plot::fixed;
use crate::statistics::{Interval, mean};

/// What one way has over another, chip by chip, in percentage points of accuracy.
pub(super) struct Difference {
    pub(super) points: Vec<f64>,
}

impl Difference {
    pub(super) fn mean(&self) -> f64 {
        mean(&self.points)
    }

    pub(super) fn interval(&self) -> Option<Interval> {
        Interval::of_mean(&self.points)
    }

    /// Whether all of the interval lies above zero.
    pub(super) fn is_gain(&self) -> bool {
        self.interval().is_some_and(|interval| interval.low > 0.0)
    }

    /// Whether all of the interval lies below zero.
    pub(super) fn is_loss(&self) -> bool {
        self.interval().is_some_and(|interval| interval.high < 0.0)
    }

    /// "+1.2 (0.8…1.6)".
    pub(super) fn text(&self) -> String {
        let mean = signed(self.mean());
        match self.interval() {
            None => mean,
            Some(Interval { low, high }) => format!("{mean} ({}…{})", signed(low), signed(high)),
        }
    }
}

/// A number with its sign.
fn signed(value: f64) -> String {
    let text = fixed(value, 1);
    if value > 0.0 && !text.starts_with('+') {
        format!("+{text}")
    } else {
        text
    }
}

impl CaseResults<'_> {
    /// A number of a way on every chip.
    pub(super) fn values(&self, way: Way, of: impl Fn(&Measured) -> f64) -> Vec<f64> {
        let measured = self.runs.iter().filter_map(|run| run.of(way));
        measured.map(of).collect()
    }

    /// Test accuracies of a way in percent.
    pub(super) fn accuracies(&self, way: Way) -> Vec<f64> {
        self.values(way, |measured| measured.accuracy_percent)
    }

    /// What a way has over another on the same chips; `None` unless both were measured.
    pub(super) fn difference(&self, way: Way, reference: Way) -> Option<Difference> {
        let difference = |run: &super::ChipRun| {
            let accuracy = |way| Some(run.of(way)?.accuracy_percent);
            Some(accuracy(way)? - accuracy(reference)?)
        };
        let points: Vec<f64> = self.runs.iter().filter_map(difference).collect();
        (!points.is_empty() && way != reference).then_some(Difference { points })
    }

    /// The way with the highest mean accuracy.
    pub(super) fn best(&self, ways: impl IntoIterator<Item = Way>) -> Option<Way> {
        let means = ways
            .into_iter()
            .map(|way| (way, mean(&self.accuracies(way))));
        let best = means
            .filter(|(_, mean)| mean.is_finite())
            .max_by(|a, b| a.1.total_cmp(&b.1));
        best.map(|(way, _)| way)
    }
}
