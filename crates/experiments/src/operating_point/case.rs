//! A network on chips of one kind.

use bss2_hardware::ChipConfig;
use serde::{Deserialize, Serialize};

use super::{FreshChip, NetworkTask};
use crate::{ExperimentError, Settings};

/// A network on chips of one kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkCase {
    /// Name for people.
    pub name: String,
    /// The chips.
    pub chip: ChipConfig,
    /// What is computed.
    pub task: NetworkTask,
}

impl NetworkCase {
    /// The chip of each seed.
    pub(crate) fn fresh_chips(&self, seeds: &[u64]) -> Result<Vec<FreshChip>, ExperimentError> {
        seeds.iter().map(|&seed| self.fresh_chip(seed)).collect()
    }

    fn fresh_chip(&self, seed: u64) -> Result<FreshChip, ExperimentError> {
        Ok(FreshChip::new(&self.chip.clone().check()?, seed))
    }

    /// A task on the study's chips.
    pub(crate) fn of_study(settings: &Settings, task: NetworkTask) -> Self {
        Self {
            name: settings
                .chip
                .preset_name()
                .unwrap_or("as configured")
                .to_owned(),
            chip: settings.chip.clone(),
            task,
        }
    }

    /// The same, and beside typical chips such of a worse process.
    pub(crate) fn of_processes(settings: &Settings, task: NetworkTask) -> Vec<Self> {
        let of_study = Self::of_study(settings, task);
        let worse = Self {
            name: "worse".to_owned(),
            chip: ChipConfig::worse_process(),
            ..of_study.clone()
        };
        if settings.chip == ChipConfig::typical() {
            vec![of_study, worse]
        } else {
            vec![of_study]
        }
    }
}
