//! The CADC: ramps of the quadrants, then offsets of the channels.

use serde::{Deserialize, Serialize};

use super::Session;
use crate::routine::{CadcOffset, CadcRamp, RangeEnd};
use crate::search::{BinarySearch, LinearPrediction};
use crate::targets::CadcRange;
use crate::{CalibrationError, TargetWarning};

/// The offset of a channel is added to its code as it is.
pub(super) const UNIT_STEP: LinearPrediction = LinearPrediction {
    response_per_step: 1.0,
};

/// Calibrates nothing but the CADC, for a range of voltages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CadcProcedure {
    /// The range of voltages and its codes.
    pub range: CadcRange,
}

impl CadcProcedure {
    pub(super) const ROUTINES: usize = 5;

    pub(super) fn check(&self) -> Result<Vec<TargetWarning>, CalibrationError> {
        self.range.check()
    }

    pub(super) fn run(&self, session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
        // Each end moves the other a little.
        for end in [RangeEnd::Lower, RangeEnd::Upper].repeat(2) {
            session.run(&mut CadcRamp::new(self.range, end), &BinarySearch)?;
        }
        session.run(&mut CadcOffset::in_the_middle_of(self.range), &UNIT_STEP)
    }
}
