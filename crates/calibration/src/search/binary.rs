//! Binary search.

use super::{Problem, Respond, SearchAlgorithm, SearchOutcome, Slope};
use crate::CalibrationError;

/// Halves the step at each measurement: ⌈log₂ N⌉ + 2 steps for N register values, then the best of
/// the last three (as calix does).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinarySearch;

/// Measurements among which the best is taken.
const CANDIDATES: usize = 3;

impl SearchAlgorithm for BinarySearch {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        let (min, max) = (problem.min(), problem.max());
        let steps = usize::BITS - ((max - min) as usize).leading_zeros() + 2;
        let mut step = (max - min + 1) / 2;
        let mut values = vec![min + step; problem.targets().len()];
        let mut responses = vec![0.0; values.len()];
        let mut best = vec![(f64::INFINITY, min); values.len()];

        for measurement in 1..=steps as usize {
            respond(&values, &mut responses)?;
            // Rounded up, so that both ends of the range can be reached.
            step = (step + 1) / 2;
            let counts = measurement + CANDIDATES > steps as usize;
            let instances = values.iter_mut().zip(&responses).zip(problem.targets());
            for (((value, &response), &target), best) in instances.zip(&mut best) {
                let error = (response - target).abs();
                if counts && error < best.0 {
                    *best = (error, *value);
                }
                let too_low = match problem.slope() {
                    Slope::Rising => response < target,
                    Slope::Falling => response > target,
                };
                let next = if too_low {
                    *value + step
                } else {
                    *value - step
                };
                *value = next.clamp(min, max);
            }
        }
        let values: Vec<i32> = best.into_iter().map(|(_, value)| value).collect();
        Ok(SearchOutcome {
            inside: problem.strictly_inside(&values),
            values,
            measurements: steps as usize,
        })
    }
}
