//! A chip as it was made, and what it was calibrated to.

use std::sync::{Arc, Mutex, PoisonError};

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::random::derive_seed;
use bss2_hardware::{CheckedConfig, SimulatedChip};

use super::bench::CALIBRATION;
use crate::ExperimentError;

/// Calibrations that a chip remembers at most, 40 kB each.
const REMEMBERED: usize = 32;

/// A chip as it was made. Points that share a calibration find it where one of them needed it lately.
pub(crate) struct FreshChip {
    chip: SimulatedChip,
    pub(crate) seed: u64,
    /// The latest last, without their routines, which are most of what they hold.
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

    pub(super) const fn as_made(&self) -> &SimulatedChip {
        &self.chip
    }

    /// The chip with the calibration of a procedure loaded, be it found now or before, and that
    /// calibration, whose list of routines is empty.
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
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known
            .iter()
            .position(|known| known.procedure == *procedure)?;
        known[place..].rotate_left(1);
        known.last().cloned()
    }

    fn calibrate(&self, procedure: &Procedure) -> Result<Arc<CalibrationResult>, ExperimentError> {
        // Without the lock: a thread that waits for it might be one that this waits for. Who wants the
        // same meanwhile finds the same.
        let seed = derive_seed(self.seed, CALIBRATION);
        let result = procedure.run(&mut self.chip.clone(), seed, &mut |_| ())?;
        let result = Arc::new(CalibrationResult {
            routines: Vec::new(),
            ..result
        });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| known.procedure != *procedure);
        if known.len() == REMEMBERED {
            known.remove(0);
        }
        known.push(Arc::clone(&result));
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use bss2_calibration::JointProcedure;
    use bss2_core::{ChipProbe, MacArray, PulseRequest, Region, Trial};
    use bss2_hardware::ChipConfig;
    use ndarray::Array2;

    use super::*;

    fn joint(driver_runs: usize) -> Procedure {
        let mut procedure = JointProcedure::default();
        procedure.options.driver_runs = driver_runs;
        Procedure::Joint(procedure)
    }

    /// What both channels of a hemisphere see of a pulse.
    fn codes(chip: &SimulatedChip) -> [Array2<u8>; 2] {
        let mut chip = chip.clone();
        let region = Region::whole(chip.geometry(), 0);
        let weights = Array2::from_elem((region.inputs, region.columns), 20);
        chip.load_weights(region, weights.view()).unwrap();
        let mut codes = [(); 2].map(|()| Array2::zeros((3, region.columns)));
        let [causal, acausal] = &mut codes;
        let request = PulseRequest {
            region,
            trial: Trial::new(1),
            events: 1,
            interval_cycles: 1,
            readout_delay_cycles: PulseRequest::USUAL_READOUT_DELAY,
        };
        chip.read_pulses(&request, [causal.view_mut(), acausal.view_mut()])
            .unwrap();
        codes
    }

    #[test]
    fn a_calibration_is_the_same_whether_it_was_known_or_not() {
        let config = ChipConfig::typical().check().unwrap();
        let chip = FreshChip::new(&config, 3);
        let (first, found) = chip.calibrated(&joint(1)).unwrap();
        let (other, _) = chip.calibrated(&joint(2)).unwrap();
        let (second, known) = chip.calibrated(&joint(1)).unwrap();
        assert!(Arc::ptr_eq(&found, &known));
        assert_eq!(codes(&first), codes(&second));
        assert_ne!(codes(&first), codes(&other));
        let mut as_left = chip.as_made().clone();
        let seed = derive_seed(3, CALIBRATION);
        joint(1).run(&mut as_left, seed, &mut |_| ()).unwrap();
        assert_eq!(codes(&first), codes(&as_left));
    }

    #[test]
    fn only_the_latest_calibrations_are_remembered() {
        let config = ChipConfig::typical().check().unwrap();
        let chip = FreshChip::new(&config, 3);
        let (_, result) = chip.calibrated(&joint(1)).unwrap();
        let of_runs = |driver_runs| {
            Arc::new(CalibrationResult {
                procedure: joint(driver_runs),
                ..(*result).clone()
            })
        };
        *chip.known.lock().unwrap() = (2..2 + REMEMBERED).map(of_runs).collect();
        assert!(chip.known(&joint(2)).is_some());
        chip.calibrated(&joint(1)).unwrap();
        assert_eq!(chip.known.lock().unwrap().len(), REMEMBERED);
        assert!(chip.known(&joint(2)).is_some());
        assert!(chip.known(&joint(3)).is_none());
    }
}
