//! Which settings are to be recommended, and which lie on the fronts.

use super::case_results::CaseResults;
use crate::operating_point::{Measured, NetworkState};

/// What a user wants most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    Accuracy,
    Speed,
    Energy,
}

impl Aim {
    pub(super) const ALL: [Self; 3] = [Self::Accuracy, Self::Speed, Self::Energy];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Speed => "speed",
            Self::Energy => "energy",
        }
    }
}

/// A setting with what it reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recommended {
    pub(super) aim: Aim,
    pub(super) point: usize,
}

impl CaseResults<'_> {
    /// The point of highest mean accuracy, of several the fastest.
    pub(super) fn most_accurate(&self, network: NetworkState) -> usize {
        let rank = |&point: &usize| {
            let percent = crate::statistics::mean(&self.percents(point, network));
            (percent, -self.mean(point, |m| network.of(m).inference_us))
        };
        let points = 0..self.points.len();
        let best = points.max_by(|a, b| {
            let (a, b) = (rank(a), rank(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        best.unwrap_or(0)
    }

    /// For every aim: the most accurate point; and the fastest, or thriftiest, that gives up no more
    /// accuracy than may be given up.
    pub(super) fn recommended(&self, network: NetworkState) -> Vec<Recommended> {
        let best = self.most_accurate(network);
        let least = |of: &dyn Fn(&Measured) -> f64| {
            let highest = crate::statistics::mean(&self.percents(best, network));
            let is_good = |&point: &usize| {
                let percent = crate::statistics::mean(&self.percents(point, network));
                percent >= highest - self.give_up_percent
            };
            let good = (0..self.points.len()).filter(is_good);
            let least = good.min_by(|&a, &b| self.mean(a, of).total_cmp(&self.mean(b, of)));
            least.unwrap_or(best)
        };
        Aim::ALL
            .into_iter()
            .map(|aim| Recommended {
                aim,
                point: match aim {
                    Aim::Accuracy => best,
                    Aim::Speed => least(&|m| network.of(m).inference_us),
                    Aim::Energy => least(&|m| network.of(m).inference_uj),
                },
            })
            .collect()
    }
}
