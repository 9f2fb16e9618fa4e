//! All points on all chips.

use super::knob::Knob;
use super::point::Point;
use super::quality::Quality;
use serde::{Deserialize, Serialize};

/// What one point shows on one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) chip_seed: u64,
    /// Number of the point.
    pub(super) point: usize,
    pub(super) quality: Quality,
}

/// All points on all chips.
pub(super) struct Results {
    pub(super) chip_seeds: Vec<u64>,
    pub(super) points: Vec<Point>,
    /// By point, then chip.
    qualities: Vec<Vec<Quality>>,
}

/// One point on all chips.
#[derive(Clone, Copy)]
pub(super) struct AtPoint<'a> {
    pub(super) point: &'a Point,
    /// In the order of the chips.
    pub(super) qualities: &'a [Quality],
}

impl AtPoint<'_> {
    /// A number on every chip.
    pub(super) fn values(&self, value: impl Fn(&Quality) -> f64) -> Vec<f64> {
        self.qualities.iter().map(value).collect()
    }
}

impl Results {
    /// Brings what was measured, in any order, into that of points and chips.
    pub(super) fn new(
        chip_seeds: Vec<u64>,
        points: Vec<Point>,
        measured: impl IntoIterator<Item = Measured>,
    ) -> Self {
        let mut measured: Vec<Measured> = measured.into_iter().collect();
        let place = |seed| chip_seeds.iter().position(|known| *known == seed);
        measured.sort_by_key(|m| (m.point, place(m.chip_seed)));
        let mut qualities = vec![Vec::new(); points.len()];
        for Measured { point, quality, .. } in measured {
            qualities[point].push(quality);
        }
        Self {
            chip_seeds,
            points,
            qualities,
        }
    }

    /// All points.
    pub(super) fn all(&self) -> impl Iterator<Item = AtPoint<'_>> {
        let points = self.points.iter().zip(&self.qualities);
        points.map(|(point, qualities)| AtPoint { point, qualities })
    }

    /// The points of a knob, in rising order.
    pub(super) fn of(&self, knob: Knob) -> Vec<AtPoint<'_>> {
        self.all().filter(|at| at.point.knob == knob).collect()
    }
}
