//! The weakest leak at a given noise.

use bss2_core::{ReadoutSource, Register};

use super::leak_potential::until_rest;
use super::{Routine, fill};
use crate::bench::Temporary;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Readings over which the noise is taken: its standard error is 7 %.
const READINGS: usize = 100;

/// Brings the noise of every resting neuron to a target: a weaker leak integrates longer and
/// remembers more noise.
#[derive(Clone, Debug)]
pub struct LeakNoise {
    target_lsb: f64,
    temporary: Temporary,
}

impl LeakNoise {
    /// Longest time constant that a weakened leak is expected to have, in µs.
    pub const LONGEST_TAU_US: f64 = 300.0;

    /// The routine for a standard deviation of the resting code, in LSB.
    pub fn new(target_lsb: f64) -> Self {
        Self {
            target_lsb,
            temporary: Temporary::default(),
        }
    }
}

impl Routine for LeakNoise {
    fn name(&self) -> &'static str {
        "leak bias at target noise"
    }

    fn register(&self) -> Register {
        Register::IBiasLeak
    }

    fn slope(&self) -> Slope {
        Slope::Falling
    }

    fn unit(&self) -> &'static str {
        "LSB"
    }

    fn tolerance(&self) -> f64 {
        0.2 * self.target_lsb
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.show(bench, ReadoutSource::Membrane)?;
        self.temporary.set_all(bench, Register::EnableLeak, 1)
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![self.target_lsb; initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        let reading = bench.pulses(until_rest(Self::LONGEST_TAU_US), READINGS)?;
        fill(responses, &reading.deviation)
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}
