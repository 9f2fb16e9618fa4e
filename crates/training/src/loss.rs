//! What training minimises.

use ndarray::{Array2, ArrayView2};

use crate::TrainingError;
use crate::layer::reshaped;

/// Cross-entropy of the softmax of the outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    /// Logits per unit of output: 1 for a digital network, about 0.1 per LSB for an analog one,
    /// whose outputs run to ±127.
    pub logits_per_unit: f32,
}

impl CrossEntropy {
    /// Mean loss over a batch of outputs (vectors × classes); writes its gradient with respect to
    /// the outputs.
    ///
    /// # Errors
    /// [`TrainingError::LabelCount`] or [`TrainingError::LabelOutOfRange`].
    pub fn evaluate(
        self,
        outputs: ArrayView2<'_, f32>,
        labels: &[u8],
        gradient: &mut Array2<f32>,
    ) -> Result<f32, TrainingError> {
        let (vectors, classes) = outputs.dim();
        check_labels(vectors, classes, labels)?;
        let gradient = reshaped(gradient, outputs.dim());
        let per_vector = 1.0 / vectors.max(1) as f32;
        let mut loss = 0.0;
        for ((output, mut gradient), &label) in outputs
            .rows()
            .into_iter()
            .zip(gradient.rows_mut())
            .zip(labels)
        {
            let label = usize::from(label);
            let largest = output.fold(f32::NEG_INFINITY, |max, &y| y.max(max));
            gradient.zip_mut_with(&output, |g, &y| {
                *g = ((y - largest) * self.logits_per_unit).exp();
            });
            let sum = gradient.sum();
            let probability = gradient[label] / sum;
            // Not `max`, which would turn NaN into a number.
            let underflows = probability < f32::MIN_POSITIVE;
            loss -= per_vector
                * if underflows {
                    f32::MIN_POSITIVE
                } else {
                    probability
                }
                .ln();
            gradient *= 1.0 / sum;
            gradient[label] -= 1.0;
            gradient *= self.logits_per_unit * per_vector;
        }
        Ok(loss)
    }
}

/// Refuses labels that do not belong to the outputs.
pub(crate) fn check_labels(
    vectors: usize,
    classes: usize,
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
