//! Ramp current of the synapse drivers.

use bss2_core::Register;

use super::Routine;
use super::driver_offset::{full_of_working, proportional};
use super::drivers::Drivers;
use crate::quadrants::medians_by_quadrant;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Brings the median amplitude of each quadrant's drivers at a low activation to the proportional
/// share of a pulse of full length.
///
/// An offset of all drivers looks like a ramp of another slope: the
/// [offsets](super::DriverOffset) at a still lower activation are calibrated within.
#[derive(Clone, Debug)]
pub struct DriverRamp {
    runs: usize,
    drivers: Drivers,
    full: Vec<f64>,
}

/// The activation at which the slope is judged.
pub(crate) const ACTIVATION: u8 = 10;

impl DriverRamp {
    /// The routine, with a number of runs that are averaged.
    pub fn new(runs: usize) -> Self {
        Self {
            runs,
            drivers: Drivers::default(),
            full: Vec::new(),
        }
    }
}

impl Routine for DriverRamp {
    fn name(&self) -> &'static str {
        "driver ramp"
    }

    fn register(&self) -> Register {
        Register::StpIRamp
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    /// Relative to a pulse of full length.
    fn unit(&self) -> &'static str {
        "1"
    }

    /// A tenth of the target: three standard deviations of five runs, whose noise a quadrant's columns
    /// share.
    fn tolerance(&self) -> f64 {
        0.03
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.drivers.prepare(bench)?;
        if self.full.is_empty() {
            self.full = full_of_working(&self.drivers, bench)?;
        }
        Ok(())
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![proportional(ACTIVATION); initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        let amplitudes = self.drivers.amplitudes(bench, ACTIVATION, self.runs)?;
        let relative: Vec<f64> = amplitudes
            .iter()
            .zip(&self.full)
            .map(|(a, full)| a / full)
            .collect();
        medians_by_quadrant(&relative, bench.geometry().inputs(), responses);
        Ok(())
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.drivers.restore(bench)
    }
}
