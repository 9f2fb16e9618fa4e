//! Twins in files.

use std::path::Path;

use bss2_file::Format;

use super::Twin;
use crate::TrainingError;

impl Twin {
    /// What such a file holds. The version grows whenever the stored type changes.
    pub const FORMAT: Format = Format::new("twin", 1);

    /// Writes the twin into a file; an earlier one is replaced as a whole or not at all.
    ///
    /// # Errors
    /// [`TrainingError::File`].
    pub fn save(&self, path: &Path) -> Result<(), TrainingError> {
        Ok(bss2_file::save(path, Self::FORMAT, self)?)
    }

    /// Reads a twin back.
    ///
    /// # Errors
    /// [`TrainingError::File`] unless the file is an intact twin of this format version.
    pub fn load(path: &Path) -> Result<Self, TrainingError> {
        Ok(bss2_file::load(path, Self::FORMAT)?)
    }
}
