//! What training minimises.

mod cross_entropy;
mod mean_square;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::TrainingError;
use crate::error::check_shape;

pub use cross_entropy::CrossEntropy;
pub use mean_square::MeanSquare;

/// A function of a batch of outputs and labels, which training makes small.
pub trait Loss: Sync {
    /// Refuses options outside their ranges; [`train`](crate::train) asks before it starts.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    fn check(&self) -> Result<(), TrainingError>;

    /// Refuses labels that do not belong to outputs (vectors × outputs) of a shape: unless a loss
    /// says otherwise, there is one for each vector, the number of an output.
    ///
    /// # Errors
    /// [`TrainingError::LabelCount`] or [`TrainingError::LabelOutOfRange`].
    fn check_labels(&self, outputs: (usize, usize), labels: &[u8]) -> Result<(), TrainingError> {
        check_labels(outputs, labels)
    }

    /// Mean loss over a batch of outputs (vectors × outputs); writes its gradient with respect to
    /// the outputs, of the same shape.
    ///
    /// # Errors
    /// Those of [`check_labels`](Self::check_labels); [`TrainingError::Shape`] for a gradient of
    /// another shape.
    fn evaluate(
        &self,
        outputs: ArrayView2<'_, f32>,
        labels: &[u8],
        gradient: ArrayViewMut2<'_, f32>,
    ) -> Result<f32, TrainingError>;
}

/// Refuses labels that are not the number of an output, one for each vector.
pub(crate) fn check_labels(
    (vectors, classes): (usize, usize),
    labels: &[u8],
) -> Result<(), TrainingError> {
    if labels.len() != vectors {
        return Err(TrainingError::LabelCount {
            inputs: vectors,
            labels: labels.len(),
        });
    }
    match labels.iter().position(|&l| usize::from(l) >= classes) {
        None => Ok(()),
        Some(sample) => Err(TrainingError::LabelOutOfRange {
            sample,
            label: labels[sample],
            classes,
        }),
    }
}

/// Refuses a batch whose parts do not belong together.
fn check_batch(
    loss: &dyn Loss,
    outputs: ArrayView2<'_, f32>,
    labels: &[u8],
    gradient: &ArrayViewMut2<'_, f32>,
) -> Result<(), TrainingError> {
    loss.check_labels(outputs.dim(), labels)?;
    check_shape("loss gradient", outputs.dim(), gradient.dim())
}
