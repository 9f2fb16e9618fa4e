//! The operating points of the grid.

use bss2_core::random::keyed_stream;
use rand::RngExt;

use super::parameters::Grids;
use crate::{Knob, OperatingPoint};

/// A point of the grid.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) kind: Kind,
    pub(super) at: OperatingPoint,
}

/// How a point came about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Everything as usual.
    Usual,
    /// One knob at a value, all others as usual.
    Turned(Knob, f64),
    /// Every knob at one of its values, drawn at random: number and values.
    Mixed(usize, Vec<(Knob, f64)>),
}

/// Points that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    All,
    Usual,
    /// A knob at all its values.
    Along(Knob),
    Mixtures,
}

impl Group {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let knobs = Knob::ALL.into_iter().map(Self::Along);
        [Self::All, Self::Usual]
            .into_iter()
            .chain(knobs)
            .chain([Self::Mixtures])
    }

    /// For people: what is turned.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::All => "everything",
            Self::Usual => "nothing",
            Self::Along(knob) => knob.name(),
            Self::Mixtures => "mixtures",
        }
    }

    pub(super) fn holds(self, point: &Point) -> bool {
        match (self, &point.kind) {
            (Self::All, _) | (Self::Usual, Kind::Usual) | (Self::Mixtures, Kind::Mixed(..)) => true,
            (Self::Along(knob), Kind::Turned(of, _)) => knob == *of,
            _ => false,
        }
    }
}

impl Point {
    /// For people.
    pub(super) fn text(&self) -> String {
        match &self.kind {
            Kind::Usual => "usual".to_owned(),
            Kind::Turned(knob, value) => format!("{} {}", knob.name(), knob.text(*value)),
            Kind::Mixed(number, _) => format!("mix {}", number + 1),
        }
    }

    /// The values of all knobs that are not as usual, for people.
    pub(super) fn values_text(&self) -> String {
        let text = |(knob, value): &(Knob, f64)| format!("{} {}", knob.name(), knob.text(*value));
        match &self.kind {
            Kind::Usual => "all as usual".to_owned(),
            Kind::Turned(knob, value) => text(&(*knob, *value)),
            Kind::Mixed(_, values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Grids {
    /// The usual point, every value of every knob alone, and mixtures that are none of the points before:
    /// without calibration its targets do nothing.
    pub(super) fn points(&self) -> Vec<Point> {
        let mut points = vec![Point {
            kind: Kind::Usual,
            at: OperatingPoint::usual(),
        }];
        for (&knob, values) in &self.values {
            for &value in values {
                let mut at = OperatingPoint::usual();
                knob.turn(&mut at, value);
                let kind = Kind::Turned(knob, value);
                points.push(Point { kind, at });
            }
        }
        for number in 0..self.mixtures {
            let mixture = self.mixture(number);
            if points.iter().all(|point| point.at != mixture.at) {
                points.push(mixture);
            }
        }
        points
    }

    /// Each knob as usual in one of as many cases as it has values, and one more.
    fn mixture(&self, number: usize) -> Point {
        let mut random = keyed_stream(self.mixture_seed, number as u64);
        let mut at = OperatingPoint::usual();
        let mut turned = Vec::new();
        for (&knob, values) in &self.values {
            let place = random.random_range(0..=values.len());
            // The effort comes last: it keeps targets.
            if let Some(&value) = values.get(place) {
                knob.turn(&mut at, value);
                turned.push((knob, value));
            }
        }
        Point {
            kind: Kind::Mixed(number, turned),
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn mixtures_turn_several_knobs_and_stay_as_they_are() {
        let values = BTreeMap::from([
            (Knob::NumSends, vec![2.0, 4.0]),
            (Knob::Wait, vec![1.0, 20.0]),
        ]);
        let grids = Grids {
            values,
            mixtures: 20,
            mixture_seed: 1,
        };
        let points = grids.points();
        // All there are, each once.
        assert_eq!(points.len(), 3 * 3);
        for (place, point) in points.iter().enumerate() {
            assert!(points[..place].iter().all(|other| other.at != point.at));
        }
        let both = |point: &&Point| point.at.num_sends > 1 && point.at.wait_between_events == 1;
        assert!(points.iter().any(|point| both(&point)));
        let more = Grids {
            mixtures: 21,
            ..grids
        };
        let same = more.points();
        assert!(
            points
                .iter()
                .zip(&same)
                .all(|(one, other)| one.at == other.at)
        );
    }
}
