//! Data sets for studies of networks on the `BrainScaleS-2` analog chip.
//!
//! A data set is anything that implements [`Dataset`]: it knows its name, its number of classes and
//! the shape of one input, and it hands out a [`Split`] into training and test [`Samples`]. Inputs
//! are `f32` in `0..=1` (one row per sample), labels are `u8` class numbers counted from zero.
//!
//! | type | what | needs |
//! |---|---|---|
//! | [`Digits`] | 1797 handwritten digits of 8 × 8 pixels (UCI) | nothing, embedded |
//! | [`YinYang`] | four features, three classes (Kriener, Göltz, Petrovici 2022) | nothing, generated |
//! | [`Idx`] | MNIST and its kin, read from IDX files, plain or gzip | a folder with four files |
//!
//! Everything is deterministic: the same arguments give the same samples in the same order, on every
//! platform. Random choices (which digit is held out, where a Yin-Yang point lies) come from `ChaCha8` generators that share no random numbers even for equal seeds.
//!
//! ```
//! use bss2_data::{Dataset, Digits, YinYang};
//!
//! let sets: Vec<Box<dyn Dataset>> = vec![
//!     Box::new(Digits::new(42)),
//!     Box::new(YinYang::new(600, 300, 42)?),
//! ];
//! for set in &sets {
//!     let split = set.split()?;
//!     assert_eq!(split.train.features(), set.feature_shape().features());
//!     assert!(split.test.labels().iter().all(|&label| usize::from(label) < set.num_classes()));
//! }
//! # Ok::<(), bss2_data::DataError>(())
//! ```

mod dataset;
mod digits;
mod error;
mod idx;
mod idx_array;
mod random;
mod samples;
mod split;
mod yin_yang;

pub use dataset::{Dataset, FeatureShape};
pub use digits::Digits;
pub use error::DataError;
pub use idx::Idx;
pub use idx_array::{IdxArray, read_idx_images, read_idx_labels};
pub use samples::Samples;
pub use split::Split;
pub use yin_yang::YinYang;
