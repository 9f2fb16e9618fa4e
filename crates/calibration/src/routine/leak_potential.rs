//! Potential towards which the membranes leak.

use bss2_core::{ReadoutSource, Register};

use super::{InputSign, Routine, fill};
use crate::bench::{Pulses, Temporary};
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Time constants after which a membrane counts as resting.
const RESTING_TAUS: f64 = 8.0;

/// Readings averaged per measurement.
const READINGS: usize = 8;

/// A wait after which membranes rest, given their time constant in µs.
pub(crate) fn until_rest(tau_mem_us: f64) -> Pulses {
    Pulses::none(RESTING_TAUS * tau_mem_us)
}

/// Resting codes of all columns of the chip, both channels averaged.
pub(crate) fn resting_codes(
    bench: &mut Bench<'_>,
    tau_mem_us: f64,
) -> Result<Vec<f64>, CalibrationError> {
    Ok(bench.pulses(until_rest(tau_mem_us), READINGS)?.of_both())
}

/// Brings the resting code of every neuron to a target, with the leak switched on.
#[derive(Clone, Debug)]
pub struct LeakPotential {
    code: f64,
    tau_mem_us: f64,
    without_inputs: bool,
    temporary: Temporary,
}

impl LeakPotential {
    /// The routine for a resting code, 0…255, and about which time constant the membranes have, in
    /// µs.
    pub fn new(code: f64, tau_mem_us: f64) -> Self {
        Self {
            code,
            tau_mem_us,
            without_inputs: false,
            temporary: Temporary::default(),
        }
    }

    /// The same with both synaptic inputs switched off, whose offset currents move the neuron.
    #[must_use]
    pub fn without_inputs(mut self) -> Self {
        self.without_inputs = true;
        self
    }
}

impl Routine for LeakPotential {
    fn name(&self) -> &'static str {
        "leak potential"
    }

    fn register(&self) -> Register {
        Register::VLeak
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
        if self.without_inputs {
            for sign in InputSign::BOTH {
                self.temporary.set_all(bench, sign.gm(), 0)?;
            }
        }
        Ok(())
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![self.code; initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        fill(responses, &resting_codes(bench, self.tau_mem_us)?)
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}
