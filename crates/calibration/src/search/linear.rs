//! Linear search.

use std::cmp::Ordering;

use super::best::Best;
use super::{Problem, Respond, SearchAlgorithm, SearchOutcome, option};
use crate::CalibrationError;

/// Moves each instance from its start ([`Problem::starting_at`]) by equal steps towards its target
/// and keeps the best of all that was measured: for small corrections, such as after drift.
///
/// An instance that met or crossed its target, or stands at an end of the range with its target
/// beyond, is done and goes back to its best value. The search ends when all are done, after at
/// most `steps` measurements; the last values lie up to (`steps` − 1) · `step` from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearSearch {
    /// How far each measurement lies from the one before, in register steps, at least 1.
    pub step: i32,
    /// Largest number of measurements, that at the start included; at least 1.
    pub steps: usize,
}

/// Where an instance is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// No response told a direction yet.
    Unknown,
    /// On the way to larger or smaller values.
    Towards(Ordering),
    /// At its best value.
    Done {
        /// Whether the way would have led out of the range.
        out: bool,
    },
}

impl Way {
    /// The way after a measurement at `value` wants the register to go somewhere.
    fn next(self, problem: &Problem<'_>, value: i32, wanted: Option<Ordering>) -> Self {
        match wanted {
            None => self,
            Some(Ordering::Equal) => Self::Done { out: false },
            wanted if problem.leads_out(value, wanted) => Self::Done { out: true },
            Some(wanted) if self == Self::Towards(wanted.reverse()) => Self::Done { out: false },
            Some(wanted) => Self::Towards(wanted),
        }
    }
}

impl SearchAlgorithm for LinearSearch {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        option::within("step", f64::from(self.step), 1.0..=f64::from(i32::MAX))?;
        option::within("steps", self.steps as f64, 1.0..=f64::INFINITY)?;

        let mut values = problem.starts();
        let mut responses = vec![0.0; values.len()];
        let mut best: Vec<Best> = values.iter().copied().map(Best::unmeasured).collect();
        let mut ways = vec![Way::Unknown; values.len()];
        let mut measurements = 0;

        while measurements < self.steps && !ways.iter().all(|way| matches!(way, Way::Done { .. })) {
            respond(&values, &mut responses)?;
            measurements += 1;
            let measured = values.iter_mut().zip(&responses).zip(problem.targets());
            let state = best.iter_mut().zip(&mut ways);
            for (((value, &response), &target), (best, way)) in measured.zip(state) {
                if matches!(way, Way::Done { .. }) {
                    continue;
                }
                best.offer(*value, response, target);
                let wanted = problem.wanted(response, target);
                *way = way.next(problem, *value, wanted);
                *value = match (*way, wanted) {
                    (Way::Done { .. }, _) => best.value(),
                    (_, Some(wanted)) => problem.moved(*value, wanted, self.step),
                    (_, None) => *value,
                };
            }
        }
        let values: Vec<i32> = best.into_iter().map(Best::value).collect();
        Ok(SearchOutcome {
            inside: values
                .iter()
                .zip(ways)
                .map(|(&value, way)| {
                    problem.strictly_inside(value) && way != Way::Done { out: true }
                })
                .collect(),
            values,
            measurements,
        })
    }
}
