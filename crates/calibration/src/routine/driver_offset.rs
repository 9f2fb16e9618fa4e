//! DAC offsets of the synapse drivers.

use bss2_core::{CadcChannel, Chip, Register, RunSettings};
use ndarray::Array2;

use super::Routine;
use crate::measure::median;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Makes every driver's amplitude proportional to the activation: brings the ratio of the
/// amplitudes at a low and a high activation to the ratio of the activations.
///
/// Each driver is measured alone, at full weight, as the median over all columns, so that neither
/// their gains nor the driver's own gain enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriverOffset {
    /// Multiplications averaged per measurement.
    pub runs: usize,
    /// How often an event is repeated within a multiplication.
    pub num_sends: u32,
}

const LOW: u8 = 5;
const HIGH: u8 = 20;
const WEIGHT: i8 = 63;

/// Amplitude below which a driver does not work at all, in LSB.
const SILENT_LSB: f64 = 2.0;

impl<C: Chip + ?Sized> Routine<C> for DriverOffset {
    fn name(&self) -> &'static str {
        "driver offset"
    }

    fn register(&self) -> Register {
        Register::HagenDacOffset
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    fn unit(&self) -> &'static str {
        "1"
    }

    /// About a third of an activation unit at the low activation.
    fn tolerance(&self) -> f64 {
        0.02
    }

    fn prepare(&mut self, bench: &mut Bench<'_, C>) -> Result<(), CalibrationError> {
        bench.load_uniform_weight(WEIGHT)
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![f64::from(LOW) / f64::from(HIGH); initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_, C>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        let drivers = bench.chip.control_geometry().inputs();
        for (hemisphere, responses) in responses.chunks_mut(drivers).enumerate() {
            let low = self.amplitudes(bench, hemisphere, LOW)?;
            let high = self.amplitudes(bench, hemisphere, HIGH)?;
            for ((response, low), high) in responses.iter_mut().zip(low).zip(high) {
                *response = if high < SILENT_LSB { 0.0 } else { low / high };
            }
        }
        Ok(())
    }
}

impl DriverOffset {
    /// Amplitude of each driver of a hemisphere alone, in LSB.
    fn amplitudes<C: Chip + ?Sized>(
        &self,
        bench: &mut Bench<'_, C>,
        hemisphere: usize,
        activation: u8,
    ) -> Result<Vec<f64>, CalibrationError> {
        let drivers = bench.chip.control_geometry().inputs();
        let one_at_a_time =
            Array2::from_shape_fn(
                (drivers, drivers),
                |(v, r)| if v == r { activation } else { 0 },
            );
        let wait = RunSettings::default().wait_between_events();
        let settings = RunSettings::new(self.num_sends, wait)?;
        let baseline = bench.baseline(hemisphere, CadcChannel::Causal, BASELINE_RUNS)?;
        let codes = bench.mean_codes(hemisphere, settings, one_at_a_time.view(), self.runs)?;
        Ok(codes
            .rows()
            .into_iter()
            .map(|codes| median((&codes - &baseline).to_vec()))
            .collect())
    }
}

/// Readouts averaged for the baseline that is common to all drivers.
const BASELINE_RUNS: usize = 16;
