//! The real chip's own tests, on simulated chips in every state.

use bss2_calibration::acceptance::{Group, Verdict};
use bss2_calibration::{CalibrationResult, LineProcedure, Procedure};
use bss2_core::random::derive_seed;
use bss2_hardware::SimulatedChip;
use serde::{Deserialize, Serialize};

use crate::ExperimentError;

/// In which state a chip is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Right after a calibration.
    Calibrated,
    /// As it was made.
    Fresh,
    /// Calibrated, and what the group tests undone.
    Overwritten,
    /// The same after the calibration was applied again.
    Reapplied,
}

impl State {
    pub(crate) const ALL: [Self; 4] = [
        Self::Calibrated,
        Self::Fresh,
        Self::Overwritten,
        Self::Reapplied,
    ];

    /// Name in tables and result files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::Fresh => "fresh",
            Self::Overwritten => "overwritten",
            Self::Reapplied => "reapplied",
        }
    }

    /// Whether a chip in this state is to pass.
    pub(crate) const fn is_to_pass(self) -> bool {
        matches!(self, Self::Calibrated | Self::Reapplied)
    }
}

/// A chip right after a calibration, and its result.
#[derive(Clone)]
pub(crate) struct Calibrated {
    pub(crate) chip: SimulatedChip,
    pub(crate) result: CalibrationResult,
}

impl Calibrated {
    /// Calibrates a copy of a chip as it was made.
    pub(crate) fn by(
        procedure: Procedure,
        fresh: &SimulatedChip,
        trial_seed: u64,
    ) -> Result<Self, ExperimentError> {
        let mut chip = fresh.clone();
        let result = procedure.run(&mut chip, trial_seed, &mut |_| {})?;
        Ok(Self { chip, result })
    }

    /// A copy, converted to synaptic lines.
    pub(crate) fn converted(
        &self,
        procedure: LineProcedure,
        trial_seed: u64,
    ) -> Result<Self, ExperimentError> {
        let mut chip = self.chip.clone();
        let result = procedure.convert(&self.result, &mut chip, trial_seed, &mut |_| {})?;
        Ok(Self { chip, result })
    }

    /// Judges a copy of the chip in a state, with noise of its own for every group and state.
    pub(crate) fn judge(
        &self,
        group: Group,
        state: State,
        fresh: &SimulatedChip,
        trial_seed: u64,
    ) -> Result<Vec<Verdict>, ExperimentError> {
        let mut chip = match state {
            State::Calibrated | State::Overwritten | State::Reapplied => self.chip.clone(),
            State::Fresh => fresh.clone(),
        };
        if matches!(state, State::Overwritten | State::Reapplied) {
            group.overwrite(&mut chip)?;
        }
        if state == State::Reapplied {
            self.result.apply(&mut chip)?;
        }
        let working = match state {
            State::Fresh => None,
            State::Calibrated | State::Overwritten | State::Reapplied => {
                Some(self.result.working_columns.as_slice())
            }
        };
        let trial_seed = derive_seed(derive_seed(trial_seed, group as u64), state as u64);
        Ok(group.judge(&mut chip, working, trial_seed)?)
    }
}
