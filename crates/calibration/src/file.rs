//! Calibrations in files.

use std::path::Path;

use bss2_file::Format;

use crate::{CalibrationError, CalibrationResult};

impl CalibrationResult {
    /// What such a file holds. The version grows whenever the stored type changes.
    pub const FORMAT: Format = Format::new("calibration", 1);

    /// Writes the calibration into a file; an earlier one is replaced as a whole or not at all.
    ///
    /// # Errors
    /// [`CalibrationError::File`].
    pub fn save(&self, path: &Path) -> Result<(), CalibrationError> {
        Ok(bss2_file::save(path, Self::FORMAT, self)?)
    }

    /// Reads a calibration back.
    ///
    /// # Errors
    /// [`CalibrationError::File`] unless the file is an intact calibration of this format version.
    pub fn load(path: &Path) -> Result<Self, CalibrationError> {
        Ok(bss2_file::load(path, Self::FORMAT)?)
    }
}
