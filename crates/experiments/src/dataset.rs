//! The data that a study trains and tests on.

use bss2_data::{Dataset, Digits, Idx, Split};
use bss2_training::Examples;

use crate::{ExperimentError, Settings};

/// A data set, split.
#[derive(Clone, Debug)]
pub struct StudyData {
    /// Its name, for people.
    pub name: String,
    /// Length of an input.
    pub features: usize,
    /// Number of classes.
    pub classes: usize,
    /// Whether it was read from files rather than embedded.
    pub from_files: bool,
    split: Split,
}

impl StudyData {
    /// Reads the data set that the settings ask for.
    ///
    /// # Errors
    /// [`ExperimentError::Data`] if a file is missing or corrupt.
    pub fn load(settings: &Settings) -> Result<Self, ExperimentError> {
        let dataset: Box<dyn Dataset> = match &settings.data {
            None => Box::new(Digits::new(settings.seed)),
            Some(folder) => {
                let name = folder.file_name().map_or_else(
                    || "IDX files".to_owned(),
                    |name| name.to_string_lossy().into_owned(),
                );
                Box::new(Idx::open(name, folder)?)
            }
        };
        Ok(Self {
            name: dataset.name().to_owned(),
            features: dataset.feature_shape().features(),
            classes: dataset.num_classes(),
            from_files: settings.data.is_some(),
            split: dataset.split()?,
        })
    }

    /// The training samples.
    ///
    /// # Errors
    /// [`ExperimentError::Training`] if there are none.
    pub fn training(&self) -> Result<Examples<'_>, ExperimentError> {
        let samples = &self.split.train;
        Ok(Examples::new(samples.inputs().view(), samples.labels())?)
    }

    /// The test samples.
    ///
    /// # Errors
    /// [`ExperimentError::Training`] if there are none.
    pub fn test(&self) -> Result<Examples<'_>, ExperimentError> {
        let samples = &self.split.test;
        Ok(Examples::new(samples.inputs().view(), samples.labels())?)
    }
}
