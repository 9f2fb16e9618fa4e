//! Routines in their order.

use bss2_core::{ArrayMode, Chip, ChipControl, Metered};
use serde::{Deserialize, Serialize};

use crate::measure::check_runs;
use crate::routine::{CadcOffset, ColumnGain, DriverOffset, InputSign, Routine};
use crate::search::{BinarySearch, LinearPrediction, SearchAlgorithm};
use crate::{Bench, CalibrationError, CalibrationResult, RoutineResult, run_routine};

/// The calibration of a chip for multiplications with signed weights.
///
/// CADC offsets, driver offsets, then excitatory and inhibitory column gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Procedure {
    /// Readouts averaged for each CADC baseline, 1…1000; 32 by default.
    pub baseline_runs: usize,
    /// Multiplications averaged for each column amplitude, 1…1000; 16 by default.
    pub gain_runs: usize,
    /// Multiplications averaged for each driver amplitude, 1…1000; 2 by default.
    pub driver_runs: usize,
}

impl Default for Procedure {
    fn default() -> Self {
        Self {
            baseline_runs: 32,
            gain_runs: 16,
            driver_runs: 2,
        }
    }
}

/// Sends per event when a driver is measured alone: about 70 LSB at the high activation.
const DRIVER_SENDS: u32 = 32;

impl Procedure {
    /// Number of routines, for progress.
    pub const ROUTINES: usize = 4;

    /// Brings the chip into membrane mode, resets its registers, calibrates it, tells `on_routine` of
    /// each routine that has ended, and leaves the chip calibrated with all weights zero.
    ///
    /// # Errors
    /// [`CalibrationError::OptionOutOfRange`] for an option outside its range, before the chip is
    /// touched; what the chip refuses otherwise.
    pub fn run<C: Chip + ?Sized>(
        &self,
        chip: &mut C,
        trial_seed: u64,
        on_routine: &mut dyn FnMut(&RoutineResult),
    ) -> Result<CalibrationResult, CalibrationError> {
        self.check()?;
        let mut metered = Metered::new(chip);
        metered.set_mode(ArrayMode::Membrane)?;
        metered.reset_registers()?;
        let mut bench = Bench::new(&mut metered, trial_seed);
        let mut routines = Vec::with_capacity(Self::ROUTINES);
        for (routine, search) in &mut self.steps() {
            let result = run_routine(&mut bench, routine.as_mut(), *search)?;
            on_routine(&result);
            routines.push(result);
        }
        bench.load_uniform_weight(0)?;
        let report = bench.report();
        Ok(CalibrationResult {
            chip: metered.identity(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            trial_seed,
            procedure: *self,
            routines,
            cost: metered.take_ledger(),
            report,
        })
    }

    fn steps<C: Chip + ?Sized>(
        &self,
    ) -> [(Box<dyn Routine<C>>, &'static dyn SearchAlgorithm); Self::ROUTINES] {
        /// The offset is added to the code as it is.
        const UNIT_STEP: LinearPrediction = LinearPrediction {
            response_per_step: 1.0,
        };
        let cadc_offset = CadcOffset {
            runs: self.baseline_runs,
        };
        let driver_offset = DriverOffset {
            runs: self.driver_runs,
            num_sends: DRIVER_SENDS,
        };
        let gain = |sign| ColumnGain {
            sign,
            runs: self.gain_runs,
        };
        [
            (Box::new(cadc_offset), &UNIT_STEP),
            (Box::new(driver_offset), &BinarySearch),
            (Box::new(gain(InputSign::Excitatory)), &BinarySearch),
            (Box::new(gain(InputSign::Inhibitory)), &BinarySearch),
        ]
    }

    fn check(&self) -> Result<(), CalibrationError> {
        check_runs("baseline_runs", self.baseline_runs)?;
        check_runs("gain_runs", self.gain_runs)?;
        check_runs("driver_runs", self.driver_runs)
    }
}
