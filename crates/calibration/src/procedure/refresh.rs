//! Parts of a calibration anew, after drift or at another temperature.

use bss2_core::Chip;
use serde::{Deserialize, Serialize};

use super::cadc::UNIT_STEP;
use super::membrane::{MembraneOptions, References, finish};
use super::{Procedure, Session};
use crate::routine::{CadcOffset, LeakPotential};
use crate::targets::MembraneTargets;
use crate::{CalibrationError, CalibrationResult, RoutineResult};

/// Which part of a calibration for membranes is done anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// The digital offsets of the CADC channels alone: cheapest, one prediction and no search.
    Baseline,
    /// References of the OTAs, leak and reset potentials, then the baselines.
    References,
}

impl CalibrationResult {
    /// Applies the calibration and does a part of it anew, at its own cost; everything else stays.
    ///
    /// # Errors
    /// [`CalibrationError::OtherChip`] if it belongs to another chip,
    /// [`CalibrationError::NotRefreshable`] if it is not one for membranes; what the chip refuses.
    pub fn refresh(
        &self,
        part: Refresh,
        chip: &mut dyn Chip,
        trial_seed: u64,
        on_routine: &mut dyn FnMut(&RoutineResult),
    ) -> Result<Self, CalibrationError> {
        let (targets, options): (MembraneTargets, MembraneOptions) = match self.procedure {
            Procedure::Membrane(procedure) => (procedure.targets, procedure.options),
            Procedure::Joint(procedure) => (procedure.targets, procedure.options.as_membrane()),
            Procedure::SynapticLine(_) | Procedure::Cadc(_) => {
                return Err(CalibrationError::NotRefreshable {
                    procedure: self.procedure.name(),
                });
            }
        };
        let bench = self.on_bench(chip, trial_seed)?;
        let mut session = Session::new(bench, trial_seed, on_routine);
        match part {
            Refresh::Baseline => session.run(&mut CadcOffset::baseline(), &UNIT_STEP)?,
            Refresh::References => {
                // Otherwise offset currents would make up for leak potentials that have moved.
                let leak = LeakPotential::new(targets.leak_lsb, targets.tau_mem_us);
                let noisy = session.noisy();
                session.run(&mut leak.without_inputs(), &noisy)?;
                References::of(&targets).run(&mut session)?;
                finish(&mut session, &targets, &options)?;
            }
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
}
