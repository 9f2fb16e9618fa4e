//! How to search a register value for a target: element-wise, all instances at once.

use std::ops::RangeInclusive;

use crate::CalibrationError;

mod binary;
mod linear;

pub use binary::BinarySearch;
pub use linear::LinearPrediction;

/// Sets one register value per instance and measures one response per instance.
pub type Respond<'a> = dyn FnMut(&[i32], &mut [f64]) -> Result<(), CalibrationError> + 'a;

/// Whether the response grows or falls with the register value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// A larger value gives a larger response.
    Rising,
    /// A larger value gives a smaller response.
    Falling,
}

/// What is searched: for each instance the value in a range whose response is nearest to its
/// target.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem<'a> {
    min: i32,
    max: i32,
    slope: Slope,
    targets: &'a [f64],
}

impl<'a> Problem<'a> {
    /// Smallest and largest register value, direction of the response, one target per instance.
    ///
    /// # Errors
    /// [`CalibrationError::Range`] unless the range holds at least one and at most 2²⁴ values.
    pub fn new(
        range: RangeInclusive<i32>,
        slope: Slope,
        targets: &'a [f64],
    ) -> Result<Self, CalibrationError> {
        let (min, max) = (*range.start(), *range.end());
        if min > max || i64::from(max) - i64::from(min) >= 1 << 24 {
            return Err(CalibrationError::Range { min, max });
        }
        Ok(Self {
            min,
            max,
            slope,
            targets,
        })
    }

    /// Smallest register value.
    pub const fn min(&self) -> i32 {
        self.min
    }

    /// Largest register value.
    pub const fn max(&self) -> i32 {
        self.max
    }

    /// Direction of the response.
    pub const fn slope(&self) -> Slope {
        self.slope
    }

    /// One target per instance.
    pub const fn targets(&self) -> &'a [f64] {
        self.targets
    }

    /// Tells for each value whether it lies strictly inside the range.
    fn strictly_inside(&self, values: &[i32]) -> Vec<bool> {
        values
            .iter()
            .map(|&value| value > self.min && value < self.max)
            .collect()
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchOutcome {
    /// One value per instance, within the range.
    pub values: Vec<i32>,
    /// Whether each instance ended inside the range rather than at one of its ends.
    pub inside: Vec<bool>,
    /// How often all instances were measured.
    pub measurements: usize,
}

/// A search over all instances of a register at once.
pub trait SearchAlgorithm {
    /// Searches for each instance the value whose response is nearest to its target.
    ///
    /// # Errors
    /// What `respond` reports; the search itself cannot fail, an instance out of reach ends at an
    /// end of the range and is reported in [`SearchOutcome::inside`].
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Instances with the response `gain · (value − zero)`, clipped to ±`limit`.
    fn respond_linear(
        gain: f64,
        zeros: &[f64],
        limit: f64,
    ) -> impl FnMut(&[i32], &mut [f64]) -> Result<(), CalibrationError> {
        move |values, responses| {
            for ((response, &value), zero) in responses.iter_mut().zip(values).zip(zeros) {
                *response = (gain * (f64::from(value) - zero)).clamp(-limit, limit);
            }
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn every_search_finds_the_nearest_value_of_a_linear_response(
            zeros in prop::collection::vec(1.0_f64..62.0, 1..20),
            gain in 0.1_f64..10.0,
            falling: bool,
        ) {
            let signed = if falling { -gain } else { gain };
            let slope = if falling { Slope::Falling } else { Slope::Rising };
            let targets = vec![0.0; zeros.len()];
            let problem = Problem::new(0..=63, slope, &targets).unwrap();
            let searches: [&dyn SearchAlgorithm; 2] =
                [&BinarySearch, &LinearPrediction { response_per_step: gain }];
            for search in searches {
                let found = search.search(&problem, &mut respond_linear(signed, &zeros, 1e9)).unwrap();
                for (value, zero) in found.values.iter().zip(&zeros) {
                    prop_assert!((f64::from(*value) - zero).abs() <= 0.5 + 1e-9, "{value} for {zero}");
                }
            }
        }

        #[test]
        fn binary_search_copes_with_saturation(zeros in prop::collection::vec(1.0_f64..1021.0, 1..20)) {
            let targets = vec![0.0; zeros.len()];
            let problem = Problem::new(0..=1022, Slope::Rising, &targets).unwrap();
            let found = BinarySearch.search(&problem, &mut respond_linear(1.0, &zeros, 20.0)).unwrap();
            for (value, zero) in found.values.iter().zip(&zeros) {
                prop_assert!((f64::from(*value) - zero).abs() <= 0.5 + 1e-9, "{value} for {zero}");
            }
        }
    }

    #[test]
    fn out_of_reach_ends_at_the_boundary_and_is_reported() {
        let zeros = [-1000.0, 30.0, 1000.0];
        let problem = Problem::new(0..=63, Slope::Rising, &[0.0; 3]).unwrap();
        let searches: [&dyn SearchAlgorithm; 2] = [
            &BinarySearch,
            &LinearPrediction {
                response_per_step: 1.0,
            },
        ];
        for search in searches {
            let found = search
                .search(&problem, &mut respond_linear(1.0, &zeros, 1e9))
                .unwrap();
            assert_eq!(found.values, [0, 30, 63]);
            assert_eq!(found.inside, [false, true, false]);
        }
    }

    #[test]
    fn responses_that_are_no_numbers_do_no_harm() {
        let problem = Problem::new(0..=63, Slope::Rising, &[0.0; 2]).unwrap();
        let searches: [&dyn SearchAlgorithm; 2] = [
            &BinarySearch,
            &LinearPrediction {
                response_per_step: 1.0,
            },
        ];
        for search in searches {
            let found = search
                .search(&problem, &mut |_, responses| {
                    responses.fill(f64::NAN);
                    Ok(())
                })
                .unwrap();
            assert!(found.values.iter().all(|v| (0..=63).contains(v)));
        }
    }
}
