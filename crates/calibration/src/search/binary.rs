//! Binary search.

use super::halving::{self, Halving};
use super::{Problem, Respond, SearchAlgorithm, SearchOutcome};
use crate::CalibrationError;

/// Halves the step at each measurement: ⌈log₂ N⌉ + 2 measurements for N register values, then the
/// best of the last three (as calix does). Sets out from the middle of the range, whatever
/// [`Problem::starting_at`] says.
///
/// Where a monotonic response is measured without noise, the value found is the nearest there is.
/// Under noise of at most n it lies within 1 + n / (response per step) of where the response meets
/// the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinarySearch;

impl SearchAlgorithm for BinarySearch {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        let reach = (problem.max() - problem.min() + 1) / 2;
        Halving {
            starts: vec![problem.min() + reach; problem.targets().len()],
            reach,
            measurements: halving::bits(problem) + 2,
            candidates: 3,
        }
        .search(problem, respond)
    }
}
