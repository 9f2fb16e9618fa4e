//! What can go wrong when data are read, generated or split.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why a data set could not be built, read or split.
///
/// Every message fits on one line and says what was expected and what was found. Variants that
/// concern a file start with its name.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// Inputs and labels are not equally many.
    #[error("{inputs} input rows but {labels} labels: each sample needs one of both")]
    CountMismatch {
        /// Rows of the input array.
        inputs: usize,
        /// Number of labels.
        labels: usize,
    },

    /// A flat list of values does not fill samples × features.
    #[error("{found} values do not fill {samples} samples of {features} features")]
    ValueCount {
        /// Number of samples, that is of labels.
        samples: usize,
        /// Features per sample.
        features: usize,
        /// Number of values given.
        found: usize,
    },

    /// The input array has no columns.
    #[error("the inputs have no features: at least one column is needed")]
    NoFeatures,

    /// An input lies outside `0..=1` or is not finite.
    #[error("sample {sample}, feature {feature}: {value} is not in 0..=1; scale the inputs first")]
    ValueOutOfRange {
        /// Row of the value, counted from zero.
        sample: usize,
        /// Column of the value, counted from zero.
        feature: usize,
        /// The value found.
        value: f32,
    },

    /// A selected sample does not exist.
    #[error("sample {index} selected from a set of {len}")]
    IndexOutOfRange {
        /// The first offending index.
        index: usize,
        /// Number of samples there are.
        len: usize,
    },

    /// A feature shape has a zero side, or more features than memory can address.
    #[error(
        "feature shape {height} × {width} × {channels}: each side must be at least 1 and the product must fit in memory"
    )]
    FeatureShape {
        /// Rows of the image.
        height: usize,
        /// Columns of the image.
        width: usize,
        /// Values per pixel.
        channels: usize,
    },

    /// The fraction of samples held out for testing is not strictly between zero and one.
    #[error("test fraction {found}: must be greater than 0 and less than 1")]
    TestFraction {
        /// The fraction given.
        found: f64,
    },

    /// A set without samples cannot be split.
    #[error("there are no samples to split")]
    NoSamples,

    /// A class has too few samples to appear on both sides of a split.
    #[error("class {label} has 1 sample: a stratified split needs at least 2 of each class")]
    ClassTooSmall {
        /// The class.
        label: u8,
    },

    /// A generated set was asked for with no samples or with too many.
    #[error("{found} {part} samples asked for: must be 1..={max}")]
    SampleCount {
        /// Which side of the split: `training` or `test`.
        part: &'static str,
        /// The number asked for.
        found: usize,
        /// The largest number allowed.
        max: usize,
    },

    /// The digits embedded in the program are not what this crate was written for.
    #[error("embedded digits: expected {expected}, found {found}; check the version of smartcore")]
    EmbeddedDigits {
        /// What should have been there.
        expected: &'static str,
        /// What was there.
        found: String,
    },

    /// None of the names that an IDX file goes by exists in the folder.
    #[error("{}: found none of {}", folder.display(), tried.join(", "))]
    MissingFile {
        /// The folder searched.
        folder: PathBuf,
        /// The file names tried, in this order.
        tried: Vec<String>,
    },

    /// The operating system could not deliver a file's content.
    #[error("{file}: cannot be read: {source}")]
    Io {
        /// The file.
        file: String,
        /// The system's reason.
        source: io::Error,
    },

    /// A gzip file is damaged or cut short.
    #[error("{file}: cannot be decompressed, fetch it again: {source}")]
    Gzip {
        /// The file.
        file: String,
        /// The decompressor's reason.
        source: io::Error,
    },

    /// A file does not begin like an IDX file.
    #[error(
        "{file}: expected an IDX file (first bytes 00 00) or gzip (1f 8b), found {:02x} {:02x}",
        .found[0], .found[1]
    )]
    IdxMagic {
        /// The file.
        file: String,
        /// Its first two bytes (after decompression).
        found: [u8; 2],
    },

    /// An IDX file holds something other than unsigned bytes.
    #[error("{file}: expected IDX element type 08 (unsigned byte), found {found:02x}")]
    IdxElementType {
        /// The file.
        file: String,
        /// The type code found.
        found: u8,
    },

    /// An IDX file has the wrong number of dimensions, such as labels where images are due.
    #[error("{file}: expected {expected} IDX dimensions, found {found} (images have 3, labels 1)")]
    IdxRank {
        /// The file.
        file: String,
        /// Number of dimensions due.
        expected: u8,
        /// Number of dimensions found.
        found: u8,
    },

    /// An IDX file promises no data, as one of its dimensions is zero.
    #[error("{file}: expected at least one element, found IDX dimensions {shape:?}")]
    IdxEmpty {
        /// The file.
        file: String,
        /// The dimensions in the header.
        shape: Vec<usize>,
    },

    /// An IDX file promises more data than this machine can address.
    #[error("{file}: IDX dimensions {shape:?} are more than memory can address")]
    IdxTooLarge {
        /// The file.
        file: String,
        /// The dimensions in the header.
        shape: Vec<usize>,
    },

    /// An IDX file ends too early.
    #[error("{file}: expected {expected} bytes, found {found}: the file is cut short")]
    IdxTruncated {
        /// The file.
        file: String,
        /// Length due: of header and data, or of the header alone where that is incomplete.
        expected: usize,
        /// Length found (after decompression).
        found: usize,
    },

    /// An IDX file goes on after its data.
    #[error("{file}: expected {expected} bytes, found more")]
    IdxTrailing {
        /// The file.
        file: String,
        /// Length due of header and data (after decompression).
        expected: usize,
    },

    /// An image file and its label file do not hold equally many samples.
    #[error("{images_file} has {images} images but {labels_file} has {labels} labels")]
    IdxCountMismatch {
        /// The image file.
        images_file: String,
        /// Number of images in it.
        images: usize,
        /// The label file.
        labels_file: String,
        /// Number of labels in it.
        labels: usize,
    },

    /// Training and test images differ in size.
    #[error("{train_file} has images of {train:?} pixels but {test_file} of {test:?}")]
    IdxImageSize {
        /// The file with the training images.
        train_file: String,
        /// Their height and width.
        train: [usize; 2],
        /// The file with the test images.
        test_file: String,
        /// Their height and width.
        test: [usize; 2],
    },

    /// A label is not among the declared classes.
    #[error(
        "{file}: label {index} is {label}, expected less than the number of classes, {classes}"
    )]
    IdxLabel {
        /// The label file.
        file: String,
        /// Position of the label, counted from zero.
        index: usize,
        /// The label found.
        label: u8,
        /// The number of classes declared.
        classes: usize,
    },
}
