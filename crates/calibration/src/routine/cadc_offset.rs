//! Digital offsets of the CADC channels.

use bss2_core::{BASELINE_CODE, ReadoutSource, Register, RunSettings};

use super::{Routine, fill};
use crate::bench::{Pulses, Temporary};
use crate::search::Slope;
use crate::statistics::median;
use crate::targets::CadcRange;
use crate::{Bench, CalibrationError};

/// Brings the code of every channel, causal and acausal, to a common one.
#[derive(Clone, Debug)]
pub struct CadcOffset {
    at: At,
    temporary: Temporary,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    /// In the middle of a range, to the median over the channels.
    Middle(CadcRange),
    /// On the membranes right after their reset, to the baseline code.
    Reset,
}

/// Readings averaged per measurement.
const READINGS: usize = 16;

impl CadcOffset {
    /// In the middle of a range of voltages on the debug line, all channels read the median.
    pub fn in_the_middle_of(range: CadcRange) -> Self {
        Self {
            at: At::Middle(range),
            temporary: Temporary::default(),
        }
    }

    /// Without events, all channels read the baseline code 128: the baseline of multiplications.
    pub fn baseline() -> Self {
        Self {
            at: At::Reset,
            temporary: Temporary::default(),
        }
    }
}

impl Routine for CadcOffset {
    fn name(&self) -> &'static str {
        match self.at {
            At::Middle(_) => "CADC offset",
            At::Reset => "baseline",
        }
    }

    fn register(&self) -> Register {
        Register::CadcOffset
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    fn unit(&self) -> &'static str {
        "LSB"
    }

    /// Half a step of the register and the noise of the mean.
    fn tolerance(&self) -> f64 {
        2.0
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        match self.at {
            At::Middle(range) => {
                self.temporary.show(bench, ReadoutSource::DebugLine)?;
                let middle = i32::midpoint(range.lower, range.upper);
                self.temporary.set_all(bench, Register::StpVCharge0, middle)
            }
            At::Reset => {
                self.temporary.show(bench, ReadoutSource::Membrane)?;
                bench.load(|_, _| 0)
            }
        }
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        let target = match self.at {
            At::Middle(_) => median(initial.iter().copied()),
            At::Reset => f64::from(BASELINE_CODE),
        };
        vec![target; initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        // A multiplication without events is read as late as one with them.
        let delay_us = match self.at {
            At::Middle(_) => 0.0,
            At::Reset => RunSettings::READOUT_DELAY_US,
        };
        let reading = bench.pulses(Pulses::none(delay_us), READINGS)?;
        fill(responses, &reading.by_channel(bench.geometry().columns()))
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}
