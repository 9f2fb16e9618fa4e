//! DAC offsets of the synapse drivers.

use bss2_core::{ACTIVATION_MAX, Register};

use super::Routine;
use super::drivers::Drivers;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Share of the amplitude of a full pulse that the largest activation is to have, so that some
/// headroom is left.
pub(crate) const SHARE_OF_FULL: f64 = 0.9;

/// The amplitude at an activation, relative to a pulse of full length, that is proportional to it.
pub(crate) fn proportional(activation: u8) -> f64 {
    SHARE_OF_FULL * f64::from(activation) / f64::from(ACTIVATION_MAX)
}

/// Amplitudes below which a driver does not work at all, in LSB.
const SILENT_LSB: f64 = 2.0;

/// Brings every driver's amplitude at a test activation to the proportional share of its own pulse of
/// full length.
#[derive(Clone, Debug)]
pub struct DriverOffset {
    activation: u8,
    runs: usize,
    drivers: Drivers,
    /// Amplitudes of full pulses; NaN for drivers that send none.
    full: Vec<f64>,
}

impl DriverOffset {
    /// The routine for a test activation, 1…31, and a number of runs that are averaged.
    pub fn new(activation: u8, runs: usize) -> Self {
        Self {
            activation,
            runs,
            drivers: Drivers::default(),
            full: Vec::new(),
        }
    }
}

/// Amplitudes of all drivers' full pulses; NaN for drivers that send none.
pub(crate) fn full_of_working(
    drivers: &Drivers,
    bench: &mut Bench<'_>,
) -> Result<Vec<f64>, CalibrationError> {
    const READINGS: usize = 16;
    let full = drivers.full_amplitudes(bench, READINGS)?;
    let works = |full: f64| if full < SILENT_LSB { f64::NAN } else { full };
    Ok(full.into_iter().map(works).collect())
}

impl Routine for DriverOffset {
    fn name(&self) -> &'static str {
        "driver offset"
    }

    fn register(&self) -> Register {
        Register::HagenDacOffset
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    /// Relative to a pulse of full length.
    fn unit(&self) -> &'static str {
        "1"
    }

    /// Three standard deviations of five runs, about two activation units.
    fn tolerance(&self) -> f64 {
        0.06
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.drivers.prepare(bench)?;
        // What a full pulse is does not follow from this register.
        if self.full.is_empty() {
            self.full = full_of_working(&self.drivers, bench)?;
        }
        Ok(())
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![proportional(self.activation); initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        let amplitudes = self.drivers.amplitudes(bench, self.activation, self.runs)?;
        let relative = amplitudes.iter().zip(&self.full).map(|(a, full)| a / full);
        for (response, relative) in responses.iter_mut().zip(relative) {
            *response = relative;
        }
        Ok(())
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.drivers.restore(bench)
    }
}
