//! Which chip lies on the bench.

use std::path::Path;

use bss2_calibration::CalibrationResult;
use bss2_hardware::{ChipConfig, SimulatedChip};

use crate::settings::check;
use crate::{ExperimentError, Settings};

/// A simulated chip by its seed, what its kind is like, and how warm it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ChipChoice {
    /// Seed of the chip's mismatch, 0…[`Settings::MAX_SEED`].
    pub seed: u64,
    /// What such chips are like.
    pub config: ChipConfig,
    /// Temperature in °C, −40…125; without it, the configuration's temperature of reference.
    pub temperature_celsius: Option<f32>,
}

impl ChipChoice {
    /// A typical chip at its temperature of reference.
    pub fn typical(seed: u64) -> Self {
        Self {
            seed,
            config: ChipConfig::typical(),
            temperature_celsius: None,
        }
    }

    /// The chip as it was made.
    pub(super) fn make(&self) -> Result<SimulatedChip, ExperimentError> {
        check("chip", Some(self.seed), 0, Settings::MAX_SEED)?;
        let mut chip = SimulatedChip::new(&self.config.clone().check()?, self.seed);
        if let Some(celsius) = self.temperature_celsius {
            chip.set_temperature_celsius(celsius)?;
        }
        Ok(chip)
    }

    /// The chip with a calibration from a file, if one is given.
    pub(super) fn calibrated(
        &self,
        calibration: Option<&Path>,
    ) -> Result<SimulatedChip, ExperimentError> {
        let mut chip = self.make()?;
        if let Some(path) = calibration {
            CalibrationResult::load(path)?.apply(&mut chip)?;
        }
        Ok(chip)
    }

    /// What the chip's kind is, in a word.
    pub(super) fn kind(&self) -> &'static str {
        self.config.preset_name().unwrap_or("own configuration")
    }
}

/// Refuses a seed of trials outside its range.
pub(super) fn check_trial_seed(seed: u64) -> Result<(), ExperimentError> {
    check("seed", Some(seed), 0, Settings::MAX_SEED)
}
