//! Ramps and offsets of the drivers, together.

use bss2_core::Register;

use super::super::Session;
use super::{JointProcedure, Quantity, adjust};
use crate::CalibrationError;
use crate::quadrants::{medians_by_quadrant, quadrant_of};
use crate::routine::drivers::Drivers;
use crate::routine::{DriverOffset, DriverRamp, RAMP_ACTIVATION, full_of_working, proportional};
use crate::statistics::{mean, median};

/// Quantities of this stage.
pub(super) const QUANTITIES: usize = 2;

/// Activations at which all drivers work, whatever their offset: they tell the slopes.
const CLEAR: [u8; 2] = [14, 26];

/// Activation between the test activation and the clear ones.
const MIDDLE: u8 = 10;

/// Steps of the trim by which its effect is measured.
const TRIM_STEPS: i32 = 8;

/// Rounds of correction after the first estimate.
const ROUNDS: usize = 2;

/// An amplitude is a line over the activation: s·(x − x₀ + κ·h), with a slope s that is proportional
/// to the quadrant's ramp current, and a trim h per driver. Where the line stands is measured at
/// several activations, so that the noise of one does not decide; the trim's effect κ with one step
/// of all trims at once.
pub(super) fn calibrate(
    session: &mut Session<'_, '_>,
    procedure: &JointProcedure,
) -> Result<(), CalibrationError> {
    let test = procedure.targets.driver_test_activation;
    let runs = procedure.options.driver_runs;
    let mut ramp = Quantity::of(&DriverRamp::new(runs));
    let mut offset = Quantity::of(&DriverOffset::new(test, runs));
    let bench = &mut session.bench;
    let mut drivers = Drivers::default();
    drivers.prepare(bench)?;
    let full = offset.measure(bench, full_of_working)?;
    let per_hemisphere = bench.geometry().inputs();
    let quadrants = bench.instances(Register::StpIRamp);
    let wanted_slope = proportional(1);

    let relative = |amplitudes: Vec<f64>| -> Vec<f64> {
        amplitudes
            .iter()
            .zip(&full)
            .map(|(a, full)| a / full)
            .collect()
    };
    let slopes = |low: (u8, &[f64]), high: (u8, &[f64])| -> Vec<f64> {
        let run = f64::from(high.0) - f64::from(low.0);
        let rises: Vec<f64> = low
            .1
            .iter()
            .zip(high.1)
            .map(|(l, h)| (h - l) / run)
            .collect();
        let mut slopes = vec![0.0; quadrants];
        medians_by_quadrant(&rises, per_hemisphere, &mut slopes);
        slopes
    };
    let ramp_targets = vec![proportional(RAMP_ACTIVATION); quadrants];
    let offset_targets = vec![proportional(test); full.len()];

    // Slopes, and the effect of the trim.
    let low = relative(offset.measure(bench, |bench| Drivers::amplitudes(bench, CLEAR[0], runs))?);
    let high = relative(ramp.measure(bench, |bench| Drivers::amplitudes(bench, CLEAR[1], runs))?);
    adjust(bench, Register::HagenDacOffset, |_, trim| {
        trim + f64::from(TRIM_STEPS)
    })?;
    let trimmed =
        relative(offset.measure(bench, |bench| Drivers::amplitudes(bench, CLEAR[0], runs))?);
    let slope = slopes((CLEAR[0], &low), (CLEAR[1], &high));
    let per_trim_step = trimmed
        .iter()
        .zip(&low)
        .enumerate()
        .map(|(driver, (trimmed, low))| {
            (trimmed - low) / (f64::from(TRIM_STEPS) * slope[quadrant_of(driver, per_hemisphere)])
        });
    let trim_activations = median(per_trim_step);
    // Where each driver's line meets zero, of all measurements so far, with the trim at zero.
    let place = |driver: usize, activation: u8, relative: f64, slope: &[f64]| {
        f64::from(activation) - relative / slope[quadrant_of(driver, per_hemisphere)]
    };
    let ramp_at = |x: f64, slope: &[f64]| -> Vec<f64> { slope.iter().map(|s| s * x).collect() };
    ramp.note(&ramp_at(f64::from(RAMP_ACTIVATION), &slope), &ramp_targets);
    let starts: Vec<f64> = (0..full.len())
        .map(|driver| place(driver, CLEAR[0], low[driver], &slope))
        .collect();
    let at_test: Vec<f64> = (0..full.len())
        .map(|driver| {
            let slope = slope[quadrant_of(driver, per_hemisphere)];
            slope * (f64::from(test) - starts[driver])
        })
        .collect();
    offset.note(&at_test, &offset_targets);
    adjust(bench, Register::StpIRamp, |quadrant, current| {
        current * wanted_slope / slope[quadrant]
    })?;
    adjust(bench, Register::HagenDacOffset, |driver, trim| {
        trim - f64::from(TRIM_STEPS) + starts[driver] / trim_activations
    })?;

    // What is left.
    for round in 0..=ROUNDS {
        let points = [test, MIDDLE, CLEAR[0]];
        let mut measured = Vec::with_capacity(points.len());
        for activation in points {
            let quantity = if activation == CLEAR[0] {
                &mut ramp
            } else {
                &mut offset
            };
            let amplitudes =
                quantity.measure(bench, |bench| Drivers::amplitudes(bench, activation, runs))?;
            measured.push(relative(amplitudes));
        }
        let slope = slopes((points[0], &measured[0]), (points[2], &measured[2]));
        ramp.note(&ramp_at(f64::from(RAMP_ACTIVATION), &slope), &ramp_targets);
        offset.note(&measured[0], &offset_targets);
        if round == ROUNDS {
            break;
        }
        adjust(bench, Register::StpIRamp, |quadrant, current| {
            current * wanted_slope / slope[quadrant]
        })?;
        adjust(bench, Register::HagenDacOffset, |driver, trim| {
            let behind: Vec<f64> = points
                .iter()
                .zip(&measured)
                .map(|(&x, relative)| (proportional(x) - relative[driver]) / wanted_slope)
                .collect();
            trim + mean(&behind) / trim_activations
        })?;
    }
    drivers.restore(bench)?;
    for quantity in [ramp, offset] {
        let result = quantity.finish(&mut session.bench)?;
        session.keep(result);
    }
    Ok(())
}
