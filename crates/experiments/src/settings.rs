//! What a user can set.

use std::path::PathBuf;

use serde::Serialize;

use crate::ExperimentError;

/// How much work a study is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// At most a minute on two cores with the embedded digits.
    #[default]
    Quick,
    /// More chips, for figures with uncertainties.
    Standard,
    /// As many chips and epochs as the findings in the documentation rest on.
    Full,
}

impl Preset {
    /// Name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }
}

/// Settings of a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How much work to do.
    pub preset: Preset,
    /// Folder with IDX files (MNIST and its kin); without it the embedded digits are used.
    pub data: Option<PathBuf>,
    /// Number of chips, 1…1000; without it the preset's.
    pub chips: Option<usize>,
    /// Seed of everything random, and of the first chip; the others have the seeds that follow.
    pub seed: u64,
    /// Number of threads, 1…1024; without it as many as the machine has cores. Never changes a
    /// result.
    pub threads: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            data: None,
            chips: None,
            seed: 1,
            threads: None,
        }
    }
}

impl Settings {
    /// Refuses numbers outside their ranges.
    ///
    /// # Errors
    /// [`ExperimentError::SettingOutOfRange`].
    pub fn check(&self) -> Result<(), ExperimentError> {
        let ranges = [("chips", self.chips, 1000), ("threads", self.threads, 1024)];
        for (setting, value, max) in ranges {
            if let Some(value) = value
                && !(1..=max).contains(&value)
            {
                return Err(ExperimentError::SettingOutOfRange {
                    setting,
                    value: value as u64,
                    min: 1,
                    max: max as u64,
                });
            }
        }
        Ok(())
    }

    /// Seeds of the chips of a study with `default_chips` chips unless set otherwise.
    pub fn chip_seeds(&self, default_chips: usize) -> Vec<u64> {
        (0..self.chips.unwrap_or(default_chips) as u64)
            .map(|i| self.seed.wrapping_add(i))
            .collect()
    }
}
