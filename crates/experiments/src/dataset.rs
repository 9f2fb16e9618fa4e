//! The data that a study trains and tests on.

use std::path::PathBuf;

use bss2_data::{Dataset, Digits, Idx, Split, YinYang};
use bss2_training::Examples;
use ndarray::{ArrayView2, Axis};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::configuration::to_toml;
use crate::jobs::hexadecimal;
use crate::{ExperimentError, Settings};

/// What there is to know about a data set besides its samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DataDescription {
    /// Its name, for people.
    pub name: String,
    /// Length of an input.
    pub features: usize,
    /// Number of classes.
    pub classes: usize,
    /// Number of samples to train on.
    pub training_samples: usize,
    /// Number of samples to test on.
    pub test_samples: usize,
    /// Whether it was read from files rather than embedded.
    pub from_files: bool,
    /// Names the content: part of its SHA-256, in hexadecimal digits.
    pub digest: String,
}

/// A data set, split.
#[derive(Clone, Debug)]
pub struct StudyData {
    description: DataDescription,
    /// Channels, rows and columns.
    image: (usize, usize, usize),
    split: Split,
}

/// Which data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataChoice {
    /// The embedded handwritten digits.
    Digits,
    /// Points of the Yin-Yang figure.
    YinYang,
    /// A folder with IDX files (MNIST and its kin).
    Folder(PathBuf),
}

/// Samples of Yin-Yang to train and to test on, as in its publication.
const YIN_YANG_SAMPLES: (usize, usize) = (5000, 1000);

impl DataChoice {
    /// `digits`, `yin-yang`, or the path of a folder.
    pub fn named(name: &str) -> Self {
        match name {
            "digits" => Self::Digits,
            "yin-yang" => Self::YinYang,
            path => Self::Folder(path.into()),
        }
    }
}

impl StudyData {
    /// Reads the data set that the settings ask for.
    ///
    /// # Errors
    /// Those of [`of`](Self::of).
    pub fn load(settings: &Settings) -> Result<Self, ExperimentError> {
        let choice = match &settings.data {
            None => DataChoice::Digits,
            Some(folder) => DataChoice::Folder(folder.clone()),
        };
        Self::of(&choice, settings.seed)
    }

    /// Reads or makes a data set; `seed` decides which of the digits are for testing, and which points
    /// of Yin-Yang there are.
    ///
    /// # Errors
    /// [`ExperimentError::NoDataFolder`]; [`ExperimentError::Data`] if a file is missing or corrupt;
    /// [`ExperimentError::DegenerateData`] if there is only one class, a class without a training
    /// image, or nothing but equal images.
    pub fn of(choice: &DataChoice, seed: u64) -> Result<Self, ExperimentError> {
        let dataset: Box<dyn Dataset> = match choice {
            DataChoice::Digits => Box::new(Digits::new(seed)),
            DataChoice::YinYang => {
                Box::new(YinYang::new(YIN_YANG_SAMPLES.0, YIN_YANG_SAMPLES.1, seed)?)
            }
            DataChoice::Folder(folder) => {
                let name = folder.file_name().map_or_else(
                    || "IDX files".to_owned(),
                    |name| name.to_string_lossy().into_owned(),
                );
                if !folder.is_dir() {
                    return Err(ExperimentError::NoDataFolder {
                        folder: folder.clone(),
                    });
                }
                Box::new(Idx::open(name, folder)?)
            }
        };
        let split = dataset.split()?;
        if let Some(reason) = why_degenerate(&split, dataset.num_classes()) {
            return Err(ExperimentError::DegenerateData {
                name: dataset.name().to_owned(),
                reason,
            });
        }
        let description = DataDescription {
            name: dataset.name().to_owned(),
            features: dataset.feature_shape().features(),
            classes: dataset.num_classes(),
            training_samples: split.train.len(),
            test_samples: split.test.len(),
            from_files: matches!(choice, DataChoice::Folder(_)),
            digest: digest(&split),
        };
        let shape = dataset.feature_shape();
        let image = (shape.channels(), shape.height(), shape.width());
        Ok(Self {
            description,
            image,
            split,
        })
    }

    /// Name and sizes.
    pub const fn description(&self) -> &DataDescription {
        &self.description
    }

    /// Name, sizes and content as an entry of a configuration.
    pub(crate) fn facts(&self, name: &str) -> Result<toml::Table, ExperimentError> {
        let description = to_toml(&self.description)?;
        Ok(toml::Table::from_iter([(
            name.to_owned(),
            description.into(),
        )]))
    }

    /// Channels, rows and columns of an image.
    pub const fn image(&self) -> (usize, usize, usize) {
        self.image
    }

    /// The training samples.
    ///
    /// # Errors
    /// [`ExperimentError::Training`] if there are none.
    pub fn training(&self) -> Result<Examples<'_>, ExperimentError> {
        let samples = &self.split.train;
        Ok(Examples::new(samples.inputs().view(), samples.labels())?)
    }

    /// Inputs of the first training samples, `count` or as many as there are.
    pub fn first_training_inputs(&self, count: usize) -> ArrayView2<'_, f32> {
        let inputs = self.split.train.inputs().view();
        let (first, _) = inputs.split_at(Axis(0), count.min(inputs.nrows()));
        first
    }

    /// The first training samples alone, `count` or as many as there are: every fifth of them is to
    /// test on, the others to train on.
    pub(crate) fn with_test_from_training(&self, count: usize) -> Result<Self, ExperimentError> {
        const ONE_IN: usize = 5;
        let all = &self.split.train;
        let (test, train) =
            (0..all.len().min(count)).partition::<Vec<usize>, _>(|i| i % ONE_IN == 0);
        let split = Split {
            train: all.select(&train)?,
            test: all.select(&test)?,
        };
        let description = DataDescription {
            training_samples: split.train.len(),
            test_samples: split.test.len(),
            ..self.description.clone()
        };
        Ok(Self {
            description,
            image: self.image,
            split,
        })
    }

    /// Classes of the training samples.
    pub fn training_labels(&self) -> &[u8] {
        self.split.train.labels()
    }

    /// The test samples.
    ///
    /// # Errors
    /// [`ExperimentError::Training`] if there are none.
    pub fn test(&self) -> Result<Examples<'_>, ExperimentError> {
        let samples = &self.split.test;
        Ok(Examples::new(samples.inputs().view(), samples.labels())?)
    }

    /// Classes of the test samples.
    pub fn test_labels(&self) -> &[u8] {
        self.split.test.labels()
    }
}

/// Names the samples: inputs bit by bit, and labels.
fn digest(split: &Split) -> String {
    const SHOWN_BYTES: usize = 8;
    let mut digest = Sha256::new();
    for samples in [&split.train, &split.test] {
        let mut bytes = Vec::new();
        for row in samples.inputs().outer_iter() {
            bytes.clear();
            bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
            digest.update(&bytes);
        }
        digest.update(samples.labels());
    }
    hexadecimal(&digest.finalize()[..SHOWN_BYTES])
}

/// Why a network could not learn from the samples, if so.
fn why_degenerate(split: &Split, classes: usize) -> Option<String> {
    if classes < 2 {
        return Some("it has only one class".to_owned());
    }
    let counts = split.train.class_counts();
    let missing = (0..classes).find(|&class| counts.get(class).is_none_or(|&count| count == 0));
    if let Some(class) = missing {
        return Some(format!("class {class} of {classes} has no training image"));
    }
    let inputs = split.train.inputs();
    let first = inputs.row(0);
    let equal = inputs.outer_iter().all(|image| image == first);
    equal.then(|| "all training images are equal".to_owned())
}
