//! The settings that a search can choose from.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::{Knob, OperatingPoint};

/// The settings that a search can choose from: for every knob the values that it can take, in order.
/// A setting is named by the rungs that it stands on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Ladders", into = "Ladders")]
pub struct Space {
    ladders: Ladders,
    /// Knobs without values, which are told in the configuration all the same.
    as_usual: BTreeSet<Knob>,
}

/// Values of knobs.
type Ladders = BTreeMap<Knob, Vec<f64>>;

impl From<Ladders> for Space {
    fn from(ladders: Ladders) -> Self {
        Self::new(ladders)
    }
}

impl From<Space> for Ladders {
    fn from(space: Space) -> Self {
        let empty = space.as_usual.into_iter().map(|knob| (knob, Vec::new()));
        space.ladders.into_iter().chain(empty).collect()
    }
}

/// One rung for every knob.
pub(super) type Rungs = Vec<usize>;

/// Chance that a knob is turned when a setting is changed.
const CHANGE: f64 = 0.25;
/// Chance that a knob that is turned goes anywhere, rather than a few rungs.
const LEAP: f64 = 0.2;

impl Space {
    /// Ladders; knobs without values stay as usual.
    pub fn new(ladders: impl IntoIterator<Item = (Knob, Vec<f64>)>) -> Self {
        let (empty, ladders): (Ladders, Ladders) = ladders
            .into_iter()
            .partition(|(_, values)| values.is_empty());
        Self {
            ladders,
            as_usual: empty.into_keys().collect(),
        }
    }

    /// Number of settings.
    pub fn size(&self) -> f64 {
        self.ladders
            .values()
            .map(|values| values.len() as f64)
            .product()
    }

    /// The knobs, in the order of rungs.
    pub(super) fn knobs(&self) -> impl Iterator<Item = Knob> {
        self.ladders.keys().copied()
    }

    /// The values of all knobs.
    pub(super) fn values(&self, rungs: &Rungs) -> impl Iterator<Item = (Knob, f64)> {
        let ladders = self.ladders.iter().zip(rungs);
        ladders.filter_map(|((&knob, values), &rung)| Some((knob, *values.get(rung)?)))
    }

    /// The setting.
    pub(super) fn point(&self, rungs: &Rungs) -> OperatingPoint {
        let mut point = OperatingPoint::usual();
        // The order of knobs puts the effort last: it keeps targets.
        for (knob, value) in self.values(rungs) {
            knob.turn(&mut point, value);
        }
        point
    }

    /// The rungs next to the usual values.
    pub(super) fn usual(&self) -> Rungs {
        let nearest = |(knob, values): (&Knob, &Vec<f64>)| {
            let distance = |rung: &usize| (values[*rung] - knob.usual()).abs();
            let rungs = 0..values.len();
            rungs
                .min_by(|a, b| distance(a).total_cmp(&distance(b)))
                .unwrap_or(0)
        };
        self.ladders.iter().map(nearest).collect()
    }

    /// The usual setting with one knob on each of its rungs.
    pub(super) fn along(&self, knob: Knob) -> Vec<Rungs> {
        let Some(place) = self.knobs().position(|other| other == knob) else {
            return vec![self.usual()];
        };
        let on_rung = |rung| {
            let mut rungs = self.usual();
            rungs[place] = rung;
            rungs
        };
        (0..self.ladders[&knob].len()).map(on_rung).collect()
    }

    /// Any setting.
    pub(super) fn any(&self, random: &mut impl Rng) -> Rungs {
        let ladders = self.ladders.values();
        ladders
            .map(|values| random.random_range(0..values.len()))
            .collect()
    }

    /// Every knob from one of two settings.
    pub(super) fn crossed(one: &Rungs, other: &Rungs, random: &mut impl Rng) -> Rungs {
        let pairs = one.iter().zip(other);
        pairs
            .map(|(one, other)| {
                if random.random_bool(0.5) {
                    *one
                } else {
                    *other
                }
            })
            .collect()
    }

    /// A setting with some knobs turned, at least one of them.
    pub(super) fn changed(&self, mut rungs: Rungs, random: &mut impl Rng) -> Rungs {
        if rungs.is_empty() {
            return rungs;
        }
        let always = random.random_range(0..rungs.len());
        for (place, (rung, values)) in rungs.iter_mut().zip(self.ladders.values()).enumerate() {
            if place != always && !random.random_bool(CHANGE) {
                continue;
            }
            if random.random_bool(LEAP) {
                *rung = random.random_range(0..values.len());
            } else {
                let most = (values.len() / 4).max(1);
                let step = random.random_range(1..=most);
                *rung = if random.random_bool(0.5) {
                    (*rung + step).min(values.len() - 1)
                } else {
                    rung.saturating_sub(step)
                };
            }
        }
        rungs
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::random::keyed_stream;

    use super::*;

    fn space() -> Space {
        Space::new([
            (Knob::NumSends, vec![1.0, 2.0, 4.0]),
            (Knob::Wait, vec![1.0, 5.0]),
            (Knob::Layout, vec![]),
        ])
    }

    #[test]
    fn rungs_stand_for_settings() {
        let space = space();
        assert_eq!(space.size(), 6.0);
        assert_eq!(space.point(&space.usual()), OperatingPoint::usual());
        let sends = space.along(Knob::NumSends);
        let counts: Vec<u32> = sends.iter().map(|r| space.point(r).num_sends).collect();
        assert_eq!(counts, [1, 2, 4]);
        assert_eq!(space.along(Knob::Layout), [space.usual()]);
    }

    #[test]
    fn knobs_without_values_are_not_drawn_from() {
        let read: Space = toml::from_str("wait = []\nnum_sends = [1, 2]").unwrap();
        assert_eq!(read.any(&mut keyed_stream(1, 1)).len(), 1);
        let written = toml::to_string(&read).unwrap();
        assert!(written.contains("wait = []"), "{written}");
        assert_eq!(toml::from_str::<Space>(&written).unwrap(), read);
    }

    #[test]
    fn what_is_drawn_stays_in_the_space() {
        let space = space();
        let mut random = keyed_stream(1, 1);
        let is_within =
            |rungs: &Rungs| rungs[0] < 2 && rungs[1] < 3 || rungs[0] < 3 && rungs[1] < 2;
        let mut rungs = space.any(&mut random);
        for _ in 0..200 {
            let other = space.any(&mut random);
            rungs = Space::crossed(&rungs, &other, &mut random);
            rungs = space.changed(rungs, &mut random);
            assert!(is_within(&rungs), "{rungs:?}");
            assert_eq!(space.values(&rungs).count(), 2);
        }
    }
}
