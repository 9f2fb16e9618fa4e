//! Binary search from random starts.

use bss2_core::random::derive_seed;

use super::halving::{self, Halving};
use super::{Problem, Respond, SearchAlgorithm, SearchOutcome};
use crate::CalibrationError;

/// Largest distance of a start from the middle of the range, in register steps (calix).
const LARGEST_SHIFT: i32 = 5;

/// [`BinarySearch`](super::BinarySearch) from random starts: each instance sets out from the middle
/// of the range ± up to 5, evenly drawn, within the range (as calix does).
///
/// Many cells of the CapMem that hold one and the same value disturb each other (crosstalk). A
/// plain binary search puts all of them on the same few values at each step, so it would tune cells
/// against a disturbance that is gone afterwards; the random starts keep them apart. One
/// measurement more than in a binary search, ⌈log₂ N⌉ + 3 for N values, lets even the furthest
/// start reach every value of the range; the best of the last four is taken.
///
/// [`Problem::starting_at`] is ignored. Where a monotonic response is measured without noise, the
/// value found is the nearest there is. Under noise of at most n it lies within
/// 2 + n / (response per step) of where the response meets the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoisyBinarySearch {
    /// Seed of the starts: the same seed gives an instance, by its index, the same start.
    pub seed: u64,
}

impl NoisyBinarySearch {
    /// Shift of an instance's start.
    const fn shift(self, instance: usize) -> i32 {
        let choices = 2 * LARGEST_SHIFT as u64 + 1;
        (derive_seed(self.seed, instance as u64) % choices) as i32 - LARGEST_SHIFT
    }
}

impl SearchAlgorithm for NoisyBinarySearch {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        let (min, max) = (problem.min(), problem.max());
        let half = (max - min + 1) / 2;
        let middle = min + half;
        Halving {
            starts: (0..problem.targets().len())
                .map(|instance| middle.saturating_add(self.shift(instance)).clamp(min, max))
                .collect(),
            reach: (half + LARGEST_SHIFT).min(max - min),
            measurements: halving::bits(problem) + 3,
            candidates: 4,
        }
        .search(problem, respond)
    }
}
