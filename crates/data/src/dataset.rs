//! What every data set can tell and do.

use crate::{DataError, Split};

/// A classification problem with training and test samples.
///
/// Implementors are cheap to ask for their properties; [`split`](Self::split) does the work. The
/// trait can be used as `dyn Dataset` and shared between threads.
pub trait Dataset: Send + Sync {
    /// A short name for reports, such as `digits`.
    fn name(&self) -> &str;

    /// Number of classes; every label is less than this.
    fn num_classes(&self) -> usize;

    /// How the features of one sample are arranged.
    fn feature_shape(&self) -> FeatureShape;

    /// The samples; both sides are non-empty and have [`feature_shape`](Self::feature_shape)
    /// features each. Repeated calls return equal splits.
    ///
    /// # Errors
    ///
    /// If the samples cannot be produced; each data set says when.
    fn split(&self) -> Result<Split, DataError>;
}

/// How the features in a row of [`Samples`](crate::Samples) form an image: height × width × channels,
/// the channel running fastest, then the column, then the row.
///
/// Data without spatial structure have height 1 and one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeatureShape {
    height: usize,
    width: usize,
    channels: usize,
}

impl FeatureShape {
    /// A shape with the given sides, in values.
    ///
    /// # Errors
    ///
    /// [`DataError::FeatureShape`] if a side is zero or the product exceeds `isize::MAX`.
    pub fn new(height: usize, width: usize, channels: usize) -> Result<Self, DataError> {
        let product = height
            .checked_mul(width)
            .and_then(|pixels| pixels.checked_mul(channels));
        match product {
            Some(features) if features > 0 && isize::try_from(features).is_ok() => {
                Ok(Self::known(height, width, channels))
            }
            _ => Err(DataError::FeatureShape {
                height,
                width,
                channels,
            }),
        }
    }

    /// A shape whose sides are known to pass the checks of [`new`](Self::new).
    pub(crate) const fn known(height: usize, width: usize, channels: usize) -> Self {
        Self {
            height,
            width,
            channels,
        }
    }

    /// Rows of the image, at least 1.
    pub const fn height(self) -> usize {
        self.height
    }

    /// Columns of the image, at least 1.
    pub const fn width(self) -> usize {
        self.width
    }

    /// Values per pixel, at least 1.
    pub const fn channels(self) -> usize {
        self.channels
    }

    /// Number of features of one sample: height · width · channels.
    pub const fn features(self) -> usize {
        self.height * self.width * self.channels
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn features_is_the_product_of_the_sides() {
        let shape = FeatureShape::new(2, 3, 4).unwrap();
        assert_eq!((shape.height(), shape.width(), shape.channels()), (2, 3, 4));
        assert_eq!(shape.features(), 24);
    }

    #[test]
    fn impossible_shapes_are_refused() {
        for [height, width, channels] in [
            [0, 1, 1],
            [1, 0, 1],
            [1, 1, 0],
            [usize::MAX, 2, 1],
            [usize::MAX, 1, 1],
            [usize::MAX; 3],
        ] {
            assert!(matches!(
                FeatureShape::new(height, width, channels),
                Err(DataError::FeatureShape { .. })
            ));
        }
    }
}
