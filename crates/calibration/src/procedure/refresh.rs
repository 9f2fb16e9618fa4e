//! Parts of a calibration anew, after drift or at another temperature.

use bss2_core::Chip;
use serde::{Deserialize, Serialize};

use super::cadc::UNIT_STEP;
use super::membrane::{References, finish};
use super::{Procedure, Session, joint};
use crate::routine::{CadcOffset, LeakPotential};
use crate::{CalibrationError, CalibrationResult, RoutineResult};

/// Which part of a calibration for membranes is done anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// The digital offsets of the CADC channels alone: cheapest, one prediction and no search.
    Baseline,
    /// References of the OTAs, leak and reset potentials, then the baselines, in the manner of the
    /// procedure that found them.
    References,
}

impl CalibrationResult {
    /// Applies the calibration and does a part of it anew, at its own cost; everything else stays.
    ///
    /// # Errors
    /// [`CalibrationError::OtherChip`] if it belongs to another chip,
    /// [`CalibrationError::NotForMembranes`] if it is not one for membranes; what
    /// [`Procedure::check`] and the chip refuse.
    pub fn refresh(
        &self,
        part: Refresh,
        chip: &mut dyn Chip,
        trial_seed: u64,
        on_routine: &mut dyn FnMut(&RoutineResult),
    ) -> Result<Self, CalibrationError> {
        self.check_for_membranes()?;
        self.procedure.check()?;
        let bench = self.on_bench(chip, trial_seed)?;
        let mut session = Session::new(bench, trial_seed, on_routine);
        match (part, self.procedure) {
            (Refresh::References, Procedure::Membrane(procedure)) => {
                let targets = procedure.targets;
                // Otherwise offset currents would make up for leak potentials that have moved.
                let leak = LeakPotential::new(targets.leak_lsb, targets.tau_mem_us);
                let noisy = session.noisy();
                session.run(&mut leak.without_inputs(), &noisy)?;
                References::of(&targets).run(&mut session)?;
                finish(&mut session, &targets, &procedure.options)?;
            }
            (Refresh::References, Procedure::Joint(procedure)) => {
                joint::refresh_neurons(&mut session, &procedure)?;
                let options = procedure.options.as_membrane();
                finish(&mut session, &procedure.targets, &options)?;
            }
            _ => session.run(&mut CadcOffset::baseline(), &UNIT_STEP)?,
        }
        let mut result = session.finish(self.procedure)?;
        result.refreshed.clone_from(&self.refreshed);
        result.refreshed.push(part);
        for (fresh, kept) in [
            (&mut result.working_columns, &self.working_columns),
            (&mut result.working_drivers, &self.working_drivers),
        ] {
            for (fresh, kept) in fresh.iter_mut().zip(kept) {
                *fresh &= kept;
            }
        }
        Ok(result)
    }

    /// Refuses what is no calibration for membranes.
    pub(super) fn check_for_membranes(&self) -> Result<(), CalibrationError> {
        match self.procedure {
            Procedure::Membrane(_) | Procedure::Joint(_) => Ok(()),
            Procedure::SynapticLine(_) | Procedure::Cadc(_) => {
                Err(CalibrationError::NotForMembranes {
                    procedure: self.procedure.name(),
                })
            }
        }
    }
}
