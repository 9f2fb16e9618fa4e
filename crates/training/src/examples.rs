//! Inputs with their labels.

use ndarray::{ArrayView2, Axis};

use crate::TrainingError;

/// A borrowed set of samples: at least one, all of finite numbers, with one label each.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    /// Inputs, samples × features.
    pub(crate) inputs: ArrayView2<'a, f32>,
    /// Class numbers, counted from 0.
    pub(crate) labels: &'a [u8],
}

impl<'a> Examples<'a> {
    /// Joins inputs (samples × features) and labels.
    ///
    /// # Errors
    /// [`TrainingError::LabelCount`] if their numbers differ, [`TrainingError::NoSamples`] if there
    /// are none, [`TrainingError::InputNotFinite`] for an infinite input or NaN.
    pub fn new(inputs: ArrayView2<'a, f32>, labels: &'a [u8]) -> Result<Self, TrainingError> {
        if inputs.nrows() != labels.len() {
            return Err(TrainingError::LabelCount {
                inputs: inputs.nrows(),
                labels: labels.len(),
            });
        }
        if inputs.is_empty() {
            return Err(TrainingError::NoSamples);
        }
        check_finite(inputs)?;
        Ok(Self { inputs, labels })
    }

    /// Number of samples, at least one.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a set of examples is never empty"
    )]
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// The inputs, samples × features.
    pub const fn inputs(&self) -> ArrayView2<'a, f32> {
        self.inputs
    }

    /// The labels, one for each sample.
    pub const fn labels(&self) -> &'a [u8] {
        self.labels
    }

    /// The same set, borrowed for a shorter time: the compiler does not see by itself that it may be.
    pub fn reborrow<'b>(self) -> Examples<'b>
    where
        'a: 'b,
    {
        Examples {
            inputs: self.inputs.reborrow(),
            labels: self.labels,
        }
    }

    /// The first samples, and the rest; `None` unless both have at least one.
    pub fn split_at(self, first: usize) -> Option<(Self, Self)> {
        if first == 0 || first >= self.len() {
            return None;
        }
        let (inputs, rest) = self.inputs.split_at(Axis(0), first);
        let (labels, rest_labels) = self.labels.split_at(first);
        let examples = |inputs, labels| Self { inputs, labels };
        Some((examples(inputs, labels), examples(rest, rest_labels)))
    }

    /// The first samples, `count` (but at least one) or as many as there are.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        self.split_at(count.max(1)).map_or(self, |(first, _)| first)
    }

    /// The set in parts of at most `size` samples.
    pub(crate) fn chunks(self, size: usize) -> impl Iterator<Item = Examples<'a>> {
        (0..self.len()).step_by(size).map(move |start| {
            let end = self.len().min(start + size);
            let (_, rest) = self.inputs.split_at(Axis(0), start);
            let (inputs, _) = rest.split_at(Axis(0), end - start);
            Examples {
                inputs,
                labels: &self.labels[start..end],
            }
        })
    }
}

/// Refuses samples (samples × features) with an infinite feature or NaN.
pub(crate) fn check_finite(samples: ArrayView2<'_, f32>) -> Result<(), TrainingError> {
    for (sample, features) in samples.rows().into_iter().enumerate() {
        // Without early exit within a sample, which would keep the sweep from being vectorised.
        if features.iter().fold(true, |all, x| all & x.is_finite()) {
            continue;
        }
        let mut features = features.iter().enumerate();
        if let Some((feature, &value)) = features.find(|(_, x)| !x.is_finite()) {
            return Err(TrainingError::InputNotFinite {
                sample,
                feature,
                value,
            });
        }
    }
    Ok(())
}
