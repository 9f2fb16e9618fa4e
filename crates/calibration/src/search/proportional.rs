//! Steps in proportion.

use super::best::Best;
use super::{Problem, Respond, SearchAlgorithm, SearchOutcome, Slope, option};
use crate::CalibrationError;

/// Multiplies each value by how much larger its response has to be, again and again, from its start
/// ([`Problem::starting_at`]) on, and keeps the best of all that was measured: for positive responses
/// that are proportional to the register, or to its inverse where they fall with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProportionalSteps {
    /// Number of measurements, that at the start included; at least 1.
    pub steps: usize,
}

/// The value at which a response that is proportional to the register, or to its inverse, meets its
/// target; a response from which nothing follows moves nothing.
pub(crate) fn in_proportion(value: f64, slope: Slope, response: f64, target: f64) -> f64 {
    let ratio = match slope {
        Slope::Rising => target / response,
        Slope::Falling => response / target,
    };
    if ratio.is_finite() && ratio > 0.0 {
        value * ratio
    } else {
        value
    }
}

impl SearchAlgorithm for ProportionalSteps {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        option::within("steps", self.steps as f64, 1.0..=f64::INFINITY)?;
        let mut values = problem.starts();
        let mut responses = vec![0.0; values.len()];
        let mut best: Vec<Best> = values.iter().copied().map(Best::unmeasured).collect();
        for _ in 0..self.steps {
            respond(&values, &mut responses)?;
            let instances = values.iter_mut().zip(&responses).zip(problem.targets());
            for (((value, response), target), best) in instances.zip(&mut best) {
                best.offer(*value, *response, *target);
                let next = in_proportion(f64::from(*value), problem.slope(), *response, *target);
                *value = (next.round() as i32).clamp(problem.min(), problem.max());
            }
        }
        let values: Vec<i32> = best.into_iter().map(Best::value).collect();
        Ok(SearchOutcome {
            inside: values.iter().map(|&v| problem.strictly_inside(v)).collect(),
            values,
            measurements: self.steps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(slope: Slope, targets: &[f64], respond: impl Fn(i32) -> f64) -> SearchOutcome {
        let starts = vec![100; targets.len()];
        let problem = Problem::new(0..=1022, slope, targets)
            .and_then(|problem| problem.starting_at(&starts))
            .unwrap();
        ProportionalSteps { steps: 3 }
            .search(&problem, &mut |values, responses| {
                for (value, response) in values.iter().zip(responses) {
                    *response = respond(*value);
                }
                Ok(())
            })
            .unwrap()
    }

    #[test]
    fn proportional_responses_are_met_at_once_and_offsets_after_some_steps() {
        let found = search(Slope::Rising, &[30.0, 50.0, 5000.0], |v| 0.1 * f64::from(v));
        assert_eq!(found.values, [300, 500, 1022]);
        assert_eq!(found.inside, [true, true, false]);
        assert_eq!(found.measurements, 3);
        let found = search(Slope::Falling, &[0.5], |v| 200.0 / f64::from(v));
        assert_eq!(found.values, [400]);
        let found = search(Slope::Rising, &[33.0], |v| 0.1 * f64::from(v) + 2.0);
        assert!((found.values[0] - 310).abs() <= 2, "{found:?}");
    }

    #[test]
    fn responses_that_tell_nothing_move_nothing() {
        for response in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(search(Slope::Rising, &[5.0], |_| response).values, [100]);
        }
        assert!(matches!(
            ProportionalSteps { steps: 0 }.search(
                &Problem::new(0..=9, Slope::Rising, &[1.0]).unwrap(),
                &mut |_, _| Ok(())
            ),
            Err(CalibrationError::OptionOutOfRange {
                option: "steps",
                ..
            })
        ));
    }
}
