//! The data that a study trains and tests on.

use std::path::PathBuf;

use bss2_data::{Dataset, Digits, Idx, Samples, Split, YinYang};
use bss2_training::{Augmentation, Examples};
use ndarray::{ArrayView2, s};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::configuration::to_toml;
use crate::jobs::hexadecimal;
use crate::settings::check;
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

    /// How images are changed by methods of training that do so: larger ones more, since a turn or a
    /// shift that a digit of 28 × 28 pixels bears makes one of 8 × 8 another. Nothing for data that are
    /// no images.
    pub fn augmentation(&self) -> Option<Augmentation> {
        let side = self.image.1.min(self.image.2);
        if side < 2 {
            return None;
        }
        let side = side as f32;
        let between = |small: f32, large: f32| {
            let (smallest, largest) = (8.0, 28.0);
            let share = ((side - smallest) / (largest - smallest)).clamp(0.0, 1.0);
            small + share * (large - small)
        };
        Some(Augmentation {
            shift_pixels: side * between(0.5 / 8.0, 1.5 / 28.0),
            turn_degrees: between(5.0, 10.0),
            stretch: between(0.05, 0.1),
            slant: between(0.0, 0.1),
            ..Augmentation::none(self.image)
        })
    }

    /// The training samples, of which one in so many is kept to validate; classes keep their shares.
    ///
    /// # Errors
    /// [`ExperimentError::SettingOutOfRange`] unless each class has a sample on either side.
    pub(crate) fn with_validation(
        &self,
        one_in: usize,
        seed: u64,
    ) -> Result<(Samples, Samples), ExperimentError> {
        let counts = self.split.train.class_counts();
        let most = counts.into_iter().min().unwrap_or(0) as u64;
        check("validation_one_in", Some(one_in as u64), 2, most)?;
        let split = Split::stratified(&self.split.train, 1.0 / one_in as f64, seed)?;
        Ok((split.train, split.test))
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
        let count = count.min(inputs.nrows());
        inputs.slice_move(s![..count, ..])
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

#[cfg(test)]
mod tests {
    use super::*;

    fn digits() -> StudyData {
        StudyData::of(&DataChoice::Digits, 1).unwrap()
    }

    #[test]
    fn images_change_with_their_size_and_points_do_not() {
        let of = |image| StudyData { image, ..digits() }.augmentation();
        let numbers = |image| {
            let a = of(image).unwrap().check().unwrap();
            [a.shift_pixels, a.turn_degrees, a.stretch, a.slant]
        };
        assert_eq!(numbers((1, 8, 8)), [0.5, 5.0, 0.05, 0.0]);
        assert_eq!(numbers((1, 28, 28)), [1.5, 10.0, 0.1, 0.1]);
        assert_eq!(numbers((3, 56, 60)), [3.0, 10.0, 0.1, 0.1]);
        assert!(numbers((1, 5, 4))[0] < 0.3);
        assert!(of((1, 1, 4)).is_none());
    }

    #[test]
    fn the_first_inputs_may_be_none_or_all() {
        let data = digits();
        for (count, expected) in [(0, 0), (3, 3), (usize::MAX, data.split.train.len())] {
            let first = data.first_training_inputs(count);
            assert_eq!(first.to_owned().nrows(), expected);
            assert_eq!(first.mapv(f64::from).nrows(), expected);
        }
    }

    #[test]
    fn validation_samples_are_of_all_classes_even_if_the_set_is_sorted() {
        let mut data = digits();
        let labels = data.split.train.labels();
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|&index| labels[index]);
        data.split.train = data.split.train.select(&order).unwrap();
        let (training, validation) = data.with_validation(10, 1).unwrap();
        assert_eq!(training.len() + validation.len(), order.len());
        assert!(validation.class_counts().iter().all(|&count| count > 5));
        assert!(data.with_validation(10, 1).unwrap() == (training, validation));
        assert!(data.with_validation(10, 2).unwrap().1 != data.with_validation(10, 1).unwrap().1);
        for one_in in [0, 1, 1000] {
            let refused = data.with_validation(one_in, 1).unwrap_err().to_string();
            assert!(refused.starts_with("validation_one_in = "), "{refused}");
        }
    }
}
