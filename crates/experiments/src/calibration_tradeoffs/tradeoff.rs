//! What is known to trade against what, and whether it shows.

use super::knob::Knob;
use super::quantity::{
    CLIPPED, GAIN, LONG_GAIN, LOST, MEMBRANE_TAU, NOISE, Quantity, SIGNAL_TO_NOISE, SYNAPSE_SPREAD,
    VECTOR_TIME,
};
use super::results::{AtPoint, Results};
use crate::{Rule, SummaryEntry};

/// Which way a knob is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Up,
    Down,
}

/// How a quantity should move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Rises,
    Falls,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    /// By their ratio.
    Ratio,
    /// By their difference, for shares that may be zero.
    Difference,
}

/// Smallest relative change that counts.
const LEAST_CHANGE: f64 = 0.05;
/// Smallest difference between shares that counts, in percentage points.
const LEAST_DIFFERENCE: f64 = 1.0;

/// Something that is known to trade against something else.
#[derive(Clone, Copy)]
pub(super) struct Tradeoff {
    pub(super) knob: Knob,
    pub(super) turn: Turn,
    pub(super) quantity: Quantity,
    pub(super) expected: Expected,
    comparison: Comparison,
}

const fn ratio(knob: Knob, turn: Turn, quantity: Quantity, expected: Expected) -> Tradeoff {
    Tradeoff {
        knob,
        turn,
        quantity,
        expected,
        comparison: Comparison::Ratio,
    }
}

const fn difference(knob: Knob, turn: Turn, quantity: Quantity, expected: Expected) -> Tradeoff {
    Tradeoff {
        comparison: Comparison::Difference,
        ..ratio(knob, turn, quantity, expected)
    }
}

/// What is known of real chips. Source: calix' documentation of its targets.
pub(super) const KNOWN: [Tradeoff; 13] = {
    use Expected::{Falls, Rises};
    use Turn::{Down, Up};
    [
        ratio(Knob::OtaBias, Up, GAIN, Rises),
        ratio(Knob::OtaBias, Up, NOISE, Rises),
        ratio(Knob::OtaBias, Up, MEMBRANE_TAU, Falls),
        ratio(Knob::TargetNoise, Up, MEMBRANE_TAU, Rises),
        ratio(Knob::TargetNoise, Up, LONG_GAIN, Rises),
        ratio(Knob::TargetNoise, Up, NOISE, Rises),
        difference(Knob::DacBiasLongTau, Down, LOST, Falls),
        ratio(Knob::DacBiasLongTau, Down, SYNAPSE_SPREAD, Rises),
        ratio(Knob::CadcRange, Down, GAIN, Rises),
        difference(Knob::CadcRange, Down, CLIPPED, Rises),
        ratio(Knob::NumSends, Up, SIGNAL_TO_NOISE, Rises),
        ratio(Knob::NumSends, Up, VECTOR_TIME, Rises),
        difference(Knob::NumSends, Up, CLIPPED, Rises),
    ]
};

impl Tradeoff {
    /// Which way the knob is turned, for people.
    pub(super) fn turned(&self) -> String {
        let turn = match self.turn {
            Turn::Up => "higher",
            Turn::Down => "lower",
        };
        format!("{turn} {}", self.knob.name())
    }

    /// Name in the summary.
    pub(super) fn figure(&self) -> String {
        format!("{}: {}", self.turned(), self.quantity.name)
    }

    /// Unit of the change.
    pub(super) const fn unit(&self) -> &'static str {
        match self.comparison {
            Comparison::Ratio => "times",
            Comparison::Difference => "percentage points",
        }
    }

    fn change(&self, from: f64, to: f64) -> f64 {
        match self.comparison {
            Comparison::Ratio => to / from,
            Comparison::Difference => to - from,
        }
    }

    /// What the mean change has to reach.
    pub(super) fn target(&self) -> (Rule, f64) {
        match (self.expected, self.comparison) {
            (Expected::Rises, Comparison::Ratio) => (Rule::AtLeast, 1.0 + LEAST_CHANGE),
            (Expected::Falls, Comparison::Ratio) => (Rule::AtMost, 1.0 - LEAST_CHANGE),
            (Expected::Rises, Comparison::Difference) => (Rule::AtLeast, LEAST_DIFFERENCE),
            (Expected::Falls, Comparison::Difference) => (Rule::AtMost, -LEAST_DIFFERENCE),
        }
    }

    /// From one end of the knob to the other.
    fn find<'a>(&self, results: &'a Results) -> Option<Found<'a>> {
        let points = results.of(self.knob);
        let (lowest, highest) = (*points.first()?, *points.last()?);
        let (from, to) = match self.turn {
            Turn::Up => (lowest, highest),
            Turn::Down => (highest, lowest),
        };
        let ends = from.qualities.iter().zip(to.qualities);
        let value = self.quantity.value;
        let changes: Vec<f64> = ends
            .map(|(from, to)| self.change(value(from), value(to)))
            .collect();
        let (rule, target) = self.target();
        let entry = SummaryEntry::of(&changes, self.unit())?.expected(rule, target);
        Some(Found {
            tradeoff: *self,
            from,
            to,
            changes,
            entry,
        })
    }
}

/// What became of an expectation.
pub(super) struct Found<'a> {
    pub(super) tradeoff: Tradeoff,
    pub(super) from: AtPoint<'a>,
    pub(super) to: AtPoint<'a>,
    /// On every chip.
    pub(super) changes: Vec<f64>,
    pub(super) entry: SummaryEntry,
}

impl Found<'_> {
    /// Whether the change is there.
    pub(super) fn is_visible(&self) -> bool {
        self.entry.pass == Some(true)
    }
}

/// What became of everything known.
pub(super) fn all(results: &Results) -> Vec<Found<'_>> {
    let known = KNOWN.iter();
    known
        .filter_map(|tradeoff| tradeoff.find(results))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_targets_point_where_they_should() {
        let names: std::collections::BTreeSet<String> =
            KNOWN.iter().map(Tradeoff::figure).collect();
        assert_eq!(names.len(), KNOWN.len());
        for tradeoff in KNOWN {
            let none = tradeoff.change(2.0, 2.0);
            let (rule, target) = tradeoff.target();
            let rises = tradeoff.expected == Expected::Rises;
            assert_eq!(target > none, rises);
            assert_eq!(rule == Rule::AtLeast, rises);
        }
    }
}
