//! Ramps and offsets of the drivers, together.

use bss2_core::Register;

use super::super::Session;
use super::{JointProcedure, Quantity};
use crate::quadrants::{medians_by_quadrant, quadrant_of};
use crate::routine::drivers::Drivers;
use crate::routine::{DriverOffset, DriverRamp, RAMP_ACTIVATION, full_of_working, proportional};
use crate::search::{Slope, in_proportion};
use crate::statistics::{mean, median};
use crate::{Bench, CalibrationError};

/// Quantities of this stage.
pub(super) const QUANTITIES: usize = 2;

/// Sends per event: as many as the lines' range holds at full pulses, for noise that all columns of a
/// quadrant share does not average out.
const SENDS: u32 = 10;

/// Activations at which all drivers work, whatever their offset: they tell the slopes.
const CLEAR: [u8; 2] = [14, 26];

/// Steps of all trims by which their effect is measured.
const TRIM_STEPS: f64 = 8.0;

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
    let mut stage = Stage::new(&mut session.bench, procedure)?;
    let trim_activations = stage.estimate(&mut session.bench)?;
    stage.correct(&mut session.bench, trim_activations)?;
    for quantity in stage.finish(&mut session.bench)? {
        let result = quantity.finish(&mut session.bench)?;
        session.keep(result);
    }
    Ok(())
}

struct Stage {
    test_activation: u8,
    runs: usize,
    drivers: Drivers,
    /// Amplitudes of full pulses, by driver of the chip.
    full: Vec<f64>,
    per_hemisphere: usize,
    quadrants: usize,
    ramp: Quantity,
    offset: Quantity,
}

impl Stage {
    fn new(bench: &mut Bench<'_>, procedure: &JointProcedure) -> Result<Self, CalibrationError> {
        let test_activation = procedure.targets.driver_test_activation;
        let runs = procedure.options.driver_runs;
        let mut offset = Quantity::of(&DriverOffset::new(test_activation, runs));
        let mut drivers = Drivers::with_sends(SENDS);
        drivers.prepare(bench)?;
        let full = offset.measure(bench, |bench| full_of_working(&drivers, bench))?;
        Ok(Self {
            test_activation,
            runs,
            drivers,
            full,
            per_hemisphere: bench.geometry().inputs(),
            quadrants: bench.instances(Register::StpIRamp),
            ramp: Quantity::of(&DriverRamp::new(runs)),
            offset,
        })
    }

    fn finish(mut self, bench: &mut Bench<'_>) -> Result<[Quantity; QUANTITIES], CalibrationError> {
        self.drivers.restore(bench)?;
        Ok([self.ramp, self.offset])
    }

    /// Amplitudes of all drivers relative to their full pulses. Slopes are told by the clear
    /// activations, so that these are the ramp's measurements.
    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        activation: u8,
    ) -> Result<Vec<f64>, CalibrationError> {
        let quantity = if CLEAR.contains(&activation) {
            &mut self.ramp
        } else {
            &mut self.offset
        };
        let (drivers, runs) = (&self.drivers, self.runs);
        let amplitudes =
            quantity.measure(bench, |bench| drivers.amplitudes(bench, activation, runs))?;
        let relative = amplitudes.iter().zip(&self.full);
        Ok(relative.map(|(amplitude, full)| amplitude / full).collect())
    }

    /// Median slope of each quadrant's drivers between two activations.
    fn slopes(&self, low: (u8, &[f64]), high: (u8, &[f64])) -> Vec<f64> {
        let run = f64::from(high.0) - f64::from(low.0);
        let rises: Vec<f64> = low
            .1
            .iter()
            .zip(high.1)
            .map(|(l, h)| (h - l) / run)
            .collect();
        let mut slopes = vec![0.0; self.quadrants];
        medians_by_quadrant(&rises, self.per_hemisphere, &mut slopes);
        slopes
    }

    /// Notes slopes and amplitudes at the test activation.
    fn note(&mut self, slopes: &[f64], at_test: &[f64]) {
        let targets = vec![proportional(RAMP_ACTIVATION); slopes.len()];
        let at_ramp_activation = slopes
            .iter()
            .map(|slope| slope * f64::from(RAMP_ACTIVATION));
        self.ramp
            .note(&at_ramp_activation.collect::<Vec<_>>(), &targets);
        let target = proportional(self.test_activation);
        self.offset.note(at_test, &vec![target; at_test.len()]);
    }

    /// Estimates slopes, offsets and the trims' effect, which is returned in activation units per
    /// step, and corrects ramps and trims.
    fn estimate(&mut self, bench: &mut Bench<'_>) -> Result<f64, CalibrationError> {
        let low = self.measure(bench, CLEAR[0])?;
        let high = self.measure(bench, CLEAR[1])?;
        let slopes = self.slopes((CLEAR[0], &low), (CLEAR[1], &high));
        let slope_of = |driver| slopes[quadrant_of(driver, self.per_hemisphere)];
        // Where each driver's line meets zero.
        let starts: Vec<f64> = low
            .iter()
            .enumerate()
            .map(|(driver, low)| f64::from(CLEAR[0]) - low / slope_of(driver))
            .collect();
        let test = f64::from(self.test_activation);
        let at_test: Vec<f64> = starts
            .iter()
            .enumerate()
            .map(|(driver, start)| slope_of(driver) * (test - start))
            .collect();
        self.note(&slopes, &at_test);

        let trims = bench.values(Register::HagenDacOffset)?;
        let stepped = self.offset.adjust(bench, |_, trim| trim + TRIM_STEPS)?;
        let trimmed = self.measure(bench, CLEAR[0])?;
        let slope_of = |driver| slopes[quadrant_of(driver, self.per_hemisphere)];
        let effects = trimmed.iter().zip(&low).enumerate();
        let trim_activations = median(effects.map(|(driver, (trimmed, low))| {
            (trimmed - low) / (stepped[driver] * slope_of(driver))
        }));
        bench.write(Register::HagenDacOffset, &trims)?;
        self.ramp.adjust(bench, |quadrant, current| {
            in_proportion(current, Slope::Rising, slopes[quadrant], proportional(1))
        })?;
        self.offset.adjust(bench, |driver, trim| {
            trim + starts[driver] / trim_activations
        })?;
        Ok(trim_activations)
    }

    /// Corrects what the estimates have left, and measures what the corrections leave.
    fn correct(
        &mut self,
        bench: &mut Bench<'_>,
        trim_activations: f64,
    ) -> Result<(), CalibrationError> {
        let points = [self.test_activation, CLEAR[0], CLEAR[1]];
        for round in 0..=ROUNDS {
            let mut measured = [(); 3].map(|()| Vec::new());
            for (activation, measured) in points.into_iter().zip(&mut measured) {
                *measured = self.measure(bench, activation)?;
            }
            let slopes = self.slopes((points[0], &measured[0]), (points[2], &measured[2]));
            self.note(&slopes, &measured[0]);
            if round == ROUNDS {
                break;
            }
            self.ramp.adjust(bench, |quadrant, current| {
                in_proportion(current, Slope::Rising, slopes[quadrant], proportional(1))
            })?;
            // What the ramp corrects is no offset.
            let per_hemisphere = self.per_hemisphere;
            self.offset.adjust(bench, |driver, trim| {
                let slope = slopes[quadrant_of(driver, per_hemisphere)];
                let behind =
                    |(&x, relative): (&u8, &Vec<f64>)| f64::from(x) - relative[driver] / slope;
                let behind: Vec<f64> = points.iter().zip(&measured).map(behind).collect();
                trim + mean(&behind) / trim_activations
            })?;
        }
        Ok(())
    }
}
