//! Linear prediction.

use super::{Problem, Respond, SearchAlgorithm, SearchOutcome, Slope, option};
use crate::CalibrationError;

/// Measures once at the start ([`Problem::starting_at`], or else the middle of the range) and
/// solves for the target, where the response per step is known.
///
/// One measurement cannot tell whether the response follows the prediction: only measuring at the
/// value found does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearPrediction {
    /// The response's change when the register value moves by one, 10⁻¹⁵…10¹⁵ in magnitude. Only
    /// the magnitude counts: the sign comes from the problem's slope.
    pub response_per_step: f64,
}

impl SearchAlgorithm for LinearPrediction {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        let range = option::LARGEST.recip()..=option::LARGEST;
        let magnitude = self.response_per_step.abs();
        option::within("magnitude of response_per_step", magnitude, range)?;
        let response_per_step = match problem.slope() {
            Slope::Rising => magnitude,
            Slope::Falling => -magnitude,
        };
        let starts = problem.starts();
        let mut responses = vec![0.0; starts.len()];
        respond(&starts, &mut responses)?;
        let values: Vec<i32> = responses
            .iter()
            .zip(problem.targets())
            .zip(starts)
            .map(|((response, target), start)| {
                let distance = (target - response) / response_per_step;
                // A missing response (NaN) becomes a distance of zero by the cast.
                start
                    .saturating_add(distance.round_ties_even() as i32)
                    .clamp(problem.min(), problem.max())
            })
            .collect();
        Ok(SearchOutcome {
            inside: values.iter().map(|&v| problem.strictly_inside(v)).collect(),
            values,
            measurements: 1,
        })
    }
}
