//! Linear prediction.

use super::{Problem, Respond, SearchAlgorithm, SearchOutcome, strictly_inside};
use crate::CalibrationError;

/// Measures once in the middle of the range and solves for the target, where the response per step
/// is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearPrediction {
    /// Change of the response when the register value grows by one; its sign is the slope.
    pub response_per_step: f64,
}

impl SearchAlgorithm for LinearPrediction {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        let (min, max) = (*problem.range.start(), *problem.range.end());
        let probe = min + (max - min) / 2;
        let mut responses = vec![0.0; problem.targets.len()];
        respond(&vec![probe; problem.targets.len()], &mut responses)?;
        let values: Vec<i32> = responses
            .iter()
            .zip(problem.targets)
            .map(|(response, target)| {
                let distance = (target - response) / self.response_per_step;
                // A missing response (NaN) becomes a distance of zero by the cast.
                probe
                    .saturating_add(distance.round_ties_even() as i32)
                    .clamp(min, max)
            })
            .collect();
        Ok(SearchOutcome {
            inside: strictly_inside(&values, &problem.range),
            values,
            measurements: 1,
        })
    }
}
