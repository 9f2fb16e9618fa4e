//! What a user can set.

use std::path::PathBuf;

use bss2_hardware::ChipConfig;

use crate::{ExperimentError, Preset};

/// Settings of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How much work to do.
    pub preset: Preset,
    /// Folder with IDX files (MNIST and its kin); without it the embedded digits are used.
    pub data: Option<PathBuf>,
    /// Number of chips, 1…[`MAX_CHIPS`](Self::MAX_CHIPS); without it the preset's.
    pub chips: Option<usize>,
    /// What the chips are like.
    pub chip: ChipConfig,
    /// Seed of everything random, and of the first chip, 0…[`MAX_SEED`](Self::MAX_SEED); the
    /// others have the seeds that follow.
    pub seed: u64,
    /// Number of threads, 1…[`MAX_THREADS`](Self::MAX_THREADS); without it as many as the machine
    /// has cores. Never changes a result.
    pub threads: Option<usize>,
    /// Parameters of experiments, by the experiment's name, that take the place of the preset's: a
    /// table with as many of them as are to differ. The configuration of an earlier run may be given
    /// as it is.
    pub parameters: toml::Table,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            data: None,
            chips: None,
            chip: ChipConfig::typical(),
            seed: 1,
            threads: None,
            parameters: toml::Table::new(),
        }
    }
}

impl Settings {
    /// The most chips of a study.
    pub const MAX_CHIPS: usize = 1000;
    /// The largest seed: that of the last of the most chips is 2⁵³ − 1, which every reader of CSV
    /// and JSON still reads exactly.
    pub const MAX_SEED: u64 = (1 << 53) - Self::MAX_CHIPS as u64;
    /// The most threads of a study.
    pub const MAX_THREADS: usize = 1024;

    /// Refuses numbers outside their ranges.
    ///
    /// # Errors
    /// [`ExperimentError::SettingOutOfRange`].
    pub fn check(&self) -> Result<(), ExperimentError> {
        let number = |count: usize| count as u64;
        check("chips", self.chips.map(number), 1, number(Self::MAX_CHIPS))?;
        check("seed", Some(self.seed), 0, Self::MAX_SEED)?;
        check(
            "threads",
            self.threads.map(number),
            1,
            number(Self::MAX_THREADS),
        )
    }

    /// Seeds of the chips of a study with `default_chips` chips unless set otherwise, of
    /// [`MAX_CHIPS`](Self::MAX_CHIPS) at most.
    pub fn chip_seeds(&self, default_chips: usize) -> Vec<u64> {
        let chips = self.chips.unwrap_or(default_chips).min(Self::MAX_CHIPS);
        (0..chips as u64)
            .map(|i| self.seed.wrapping_add(i))
            .collect()
    }
}

/// Refuses a number outside its range.
pub(crate) fn check(
    setting: &'static str,
    value: Option<u64>,
    min: u64,
    max: u64,
) -> Result<(), ExperimentError> {
    match value {
        Some(value) if !(min..=max).contains(&value) => Err(ExperimentError::SettingOutOfRange {
            setting,
            value,
            min,
            max,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_chips_is_too_large_to_have_seeds() {
        let settings = Settings {
            chips: Some(usize::MAX),
            seed: u64::MAX,
            ..Settings::default()
        };
        assert_eq!(settings.chip_seeds(1).len(), Settings::MAX_CHIPS);
        let seeds = Settings::default().chip_seeds(usize::MAX);
        assert_eq!(seeds.len(), Settings::MAX_CHIPS);
    }
}
