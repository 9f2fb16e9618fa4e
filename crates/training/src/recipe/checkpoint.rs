//! A training that was interrupted.

use std::path::Path;

use bss2_core::CostLedger;
use bss2_file::Format;
use serde::{Deserialize, Serialize};

use super::{ChipFigures, StageReport};
use crate::{NetworkState, OptimizerState, TrainingError, TrainingState};

/// Everything that a recipe needs to continue after an epoch, bit for bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// What is trained, how, and on what.
    pub(super) fingerprint: u64,
    /// The stage that was last worked on.
    pub(super) stage: usize,
    /// The stages before it.
    pub(super) reports: Vec<StageReport>,
    /// The digital network as it was brought onto the array, once it was.
    pub(super) digital: Option<NetworkState>,
    pub(super) figures: Option<ChipFigures>,
    pub(super) network: NetworkState,
    pub(super) optimizer: OptimizerState,
    pub(super) training: TrainingState,
    /// What the stage has cost so far.
    pub(super) cost: CostLedger,
}

impl Checkpoint {
    /// What such a file holds. The version grows whenever the stored type changes.
    pub const FORMAT: Format = Format::new("checkpoint", 2);

    /// Reads a checkpoint; `None` if there is no such file.
    ///
    /// # Errors
    /// [`TrainingError::File`] unless the file is an intact checkpoint of this format version.
    pub fn load(path: &Path) -> Result<Option<Self>, TrainingError> {
        if path.exists() {
            Ok(Some(bss2_file::load(path, Self::FORMAT)?))
        } else {
            Ok(None)
        }
    }

    pub(super) fn save(&self, path: &Path) -> Result<(), TrainingError> {
        Ok(bss2_file::save(path, Self::FORMAT, self)?)
    }
}
