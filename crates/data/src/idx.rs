//! MNIST and its kin: four IDX files in a folder.

use std::{
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{
    DataError, Dataset, FeatureShape, IdxArray, Samples, Split, read_idx_images, read_idx_labels,
};

const MAX_PIXEL: f32 = 255.0;

/// A data set in the files of MNIST: grey images and their labels, any number, any size.
///
/// Works for MNIST (Y. `LeCun`, C. Cortes, C. Burges, <http://yann.lecun.com/exdb/mnist/>) and all sets
/// published in its format, such as Fashion-MNIST, Kuzushiji-MNIST and EMNIST with its files renamed.
/// The folder must hold
///
/// - `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`,
/// - `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`,
///
/// each with or without `.gz` and with either `-` or `.` before `idx`. Where several exist, the name
/// with `-` goes first, then the one without `.gz`. Whether a file is compressed shows in its
/// content, whatever its name. Pixels are 0…255 in the files and scaled to `0..=1`.
///
/// ```no_run
/// use bss2_data::{Dataset, Idx};
///
/// let mnist = Idx::open("mnist", "data/mnist")?;
/// assert_eq!((mnist.num_classes(), mnist.feature_shape().features()), (10, 784));
/// let split = mnist.split()?;
/// # Ok::<(), bss2_data::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Idx {
    name: String,
    classes: usize,
    shape: FeatureShape,
    train: Part,
    test: Part,
}

impl Idx {
    /// Reads the four files of `folder` into memory (one byte per pixel); `name` is for reports.
    ///
    /// The number of classes is the largest label in the training and test files plus one; use
    /// [`with_classes`](Self::with_classes) where it is known.
    ///
    /// # Errors
    ///
    /// [`DataError::MissingFile`]; those of [`read_idx_images`]; [`DataError::IdxCountMismatch`] if
    /// images and labels are not equally many; [`DataError::IdxImageSize`] if training and test
    /// images differ in size.
    pub fn open(name: impl Into<String>, folder: impl AsRef<Path>) -> Result<Self, DataError> {
        let folder = folder.as_ref();
        let train = Part::open(folder, "train")?;
        let test = Part::open(folder, "t10k")?;
        let size = train.image_size();
        let test_size = test.image_size();
        if test_size != size {
            return Err(DataError::IdxImageSize {
                train_file: train.images_file,
                train: size,
                test_file: test.images_file,
                test: test_size,
            });
        }
        Ok(Self {
            name: name.into(),
            classes: train.classes().max(test.classes()),
            shape: FeatureShape::new(size[0], size[1], 1)?,
            train,
            test,
        })
    }

    /// Declares the number of classes, for sets in which the last ones happen not to occur or to
    /// reject files with labels that should not be there.
    ///
    /// # Errors
    ///
    /// [`DataError::IdxLabel`] for the first label that is not less than `classes`.
    pub fn with_classes(self, classes: usize) -> Result<Self, DataError> {
        self.train.check_labels(classes)?;
        self.test.check_labels(classes)?;
        Ok(Self { classes, ..self })
    }
}

impl Dataset for Idx {
    fn name(&self) -> &str {
        &self.name
    }

    fn num_classes(&self) -> usize {
        self.classes
    }

    fn feature_shape(&self) -> FeatureShape {
        self.shape
    }

    /// Scales the images, in the order of the files; takes four bytes per pixel. Does not fail, as
    /// [`open`](Self::open) has checked the content.
    fn split(&self) -> Result<Split, DataError> {
        Ok(Split {
            train: self.train.samples(self.shape)?,
            test: self.test.samples(self.shape)?,
        })
    }
}

/// One side of the split: images and as many labels.
#[derive(Debug, Clone)]
struct Part {
    images: IdxArray,
    labels: IdxArray,
    images_file: String,
    labels_file: String,
}

impl Part {
    fn open(folder: &Path, part: &str) -> Result<Self, DataError> {
        let (file, images_file) = open_any(folder, &names(part, "images", 3))?;
        let images = read_idx_images(file, &images_file)?;
        let (file, labels_file) = open_any(folder, &names(part, "labels", 1))?;
        let labels = read_idx_labels(file, &labels_file)?;
        if images.count() != labels.count() {
            return Err(DataError::IdxCountMismatch {
                images_file,
                images: images.count(),
                labels_file,
                labels: labels.count(),
            });
        }
        Ok(Self {
            images,
            labels,
            images_file,
            labels_file,
        })
    }

    /// Height and width.
    fn image_size(&self) -> [usize; 2] {
        [self.images.shape()[1], self.images.shape()[2]]
    }

    fn classes(&self) -> usize {
        let largest = self.labels.data().iter().max();
        largest.map_or(0, |&label| usize::from(label) + 1)
    }

    fn check_labels(&self, classes: usize) -> Result<(), DataError> {
        let mut labels = self.labels.data().iter().enumerate();
        match labels.find(|&(_, &label)| usize::from(label) >= classes) {
            None => Ok(()),
            Some((index, &label)) => Err(DataError::IdxLabel {
                file: self.labels_file.clone(),
                index,
                label,
                classes,
            }),
        }
    }

    fn samples(&self, shape: FeatureShape) -> Result<Samples, DataError> {
        let pixels = self.images.data().iter();
        let scaled = pixels.map(|&pixel| f32::from(pixel) / MAX_PIXEL).collect();
        Samples::from_flat(shape.features(), scaled, self.labels.data().to_vec())
    }
}

/// The names a file may have, in the order in which they are tried.
fn names(part: &str, content: &str, rank: u8) -> Vec<String> {
    let spellings = ["-", "."].map(|mark| format!("{part}-{content}{mark}idx{rank}-ubyte"));
    spellings
        .into_iter()
        .flat_map(|name| [name.clone(), format!("{name}.gz")])
        .collect()
}

/// Opens the first of `names` that exists; also returns its path for messages.
fn open_any(folder: &Path, names: &[String]) -> Result<(File, String), DataError> {
    for name in names {
        let path: PathBuf = folder.join(name);
        let shown = path.display().to_string();
        match File::open(&path) {
            Ok(file) => return Ok((file, shown)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => {
                return Err(DataError::Io {
                    file: shown,
                    source,
                });
            }
        }
    }
    Err(DataError::MissingFile {
        folder: folder.to_owned(),
        tried: names.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tried_in_the_documented_order() {
        assert_eq!(
            names("t10k", "labels", 1),
            [
                "t10k-labels-idx1-ubyte",
                "t10k-labels-idx1-ubyte.gz",
                "t10k-labels.idx1-ubyte",
                "t10k-labels.idx1-ubyte.gz",
            ]
        );
    }
}
