//! Routines in their order.

use bss2_core::Chip;
use serde::{Deserialize, Serialize};

use crate::{Bench, CalibrationError, CalibrationResult, RoutineResult, TargetWarning};

mod cadc;
mod inputs;
mod joint;
mod membrane;
mod refresh;
mod session;
mod synaptic_line;

pub use cadc::CadcProcedure;
pub use joint::{JointOptions, JointProcedure};
pub use membrane::{MembraneOptions, MembraneProcedure};
pub use refresh::Refresh;
pub use synaptic_line::{LineOptions, LineProcedure};

use session::Session;

/// A procedure with its targets and options.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Procedure {
    /// The known procedure for multiplications on membranes: searches nested in searches.
    Membrane(MembraneProcedure),
    /// The known procedure for multiplications on synaptic lines.
    SynapticLine(LineProcedure),
    /// The same targets as on membranes, from few measurements and a model of the circuit.
    Joint(JointProcedure),
    /// Nothing but the CADC.
    Cadc(CadcProcedure),
}

impl Default for Procedure {
    /// On membranes, with the default targets.
    fn default() -> Self {
        Self::Membrane(MembraneProcedure::default())
    }
}

impl Procedure {
    /// The joint procedure with the default targets.
    pub fn joint() -> Self {
        Self::Joint(JointProcedure::default())
    }

    /// The procedure on synaptic lines with the default targets.
    pub fn synaptic_line() -> Self {
        Self::SynapticLine(LineProcedure::default())
    }

    /// Name for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Membrane(_) => "membrane",
            Self::SynapticLine(_) => "synaptic line",
            Self::Joint(_) => "joint",
            Self::Cadc(_) => "CADC",
        }
    }

    /// Lists the targets that may be missed.
    ///
    /// # Errors
    /// [`CalibrationError::TargetOutOfRange`] or [`CalibrationError::OptionOutOfRange`] for what is
    /// impossible.
    pub fn check(&self) -> Result<Vec<TargetWarning>, CalibrationError> {
        match self {
            Self::Membrane(procedure) => procedure.check(),
            Self::SynapticLine(procedure) => procedure.check(),
            Self::Joint(procedure) => procedure.check(),
            Self::Cadc(procedure) => procedure.check(),
        }
    }

    /// Number of routines of which [`run`](Self::run) will tell, for progress.
    pub fn routines(&self) -> usize {
        match self {
            Self::Membrane(procedure) => procedure.routines(),
            Self::SynapticLine(_) => LineProcedure::ROUTINES,
            Self::Joint(procedure) => procedure.routines(),
            Self::Cadc(_) => CadcProcedure::ROUTINES,
        }
    }

    /// Resets the chip's registers, calibrates it, tells `on_routine` of each routine that has ended,
    /// and leaves the chip calibrated, in the mode of the procedure, with all weights zero.
    ///
    /// # Errors
    /// What [`check`](Self::check) refuses, before the chip is touched; what the chip refuses
    /// otherwise, and it is left half calibrated then.
    pub fn run(
        &self,
        chip: &mut dyn Chip,
        trial_seed: u64,
        on_routine: &mut dyn FnMut(&RoutineResult),
    ) -> Result<CalibrationResult, CalibrationError> {
        self.check()?;
        let bench = Bench::new(chip, trial_seed);
        let mut session = Session::new(bench, trial_seed, on_routine);
        session.begin()?;
        match self {
            Self::Membrane(procedure) => procedure.run(&mut session)?,
            Self::SynapticLine(procedure) => procedure.run(&mut session)?,
            Self::Joint(procedure) => procedure.run(&mut session)?,
            Self::Cadc(procedure) => procedure.run(&mut session)?,
        }
        session.finish(*self)
    }
}
