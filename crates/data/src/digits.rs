//! The UCI handwritten digits.

use smartcore::dataset::digits::load_dataset;

use crate::{DataError, Dataset, FeatureShape, Samples, Split, split::check_test_fraction};

const CLASSES: u8 = 10;
const SHAPE: FeatureShape = FeatureShape::known(8, 8, 1);
/// The darkest pixel: each one counts the ink in a 4 × 4 block of the scanned bitmap.
const MAX_PIXEL: f32 = 16.0;

/// 1797 handwritten digits of 8 × 8 pixels, embedded in the program.
///
/// Source: *Optical Recognition of Handwritten Digits*, E. Alpaydin and C. Kaynak, UCI Machine
/// Learning Repository 1998, <https://doi.org/10.24432/C50P49> (CC BY 4.0): its test file, the same
/// that scikit-learn ships as `load_digits`. Pixels are 0…16 there and scaled to `0..=1` here. As the
/// set has no division of its own, a seeded stratified one is made ([`Split::stratified`]).
///
/// ```
/// use bss2_data::{Dataset, Digits};
///
/// let split = Digits::new(42).split()?;
/// assert_eq!(split.train.len() + split.test.len(), 1797);
/// # Ok::<(), bss2_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Digits {
    seed: u64,
    test_fraction: f64,
}

impl Digits {
    /// The share of each class that is held out unless another is set.
    pub const TEST_FRACTION: f64 = 0.25;

    /// The digits, with a quarter of each class held out as chosen by `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            test_fraction: Self::TEST_FRACTION,
        }
    }

    /// Holds out another share of each class.
    ///
    /// # Errors
    ///
    /// [`DataError::TestFraction`] unless `0 < test_fraction < 1`.
    pub fn with_test_fraction(self, test_fraction: f64) -> Result<Self, DataError> {
        check_test_fraction(test_fraction)?;
        Ok(Self {
            test_fraction,
            ..self
        })
    }

    /// All 1797 digits in the order of the source.
    ///
    /// # Errors
    ///
    /// [`DataError::EmbeddedDigits`] if a later version of the embedding crate holds other data.
    pub fn samples() -> Result<Samples, DataError> {
        let embedded = load_dataset();
        // Its `feature_names` and `target_names` belong to another data set (iris): not used.
        if embedded.num_features != SHAPE.features() {
            return Err(DataError::EmbeddedDigits {
                expected: "64 pixels per digit",
                found: embedded.num_features.to_string(),
            });
        }
        let pixels = embedded.data.into_iter().map(|pixel| pixel / MAX_PIXEL);
        let labels: Result<Vec<u8>, DataError> = embedded.target.into_iter().map(label).collect();
        Samples::from_flat(SHAPE.features(), pixels.collect(), labels?)
    }
}

impl Dataset for Digits {
    fn name(&self) -> &'static str {
        "digits"
    }

    fn num_classes(&self) -> usize {
        usize::from(CLASSES)
    }

    fn feature_shape(&self) -> FeatureShape {
        SHAPE
    }

    /// # Errors
    ///
    /// As [`Digits::samples`].
    fn split(&self) -> Result<Split, DataError> {
        Split::stratified(&Self::samples()?, self.test_fraction, self.seed)
    }
}

/// The class number that the embedding crate keeps as a float.
fn label(value: f32) -> Result<u8, DataError> {
    let found = value as u8;
    if f32::from(found) == value && found < CLASSES {
        Ok(found)
    } else {
        Err(DataError::EmbeddedDigits {
            expected: "whole labels 0..=9",
            found: value.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn samples_are_those_of_the_source() {
        let samples = Digits::samples().unwrap();
        assert_eq!((samples.len(), samples.features()), (1797, 64));
        assert_eq!(samples.labels()[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
        assert_eq!(
            samples.class_counts(),
            [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
        );
        let first: Vec<f32> = samples.inputs().row(0).iter().map(|v| v * 16.0).collect();
        assert_eq!(
            first[..16],
            [
                0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0, //
                0.0, 0.0, 13.0, 15.0, 10.0, 15.0, 5.0, 0.0
            ]
        );
        let largest = samples.inputs().iter().copied().fold(0.0, f32::max);
        assert_eq!(largest, 1.0);
        let steps = samples.inputs().iter().map(|v| v * 16.0);
        assert!(steps.clone().all(|step| step.fract() == 0.0));
        let mean = steps.map(f64::from).sum::<f64>() / (1797.0 * 64.0);
        assert!((mean - 4.884_164_6).abs() < 1e-6, "{mean}");
    }

    #[test]
    fn labels_must_be_whole_and_known() {
        assert_eq!(label(9.0).unwrap(), 9);
        for bad in [-1.0, 0.5, 10.0, 256.0, f32::NAN, f32::INFINITY] {
            assert!(
                matches!(label(bad), Err(DataError::EmbeddedDigits { .. })),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_quarter_is_held_out_by_default() {
        let split = Digits::new(42).split().unwrap();
        assert_eq!(
            split.test.class_counts(),
            [45, 46, 44, 46, 45, 46, 45, 45, 44, 45]
        );
        assert_eq!(split.train.len(), 1797 - split.test.len());
    }

    #[test]
    fn the_held_out_share_can_be_set() {
        let half = Digits::new(1)
            .with_test_fraction(0.5)
            .unwrap()
            .split()
            .unwrap();
        assert_eq!(half.test.class_counts()[..2], [89, 91]);
        assert!(matches!(
            Digits::new(1).with_test_fraction(1.0),
            Err(DataError::TestFraction { found: 1.0 })
        ));
    }

    #[test]
    fn values_are_stable() {
        let split = Digits::new(42).split().unwrap();
        assert_eq!(split.train.labels()[..10], [7, 6, 3, 7, 5, 7, 1, 7, 9, 0]);
        assert_eq!(split.test.labels()[..10], [7, 2, 0, 9, 1, 2, 2, 4, 2, 4]);
    }
}
