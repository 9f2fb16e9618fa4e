//! A chip as it was made, and what it was calibrated to.

use std::sync::{Arc, Mutex, PoisonError};

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::random::derive_seed;
use bss2_hardware::{CheckedConfig, SimulatedChip};

use crate::ExperimentError;

/// Purpose of the seed of calibrations.
const CALIBRATION: u64 = 1;

/// A chip as it was made. Points that share a calibration need it once.
pub(crate) struct FreshChip {
    chip: SimulatedChip,
    pub(crate) seed: u64,
    /// Without their routines, which are most of what they hold.
    known: Mutex<Vec<Arc<CalibrationResult>>>,
}

impl FreshChip {
    pub(crate) fn new(config: &CheckedConfig, seed: u64) -> Self {
        Self {
            chip: SimulatedChip::new(config, seed),
            seed,
            known: Mutex::default(),
        }
    }

    pub(super) const fn chip(&self) -> &SimulatedChip {
        &self.chip
    }

    /// The chip calibrated by a procedure, as it is when a calibration is loaded, whether that was
    /// found now or before.
    pub(super) fn calibrated(
        &self,
        procedure: &Procedure,
    ) -> Result<(SimulatedChip, Arc<CalibrationResult>), ExperimentError> {
        let known = self.known(procedure);
        let result = known.map_or_else(|| self.calibrate(procedure), Ok)?;
        let mut chip = self.chip.clone();
        result.apply(&mut chip)?;
        Ok((chip, result))
    }

    fn known(&self, procedure: &Procedure) -> Option<Arc<CalibrationResult>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = known.iter().filter(|known| known.procedure == *procedure);
        found.next().cloned()
    }

    /// (The lock is not held meanwhile: who waits for it may have to go on for this to end.)
    fn calibrate(&self, procedure: &Procedure) -> Result<Arc<CalibrationResult>, ExperimentError> {
        let seed = derive_seed(self.seed, CALIBRATION);
        let result = procedure.run(&mut self.chip.clone(), seed, &mut |_| ())?;
        let result = Arc::new(CalibrationResult {
            routines: Vec::new(),
            ..result
        });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push(Arc::clone(&result));
        Ok(result)
    }
}
