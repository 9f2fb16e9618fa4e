//! From drivers to lines: what both modes of multiplication share.

use super::{CadcProcedure, Session};
use crate::CalibrationError;
use crate::routine::{DriverOffset, DriverRamp, Nested, SynapseBias};
use crate::search::BinarySearch;
use crate::targets::LineTargets;

/// The CADC for lines, the synapses' bias, then ramps and offsets of the drivers.
pub(super) struct Inputs {
    pub(super) targets: LineTargets,
    pub(super) driver_runs: usize,
}

impl Inputs {
    pub(super) const ROUTINES: usize = Self::READOUT_ROUTINES + 2;
    pub(super) const READOUT_ROUTINES: usize = CadcProcedure::ROUTINES + 1;

    /// Everything that follows from the CADC's range and the synapses' bias.
    pub(super) fn readout(&self, session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
        let range = self.targets.cadc;
        CadcProcedure { range }.run(session)?;
        let mut bias = SynapseBias::new(self.targets.synapse_dac_bias);
        session.run(&mut bias, &BinarySearch)
    }

    pub(super) fn drivers(&self, session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
        let activation = self.targets.driver_test_activation;
        let mut offset = DriverOffset::new(activation, self.driver_runs);
        let mut ramp = Nested {
            outer: DriverRamp::new(self.driver_runs),
            inner: offset.clone(),
            search: BinarySearch,
        };
        session.run(&mut ramp, &BinarySearch)?;
        session.run(&mut offset, &BinarySearch)
    }
}
