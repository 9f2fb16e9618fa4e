//! Settings that were tried.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::space::Rungs;
use crate::operating_point::{Judged, OnChip};
use crate::statistics::mean;

/// A setting that was tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tried {
    pub(super) rungs: Rungs,
    /// What came of it, by chip; or why nothing did: no signal on one of them, or a setting that cannot
    /// be used.
    pub(super) chips: Result<Vec<Judged>, String>,
}

impl Tried {
    /// Mean over chips; nothing if nothing came of it.
    pub(super) fn mean(&self, of: impl Fn(&OnChip) -> f64) -> Option<f64> {
        let chips = self.chips.as_ref().ok()?;
        let values: Vec<f64> = chips.iter().map(|judged| of(&judged.on_chip)).collect();
        Some(mean(&values))
    }

    /// Whether it has a signal and takes no longer.
    pub(super) fn is_within(&self, limit_us: f64) -> bool {
        self.mean(|on| on.inference_us)
            .is_some_and(|time| time <= limit_us)
    }

    /// The better first: within the limit by accuracy, then by time; then those that take too long by
    /// time; then those that nothing came of.
    pub(super) fn compared(&self, other: &Self, limit_us: f64) -> Ordering {
        let rank = |tried: &Self| match (tried.is_within(limit_us), &tried.chips) {
            (true, _) => 0,
            (false, Ok(_)) => 1,
            (false, Err(_)) => 2,
        };
        let percent = |tried: &Self| tried.mean(|on| on.percent).unwrap_or(0.0);
        let time = |tried: &Self| tried.mean(|on| on.inference_us).unwrap_or(f64::INFINITY);
        let by_accuracy = match rank(self) {
            0 => percent(other).total_cmp(&percent(self)),
            _ => Ordering::Equal,
        };
        rank(self)
            .cmp(&rank(other))
            .then(by_accuracy)
            .then(time(self).total_cmp(&time(other)))
    }
}

/// The settings that no other beats in both accuracy and time, of those that take no longer.
pub(super) fn unbeaten(tried: &[Tried], most_us: f64) -> Vec<&Tried> {
    let figures = |tried: &Tried| {
        let percent = tried.mean(|on| on.percent)?;
        Some((percent, tried.mean(|on| on.inference_us)?))
    };
    let beats = |one: &Tried, other: &Tried| match (figures(one), figures(other)) {
        (Some((percent, time)), Some((other_percent, other_time))) => {
            percent >= other_percent
                && time <= other_time
                && (percent, time) != (other_percent, other_time)
        }
        _ => false,
    };
    let candidates: Vec<&Tried> = tried.iter().filter(|t| t.is_within(most_us)).collect();
    let is_unbeaten = |one: &&&Tried| !candidates.iter().any(|other| beats(other, one));
    candidates.iter().filter(is_unbeaten).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(percent: f64, inference_us: f64) -> Tried {
        let on_chip = OnChip {
            percent,
            clipped_percent: 0.0,
            inference_us,
            inference_uj: 1.0,
        };
        Tried {
            rungs: vec![0],
            chips: Ok(vec![Judged {
                on_chip,
                calibration_ms: 0.0,
            }]),
        }
    }

    #[test]
    fn what_another_beats_in_both_has_no_descendants() {
        let all = [
            tried(90.0, 9.0),
            tried(80.0, 1.0),
            tried(70.0, 2.0),
            tried(99.0, 30.0),
        ];
        let percents = |most_us| -> Vec<f64> {
            let found = unbeaten(&all, most_us).into_iter();
            found.filter_map(|t| t.mean(|on| on.percent)).collect()
        };
        assert_eq!(percents(20.0), [90.0, 80.0]);
        assert_eq!(percents(30.0), [90.0, 80.0, 99.0]);
    }

    #[test]
    fn accuracy_counts_within_the_limit_and_time_beyond() {
        let silent = Tried {
            rungs: vec![0],
            chips: Err("no signal".to_owned()),
        };
        let in_order = [
            tried(90.0, 9.0),
            tried(80.0, 1.0),
            tried(80.0, 2.0),
            tried(99.0, 11.0),
            tried(10.0, 12.0),
            silent,
        ];
        for (place, one) in in_order.iter().enumerate() {
            for (other_place, other) in in_order.iter().enumerate() {
                assert_eq!(one.compared(other, 10.0), place.cmp(&other_place));
            }
        }
    }
}
