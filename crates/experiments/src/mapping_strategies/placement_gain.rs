//! What knowing the chip is worth: paired comparisons with the same mapping that does not know it.

use super::Results;
use super::choice::{
    IN_ORDER, PACKED, PACKED_AND_PLACED, PLACED, TUNED_LEAST_TIME, TUNED_NO_SLOWER,
};
use super::measured::Measured;
use crate::statistics::{Interval, mean};

/// A strategy that knows the chip and one that does not.
pub(super) struct Pair {
    pub(super) informed: &'static str,
    pub(super) uninformed: &'static str,
    /// Whether its error is to be the smaller one.
    pub(super) is_to_be_better: bool,
}

pub(super) const PAIRS: [Pair; 4] = [
    Pair {
        informed: PLACED,
        uninformed: IN_ORDER,
        is_to_be_better: true,
    },
    Pair {
        informed: PACKED_AND_PLACED,
        uninformed: PACKED,
        is_to_be_better: false,
    },
    Pair {
        informed: TUNED_NO_SLOWER,
        uninformed: IN_ORDER,
        is_to_be_better: true,
    },
    Pair {
        informed: TUNED_LEAST_TIME,
        uninformed: IN_ORDER,
        is_to_be_better: false,
    },
];

/// A pair over all chips.
pub(super) struct Gain<'a> {
    pub(super) pair: &'a Pair,
    /// Error relative to the uninformed one's, per chip.
    pub(super) errors: Vec<f64>,
    /// Chip time per image in batches likewise.
    pub(super) times: Vec<f64>,
    /// Accuracy gained, in percentage points.
    pub(super) accuracies: Vec<f64>,
    /// Errors on those chips on which the uninformed one uses no failed row or column.
    pub(super) errors_without_failed: Vec<f64>,
}

impl Pair {
    pub(super) fn name(&self) -> String {
        format!("{} relative to {}", self.informed, self.uninformed)
    }

    /// The pair over all chips; `None` where a strategy is missing.
    pub(super) fn gain(&self, results: &Results<'_>) -> Option<Gain<'_>> {
        let informed = results.place(self.informed)?;
        let uninformed = results.place(self.uninformed)?;
        let errors = results.ratios(informed, uninformed, Measured::relative_error);
        let runs = results.runs.iter();
        let both = runs.filter_map(|run| {
            let at = |place: usize| run.strategies.get(place)?.as_ref();
            Some((at(informed)?, at(uninformed)?))
        });
        let both: Vec<(&Measured, &Measured)> = both.collect();
        let without_failed = both.iter().filter(|(_, u)| u.failed_in_use() == 0);
        Some(Gain {
            pair: self,
            errors,
            times: results.ratios(informed, uninformed, |measured| measured.image_us),
            accuracies: both
                .iter()
                .map(|(i, u)| i.accuracy_percent - u.accuracy_percent)
                .collect(),
            errors_without_failed: without_failed
                .map(|(i, u)| i.relative_error() / u.relative_error())
                .collect(),
        })
    }

    /// All pairs for which there are results.
    pub(super) fn gains<'a>(results: &Results<'a>) -> Vec<Gain<'a>> {
        PAIRS.iter().filter_map(|pair| pair.gain(results)).collect()
    }
}

impl Gain<'_> {
    pub(super) fn interval(&self) -> Option<Interval> {
        Interval::of_mean(&self.errors)
    }

    /// "0.912 (95 % interval 0.901 to 0.923)".
    pub(super) fn text(&self) -> String {
        let mean = crate::plot::fixed(mean(&self.errors), 3);
        match self.interval() {
            None => mean,
            Some(Interval { low, high }) => format!("{mean} (95 % interval {low:.3} to {high:.3})"),
        }
    }
}
