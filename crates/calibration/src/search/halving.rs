//! What the binary searches share: steps that halve.

use std::cmp::Ordering;

use super::best::Best;
use super::{Problem, Respond, SearchOutcome};
use crate::CalibrationError;

/// A search whose steps halve, rounded up, so that every value within reach of a start is reached.
///
/// Where no target is further than d from its value and the value moves ⌈d / 2⌉ towards it, no
/// target is further than ⌈d / 2⌉ from it afterwards. So after ⌈log₂ `reach`⌉ moves each value is
/// within one of its target; the moves by one that follow settle which side is nearer.
pub(super) struct Halving {
    /// Value of each instance at the first measurement.
    pub(super) starts: Vec<i32>,
    /// No value of the range is further than this from any start.
    pub(super) reach: i32,
    /// Number of measurements.
    pub(super) measurements: usize,
    /// How many of the last measurements compete.
    pub(super) candidates: usize,
}

impl Halving {
    pub(super) fn search(
        self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        let mut values = self.starts;
        let mut responses = vec![0.0; values.len()];
        let mut best: Vec<Best> = values.iter().copied().map(Best::unmeasured).collect();
        let mut leaving = vec![false; values.len()];
        let mut step = self.reach;

        for measurement in 1..=self.measurements {
            respond(&values, &mut responses)?;
            step = (step + 1) / 2;
            let competes = measurement + self.candidates > self.measurements;
            let measured = values.iter_mut().zip(&responses).zip(problem.targets());
            let state = best.iter_mut().zip(&mut leaving);
            for (((value, &response), &target), (best, leaving)) in measured.zip(state) {
                if competes {
                    best.offer(*value, response, target);
                }
                let wanted = problem.wanted(response, target);
                *leaving = problem.leads_out(*value, wanted);
                // One that meets its target moves on too: one noisy hit is no reason to stay.
                *value = match wanted {
                    Some(Ordering::Equal) => problem.moved(*value, Ordering::Less, step),
                    Some(wanted) => problem.moved(*value, wanted, step),
                    None => *value,
                };
            }
        }
        let values: Vec<i32> = best.into_iter().map(Best::value).collect();
        Ok(SearchOutcome {
            inside: values
                .iter()
                .zip(leaving)
                .map(|(&value, leaving)| problem.strictly_inside(value) && !leaving)
                .collect(),
            values,
            measurements: self.measurements,
        })
    }
}

/// ⌈log₂ N⌉ for the N values of the problem's range.
pub(super) const fn bits(problem: &Problem<'_>) -> usize {
    (i32::BITS - (problem.max() - problem.min()).leading_zeros()) as usize
}
