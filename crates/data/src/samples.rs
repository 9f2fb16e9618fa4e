//! Inputs with their labels.

use ndarray::{Array2, Axis, Slice};

use crate::DataError;

/// Inputs scaled to `0..=1`, one row per sample, with one class number per sample.
///
/// The fields are private because every value has been checked: counts agree, there is at least one
/// feature, and every input is finite and in `0..=1`. A set may be empty (no rows).
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    inputs: Array2<f32>,
    labels: Vec<u8>,
}

impl Samples {
    /// Joins inputs (samples × features, dimensionless, in `0..=1`) and labels (class numbers counted
    /// from zero).
    ///
    /// # Errors
    ///
    /// [`DataError::CountMismatch`], [`DataError::NoFeatures`] or [`DataError::ValueOutOfRange`] (the
    /// first value outside `0..=1`, infinite or not a number).
    pub fn new(inputs: Array2<f32>, labels: Vec<u8>) -> Result<Self, DataError> {
        if inputs.nrows() != labels.len() {
            return Err(DataError::CountMismatch {
                inputs: inputs.nrows(),
                labels: labels.len(),
            });
        }
        if inputs.ncols() == 0 {
            return Err(DataError::NoFeatures);
        }
        let outside = inputs
            .indexed_iter()
            .find(|(_, value)| !(0.0..=1.0).contains(*value));
        if let Some(((sample, feature), &value)) = outside {
            return Err(DataError::ValueOutOfRange {
                sample,
                feature,
                value,
            });
        }
        let inputs = if inputs.is_standard_layout() {
            inputs
        } else {
            inputs.as_standard_layout().into_owned()
        };
        Ok(Self { inputs, labels })
    }

    /// As [`new`](Self::new), from values in row-major order: all features of the first sample, then
    /// all of the second, and so on.
    ///
    /// # Errors
    ///
    /// [`DataError::ValueCount`] if the values do not fill `labels.len()` rows of `features` each,
    /// otherwise as [`new`](Self::new).
    pub fn from_flat(
        features: usize,
        values: Vec<f32>,
        labels: Vec<u8>,
    ) -> Result<Self, DataError> {
        let samples = labels.len();
        let found = values.len();
        let inputs = Array2::from_shape_vec((samples, features), values).map_err(|_| {
            DataError::ValueCount {
                samples,
                features,
                found,
            }
        })?;
        Self::new(inputs, labels)
    }

    /// The inputs: samples × features, in `0..=1`, each row contiguous in memory.
    pub fn inputs(&self) -> &Array2<f32> {
        &self.inputs
    }

    /// The class number of each sample, counted from zero.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of features of each sample, at least 1.
    pub fn features(&self) -> usize {
        self.inputs.ncols()
    }

    /// How many samples each class has, from class 0 to the largest label present.
    pub fn class_counts(&self) -> Vec<usize> {
        let classes = self
            .labels
            .iter()
            .max()
            .map_or(0, |&label| usize::from(label) + 1);
        let mut counts = vec![0; classes];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// A copy of the samples at `indices`, in this order; an index may come more than once.
    ///
    /// # Errors
    ///
    /// [`DataError::IndexOutOfRange`] for the first index that is not below [`len`](Self::len).
    pub fn select(&self, indices: &[usize]) -> Result<Self, DataError> {
        let len = self.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= len) {
            return Err(DataError::IndexOutOfRange { index, len });
        }
        Ok(Self {
            inputs: self.inputs.select(Axis(0), indices),
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
        })
    }

    /// A copy of the first `count` samples, or of all if there are fewer.
    #[must_use]
    pub fn take(&self, count: usize) -> Self {
        let count = count.min(self.len());
        Self {
            inputs: self
                .inputs
                .slice_axis(Axis(0), Slice::from(..count))
                .to_owned(),
            labels: self.labels[..count].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use ndarray::{Array2, ShapeBuilder, array};

    use super::*;

    fn three() -> Samples {
        Samples::new(array![[0.0, 0.1], [0.2, 0.3], [0.4, 1.0]], vec![2, 0, 2]).unwrap()
    }

    #[test]
    fn getters_return_what_went_in() {
        let samples = three();
        assert_eq!((samples.len(), samples.features()), (3, 2));
        assert!(!samples.is_empty());
        assert_eq!(samples.inputs()[[2, 1]], 1.0);
        assert_eq!(samples.labels(), [2, 0, 2]);
        assert_eq!(samples.class_counts(), [1, 0, 2]);
    }

    #[test]
    fn counts_must_agree() {
        assert!(matches!(
            Samples::new(Array2::zeros((2, 3)), vec![0; 3]),
            Err(DataError::CountMismatch {
                inputs: 2,
                labels: 3
            })
        ));
        assert!(matches!(
            Samples::from_flat(3, vec![0.0; 7], vec![0; 2]),
            Err(DataError::ValueCount {
                samples: 2,
                features: 3,
                found: 7
            })
        ));
        assert!(matches!(
            Samples::from_flat(usize::MAX, vec![0.0; 7], vec![0; 2]),
            Err(DataError::ValueCount { .. })
        ));
        assert!(matches!(
            Samples::new(Array2::zeros((2, 0)), vec![0; 2]),
            Err(DataError::NoFeatures)
        ));
    }

    #[test]
    fn values_must_lie_between_zero_and_one() {
        for bad in [
            -f32::EPSILON,
            1.0 + f32::EPSILON,
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
        ] {
            let mut inputs = Array2::zeros((4, 3));
            inputs[[2, 1]] = bad;
            let error = Samples::new(inputs, vec![0; 4]).unwrap_err();
            let DataError::ValueOutOfRange {
                sample,
                feature,
                value,
            } = error
            else {
                panic!("{bad}: {error}");
            };
            assert_eq!((sample, feature, value.to_bits()), (2, 1, bad.to_bits()));
        }
    }

    #[test]
    fn from_flat_is_row_major() {
        let flat = Samples::from_flat(2, vec![0.0, 0.1, 0.2, 0.3, 0.4, 1.0], vec![2, 0, 2]);
        assert_eq!(flat.unwrap(), three());
    }

    #[test]
    fn rows_are_contiguous_whatever_the_layout_given() {
        let column_major =
            Array2::from_shape_vec((3, 2).f(), vec![0.0, 0.2, 0.4, 0.1, 0.3, 1.0]).unwrap();
        let samples = Samples::new(column_major, vec![2, 0, 2]).unwrap();
        assert_eq!(samples, three());
        assert_eq!(samples.inputs().row(1).as_slice(), Some(&[0.2, 0.3][..]));
    }

    #[test]
    fn select_copies_in_the_order_asked() {
        let picked = three().select(&[2, 0, 2]).unwrap();
        assert_eq!(picked.inputs(), &array![[0.4, 1.0], [0.0, 0.1], [0.4, 1.0]]);
        assert_eq!(picked.labels(), [2, 2, 2]);
        assert!(matches!(
            three().select(&[0, 3, 9]),
            Err(DataError::IndexOutOfRange { index: 3, len: 3 })
        ));
    }

    #[test]
    fn an_empty_selection_keeps_the_features() {
        let none = three().select(&[]).unwrap();
        assert!(none.is_empty());
        assert_eq!(none.features(), 2);
        assert_eq!(none, three().take(0));
        assert_eq!(none.class_counts(), []);
    }

    #[test]
    fn take_copies_the_first() {
        assert_eq!(three().take(2), three().select(&[0, 1]).unwrap());
        assert_eq!(three().take(usize::MAX), three());
    }
}
