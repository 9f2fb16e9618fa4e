//! Synapse drivers on synaptic lines.

use bss2_core::{ACTIVATION_MAX, Register};

use super::{Criterion, Limit, largest, least};
use crate::routine::Drivers;
use crate::statistics::{deviation, mean};
use crate::{Bench, CalibrationError};

/// Source: calix, hagen input test. It expects a maximum of about 30 LSB and a mismatch of about 2.
pub(super) const CRITERIA: &[Criterion] = &[
    Criterion::new(
        "mean step from one activation to the next",
        "LSB",
        Limit::Above(0.5),
    ),
    Criterion::new(
        "mean step among the first five activations",
        "LSB",
        Limit::Above(0.2),
    ),
    Criterion::new(
        "mean step among the last five activations",
        "LSB",
        Limit::Above(0.2),
    ),
    Criterion::new("least amplitude", "LSB", Limit::Above(-1.0)),
    Criterion::new("greatest amplitude", "LSB", Limit::Above(20.0)),
    Criterion::new(
        "range of the amplitudes, in units of the least",
        "1",
        Limit::AtLeast(8.0),
    ),
    Criterion::new(
        "mismatch of the drivers, share of the range",
        "%",
        Limit::Below(12.5),
    ),
    Criterion::new("mismatch of the drivers", "LSB", Limit::Below(4.0)),
];

/// Source: calix, the same test.
pub(super) const OVERWRITING: &[(Register, i32)] = &[
    (Register::StpIRamp, 400),
    (
        Register::HagenDacOffset,
        Register::HagenDacOffset.spec().max / 2,
    ),
];

/// Runs that are averaged.
const RUNS: usize = 5;

/// How many activations the ends have.
const END: usize = 5;

/// Values of the criteria.
pub(super) fn measure(bench: &mut Bench<'_>) -> Result<Vec<f64>, CalibrationError> {
    let mut drivers = Drivers::default();
    drivers.prepare(bench)?;
    let amplitudes = (1..=ACTIVATION_MAX)
        .map(|activation| drivers.amplitudes(bench, activation, RUNS))
        .collect::<Result<Vec<_>, _>>()?;
    drivers.restore(bench)?;
    Ok(values(&amplitudes))
}

/// Values of the criteria, given the amplitudes of all drivers for every activation.
fn values(amplitudes: &[Vec<f64>]) -> Vec<f64> {
    let course: Vec<f64> = amplitudes.iter().map(|drivers| mean(drivers)).collect();
    let spreads: Vec<f64> = amplitudes
        .iter()
        .map(|drivers| deviation(drivers))
        .collect();
    let (least, greatest) = (
        least(course.iter().copied()),
        largest(course.iter().copied()),
    );
    let (range, mismatch) = (greatest - least, mean(&spreads));
    vec![
        mean_step(&course),
        mean_step(&course[..END.min(course.len())]),
        mean_step(&course[course.len().saturating_sub(END)..]),
        least,
        greatest,
        range / least.abs(),
        100.0 * mismatch / range,
        mismatch,
    ]
}

fn mean_step(course: &[f64]) -> f64 {
    let steps: Vec<f64> = course.windows(2).map(|pair| pair[1] - pair[0]).collect();
    mean(&steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_course_of_equal_drivers_has_its_slope_and_no_mismatch() {
        let amplitudes: Vec<Vec<f64>> = (1..=31).map(|x| vec![f64::from(x); 3]).collect();
        let found = values(&amplitudes);
        assert_eq!(found, [1.0, 1.0, 1.0, 1.0, 31.0, 30.0, 0.0, 0.0]);
    }

    #[test]
    fn mismatch_is_the_mean_over_activations() {
        let found = values(&[vec![-1.0, 1.0], vec![8.0, 12.0]]);
        assert_eq!(found[3..], [0.0, 10.0, f64::INFINITY, 15.0, 1.5]);
    }
}
