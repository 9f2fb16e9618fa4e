//! The known procedure for multiplications on synaptic lines.

use bss2_core::{ArrayMode, Chip, Register};
use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use super::membrane::check_runs;
use super::{JointProcedure, MembraneProcedure, Procedure, Session};
use crate::targets::LineTargets;
use crate::{CalibrationError, CalibrationResult, RoutineResult, TargetWarning};

/// CADC, synapse bias and drivers; the lines keep their charge as long as they can. Source: calix,
/// hagen synin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineProcedure {
    /// What is to be reached.
    pub targets: LineTargets,
    /// How it is measured.
    pub options: LineOptions,
}

/// Options of [`LineProcedure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineOptions {
    /// Multiplications averaged for each driver amplitude, 1…1000; default 5.
    pub driver_runs: usize,
}

impl Default for LineOptions {
    fn default() -> Self {
        Self { driver_runs: 5 }
    }
}

impl LineProcedure {
    pub(super) const ROUTINES: usize = Inputs::ROUTINES;

    pub(super) fn check(&self) -> Result<Vec<TargetWarning>, CalibrationError> {
        check_runs("driver_runs", self.options.driver_runs, 1..=1000)?;
        self.targets.check()
    }

    fn inputs(&self) -> Inputs {
        Inputs {
            targets: self.targets,
            driver_runs: self.options.driver_runs,
        }
    }

    pub(super) fn run(&self, session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
        let inputs = self.inputs();
        inputs.readout(session)?;
        inputs.drivers(session)?;
        into_mode(session)
    }

    /// Turns a calibration for membranes into one for synaptic lines: applies it and redoes only what
    /// differs, the CADC and the synapses' bias. (The drivers stay, and with them their target and
    /// runs, which the result names.)
    ///
    /// # Errors
    /// [`CalibrationError::OtherChip`] if it belongs to another chip,
    /// [`CalibrationError::NotForMembranes`] if it is not one for membranes, and what
    /// [`Procedure::run`] returns.
    pub fn convert(
        &self,
        membrane: &CalibrationResult,
        chip: &mut dyn Chip,
        trial_seed: u64,
        on_routine: &mut dyn FnMut(&RoutineResult),
    ) -> Result<CalibrationResult, CalibrationError> {
        self.check()?;
        membrane.check_for_membranes()?;
        let bench = membrane.on_bench(chip, trial_seed)?;
        let mut session = Session::new(bench, trial_seed, on_routine);
        self.inputs().readout(&mut session)?;
        into_mode(&mut session)?;
        // What was not done again is what it was.
        let mut procedure = *self;
        if let Procedure::Membrane(MembraneProcedure { targets, options }) = membrane.procedure {
            procedure.targets.driver_test_activation = targets.driver_test_activation;
            procedure.options.driver_runs = options.driver_runs;
        }
        if let Procedure::Joint(JointProcedure { targets, options }) = membrane.procedure {
            procedure.targets.driver_test_activation = targets.driver_test_activation;
            procedure.options.driver_runs = options.driver_runs;
        }
        let mut result = session.finish(Procedure::SynapticLine(procedure))?;
        result.converted_from = Some(membrane.procedure);
        result.working_drivers.clone_from(&membrane.working_drivers);
        Ok(result)
    }
}

/// Slow lines, read as they are.
fn into_mode(session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
    session.bench.set_mode(ArrayMode::SynapticLine)?;
    session.bench.write_all(Register::IBiasSyninExcTau, 0)
}
