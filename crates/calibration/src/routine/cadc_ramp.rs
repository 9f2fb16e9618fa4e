//! The CADC's ramp: the ends of a range of voltages become two given codes.

use bss2_core::{ReadoutSource, Register};

use super::Routine;
use crate::bench::{Pulses, Temporary};
use crate::quadrants::medians_by_quadrant;
use crate::search::Slope;
use crate::targets::CadcRange;
use crate::{Bench, CalibrationError};

/// Brings the median code of each quadrant's channels at one end of a range to its target: at the
/// lower end by the voltage at which the ramp starts, at the upper end by the current that drives it.
///
/// Each moves the other's end a little, so that both are run twice.
#[derive(Clone, Debug)]
pub struct CadcRamp {
    range: CadcRange,
    end: RangeEnd,
    temporary: Temporary,
}

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeEnd {
    /// The lower end: the ramp's start.
    Lower,
    /// The upper end: the ramp's slope.
    Upper,
}

/// Readings averaged per measurement; a quadrant's median is over hundreds of channels.
const READINGS: usize = 4;

impl CadcRamp {
    /// The routine for one end of a range.
    pub fn new(range: CadcRange, end: RangeEnd) -> Self {
        Self {
            range,
            end,
            temporary: Temporary::default(),
        }
    }
}

impl Routine for CadcRamp {
    fn name(&self) -> &'static str {
        match self.end {
            RangeEnd::Lower => "CADC ramp offset",
            RangeEnd::Upper => "CADC ramp slope",
        }
    }

    fn register(&self) -> Register {
        match self.end {
            RangeEnd::Lower => Register::CadcVRampOffset,
            RangeEnd::Upper => Register::CadcIRampSlope,
        }
    }

    fn slope(&self) -> Slope {
        Slope::Falling
    }

    fn unit(&self) -> &'static str {
        "LSB"
    }

    fn tolerance(&self) -> f64 {
        2.5
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        let voltage = match self.end {
            RangeEnd::Lower => self.range.lower,
            RangeEnd::Upper => self.range.upper,
        };
        self.temporary.show(bench, ReadoutSource::DebugLine)?;
        self.temporary
            .set_all(bench, Register::StpVCharge0, voltage)
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        let code = match self.end {
            RangeEnd::Lower => self.range.lower_lsb,
            RangeEnd::Upper => self.range.upper_lsb,
        };
        vec![code; initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        let reading = bench.pulses(Pulses::none(0.0), READINGS)?;
        medians_by_quadrant(&reading.of_both(), bench.geometry().columns(), responses);
        Ok(())
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}
