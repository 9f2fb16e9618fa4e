//! How a search goes on.

use bss2_core::random::keyed_stream;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::space::{Rungs, Space};
use super::tried::{Tried, unbeaten};
use crate::{Knob, OperatingPoint};

/// How a search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Nothing but the number of sends is turned: every value that there is.
    SendsOnly,
    /// Settings are drawn without looking back.
    Random,
    /// Settings descend from earlier ones, with some knobs turned: from the best so far, and from one
    /// that no other beats in both accuracy and time.
    Evolution,
}

/// Settings that take longer than this many times the limit have no descendants.
const PARENTS_TIME: f64 = 2.0;
/// Chance that a setting descends from none.
const NEWCOMER: f64 = 0.2;
/// Draws after which a setting may be one that was tried.
const DRAWS: usize = 50;

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 3] = [Self::SendsOnly, Self::Random, Self::Evolution];

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendsOnly => "sends only",
            Self::Random => "random",
            Self::Evolution => "evolution",
        }
    }

    /// How many searches differ.
    pub(super) const fn most_searches(self) -> usize {
        match self {
            Self::SendsOnly => 1,
            Self::Random | Self::Evolution => usize::MAX,
        }
    }

    /// The next settings to try, none of them again, after those that were tried. Settings are the same
    /// if their points are: without calibration its targets do nothing. The usual setting is always among
    /// the first.
    pub(super) fn propose(
        self,
        space: &Space,
        count: usize,
        tried: &[Tried],
        limit_us: f64,
        seed: u64,
    ) -> Vec<Rungs> {
        let tried_points = tried.iter().map(|tried| space.point(&tried.rungs));
        let mut known: Vec<OperatingPoint> = tried_points.collect();
        let mut is_new = |rungs: &Rungs| {
            let point = space.point(rungs);
            let is_new = !known.contains(&point);
            if is_new {
                known.push(point);
            }
            is_new
        };
        if self == Self::SendsOnly {
            let along = space.along(Knob::NumSends).into_iter();
            return along.filter(is_new).collect();
        }
        let mut random = keyed_stream(seed, 0);
        let mut proposed = Vec::new();
        if tried.is_empty() {
            proposed.extend([space.usual()].into_iter().filter(&mut is_new));
        }
        let best = tried.iter().min_by(|a, b| a.compared(b, limit_us));
        let parents = unbeaten(tried, PARENTS_TIME * limit_us);
        while proposed.len() < count {
            let mut drawn = (0..DRAWS).map(|_| match self {
                Self::Evolution => descendant(space, best, &parents, &mut random),
                Self::Random | Self::SendsOnly => space.any(&mut random),
            });
            let Some(rungs) = drawn.find(&mut is_new) else {
                break;
            };
            proposed.push(rungs);
        }
        proposed
    }
}

fn descendant(
    space: &Space,
    best: Option<&Tried>,
    parents: &[&Tried],
    random: &mut impl Rng,
) -> Rungs {
    let (Some(best), false) = (best, parents.is_empty()) else {
        return space.any(random);
    };
    if random.random_bool(NEWCOMER) {
        return space.any(random);
    }
    let other = parents[random.random_range(0..parents.len())];
    let crossed = Space::crossed(&best.rungs, &other.rungs, random);
    space.changed(crossed, random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operating_point::{Judged, OnChip};

    fn space() -> Space {
        let ladder = || (0..16).map(f64::from).collect::<Vec<_>>();
        Space::new([
            (Knob::NumSends, ladder()),
            (Knob::Wait, ladder()),
            (Knob::RowRepetition, ladder()),
        ])
    }

    /// The higher, the less accurate.
    fn tried(rungs: Rungs, height: usize) -> Tried {
        let on_chip = OnChip {
            percent: -(height as f64),
            clipped_percent: 0.0,
            inference_us: 1.0,
            inference_uj: 1.0,
        };
        let judged = Judged {
            on_chip,
            calibration_ms: 0.0,
        };
        Tried {
            rungs,
            chips: Ok(vec![judged]),
        }
    }

    #[test]
    fn nothing_is_tried_twice_and_small_spaces_end() {
        for strategy in Strategy::ALL {
            let space = Space::new([(Knob::NumSends, vec![1.0, 2.0, 3.0])]);
            let first = strategy.propose(&space, 5, &[], 1.0, 1);
            assert_eq!(first.len(), 3, "{strategy:?}");
            let all: Vec<Tried> = first.into_iter().map(|rungs| tried(rungs, 1)).collect();
            let next = strategy.propose(&space, 5, &all, 1.0, 2);
            assert!(next.is_empty(), "{strategy:?}");
        }
    }

    #[test]
    fn targets_that_nothing_is_calibrated_to_make_no_other_setting() {
        let space = Space::new([
            (Knob::OtaBias, vec![300.0, 600.0]),
            (Knob::Effort, vec![0.0, 2.0]),
        ]);
        for strategy in [Strategy::Random, Strategy::Evolution] {
            let proposed = strategy.propose(&space, 4, &[], 1.0, 1);
            assert_eq!(proposed.len(), 3, "{strategy:?}");
        }
    }

    /// Evolution finds the middle of a bowl in fewer trials than chance does.
    #[test]
    fn evolution_descends() {
        let space = space();
        let height = |rungs: &Rungs| -> usize { rungs.iter().map(|r| r.abs_diff(10).pow(2)).sum() };
        let lowest = |strategy: Strategy, seed| {
            let mut all: Vec<Tried> = Vec::new();
            for generation in 0..8_u64 {
                let next = strategy.propose(&space, 6, &all, 1.0, seed + generation);
                all.extend(next.into_iter().map(|rungs| {
                    let height = height(&rungs);
                    tried(rungs, height)
                }));
            }
            all.iter().map(|tried| height(&tried.rungs)).min().unwrap()
        };
        let sum = |strategy| {
            (0..20)
                .map(|seed| lowest(strategy, 100 * seed))
                .sum::<usize>()
        };
        let (evolved, drawn) = (sum(Strategy::Evolution), sum(Strategy::Random));
        assert!(2 * evolved < drawn, "{evolved} {drawn}");
    }
}
