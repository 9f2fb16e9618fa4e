//! References of the OTAs.

use bss2_core::{ReadoutSource, Register};

use super::leak_potential::resting_codes;
use super::{InputSign, Routine, fill};
use crate::bench::Temporary;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Balances one OTA of every neuron: brings the resting code, which its offset current moves, to a
/// target.
#[derive(Clone, Debug)]
pub struct OtaReference {
    sign: InputSign,
    code: f64,
    tau_mem_us: f64,
    alone: bool,
    temporary: Temporary,
}

impl OtaReference {
    /// The routine for a resting code, 0…255, and about which time constant the membranes have, in
    /// µs.
    pub fn new(sign: InputSign, code: f64, tau_mem_us: f64) -> Self {
        Self {
            sign,
            code,
            tau_mem_us,
            alone: false,
            temporary: Temporary::default(),
        }
    }

    /// The same with the neuron's other input switched off.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }
}

impl Routine for OtaReference {
    fn name(&self) -> &'static str {
        match self.sign {
            InputSign::Excitatory => "excitatory reference",
            InputSign::Inhibitory => "inhibitory reference",
        }
    }

    fn register(&self) -> Register {
        self.sign.shift()
    }

    fn slope(&self) -> Slope {
        match self.sign {
            InputSign::Excitatory => Slope::Rising,
            InputSign::Inhibitory => Slope::Falling,
        }
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
        if self.alone {
            let other = match self.sign {
                InputSign::Excitatory => InputSign::Inhibitory,
                InputSign::Inhibitory => InputSign::Excitatory,
            };
            self.temporary.set_all(bench, other.gm(), 0)?;
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
