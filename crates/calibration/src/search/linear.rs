//! Linear prediction.

use super::{Problem, Respond, SearchAlgorithm, SearchOutcome, Slope};
use crate::CalibrationError;

/// Measures once in the middle of the range and solves for the target, where the response per step
/// is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearPrediction {
    /// Magnitude of the response's change when the register value moves by one; its sign comes from
    /// the problem's slope.
    pub response_per_step: f64,
}

impl SearchAlgorithm for LinearPrediction {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        let (min, max) = (problem.min(), problem.max());
        let response_per_step = match problem.slope() {
            Slope::Rising => self.response_per_step.abs(),
            Slope::Falling => -self.response_per_step.abs(),
        };
        let probe = min + (max - min) / 2;
        let mut responses = vec![0.0; problem.targets().len()];
        respond(&vec![probe; problem.targets().len()], &mut responses)?;
        let values: Vec<i32> = responses
            .iter()
            .zip(problem.targets())
            .map(|(response, target)| {
                let distance = (target - response) / response_per_step;
                // A missing response (NaN) becomes a distance of zero by the cast.
                probe
                    .saturating_add(distance.round_ties_even() as i32)
                    .clamp(min, max)
            })
            .collect();
        Ok(SearchOutcome {
            inside: problem.strictly_inside(&values),
            values,
            measurements: 1,
        })
    }
}
