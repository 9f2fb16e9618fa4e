//! What a calibration leaves behind.

use bss2_core::{ChipControl, ChipIdentity, CostLedger, Register, RunReport};
use serde::{Deserialize, Serialize};

use crate::{CalibrationError, Procedure};

/// What one routine did to its register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutineResult {
    /// The routine.
    pub name: String,
    /// Unit of the residuals.
    pub unit: String,
    /// The register that was turned.
    pub register: Register,
    /// The values found, one per instance.
    pub values: Vec<i32>,
    /// Whether each instance ended inside the register's range and within tolerance.
    pub success: Vec<bool>,
    /// Distance from the target before the routine, one per instance.
    pub before: Vec<f64>,
    /// Distance from the target after it, one per instance.
    pub after: Vec<f64>,
    /// How often all instances were measured.
    pub measurements: usize,
}

impl RoutineResult {
    /// Standard deviation of the distance from the target before, over the instances that
    /// succeeded (the others are counted in [`success_rate`](Self::success_rate)).
    pub fn spread_before(&self) -> f64 {
        self.spread(&self.before)
    }

    /// The same after the routine.
    pub fn spread_after(&self) -> f64 {
        self.spread(&self.after)
    }

    /// Share of instances that succeeded, 0…1.
    pub fn success_rate(&self) -> f64 {
        let succeeded = self.success.iter().filter(|&&s| s).count();
        succeeded as f64 / self.success.len().max(1) as f64
    }

    fn spread(&self, residuals: &[f64]) -> f64 {
        let succeeded = || {
            residuals
                .iter()
                .zip(&self.success)
                .filter(|&(_, &s)| s)
                .map(|(r, _)| r)
        };
        let count = succeeded().count().max(1) as f64;
        let mean = succeeded().sum::<f64>() / count;
        (succeeded().map(|r| (r - mean).powi(2)).sum::<f64>() / count).sqrt()
    }
}

/// Register values for one chip, with their provenance.
///
/// Serialisable; JSON keeps residuals to the last bit only with `serde_json`'s `float_roundtrip`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationResult {
    /// The chip that was calibrated.
    pub chip: ChipIdentity,
    /// Version of this crate.
    pub tool_version: String,
    /// Seed of the measurements' noise.
    pub trial_seed: u64,
    /// The options.
    pub procedure: Procedure,
    /// The routines in the order they ran; later ones override earlier ones on the same register.
    pub routines: Vec<RoutineResult>,
    /// What it cost.
    pub cost: CostLedger,
    /// What the chip said of the measurements: readings that a simulated chip computed outside its
    /// validity make a calibration doubtful.
    pub report: RunReport,
}

impl CalibrationResult {
    /// Resets the registers of the chip that the values belong to, writes them, and settles.
    ///
    /// # Errors
    /// [`CalibrationError::OtherChip`] if the chip is another one, before anything is written;
    /// [`CalibrationError::Control`] if it refuses a value.
    pub fn apply<C: ChipControl + ?Sized>(&self, chip: &mut C) -> Result<(), CalibrationError> {
        let found = chip.identity();
        if found != self.chip {
            return Err(CalibrationError::OtherChip {
                calibrated: self.chip.clone(),
                found,
            });
        }
        let geometry = chip.control_geometry();
        for routine in &self.routines {
            routine.register.check(geometry, &routine.values)?;
        }
        chip.reset_registers()?;
        for routine in &self.routines {
            chip.write_register(routine.register, &routine.values)?;
        }
        chip.settle()?;
        Ok(())
    }
}
