//! Potential at which a multiplication starts.

use bss2_core::{ReadoutSource, Register};

use super::leak_potential::resting_codes;
use super::{Routine, fill};
use crate::bench::{Pulses, Temporary};
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Readings averaged per measurement.
const READINGS: usize = 8;

/// Brings the code right after the reset to the resting code of every neuron, so that nothing moves
/// before the first event.
#[derive(Clone, Debug)]
pub struct ResetPotential {
    tau_mem_us: f64,
    /// Resting codes.
    resting: Vec<f64>,
    temporary: Temporary,
}

impl ResetPotential {
    /// The routine, given about which time constant the membranes have, in µs.
    pub fn new(tau_mem_us: f64) -> Self {
        Self {
            tau_mem_us,
            resting: Vec::new(),
            temporary: Temporary::default(),
        }
    }
}

impl Routine for ResetPotential {
    fn name(&self) -> &'static str {
        "reset potential"
    }

    fn register(&self) -> Register {
        Register::VReset
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    fn unit(&self) -> &'static str {
        "LSB"
    }

    fn tolerance(&self) -> f64 {
        2.0
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.show(bench, ReadoutSource::Membrane)?;
        self.temporary.set_all(bench, Register::EnableLeak, 1)?;
        self.resting = resting_codes(bench, self.tau_mem_us)?;
        Ok(())
    }

    fn targets(&self, _initial: &[f64]) -> Vec<f64> {
        self.resting.clone()
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        fill(
            responses,
            &bench.pulses(Pulses::none(0.0), READINGS)?.of_both(),
        )
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}
