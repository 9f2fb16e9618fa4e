//! Cross-entropy.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::{Loss, check_batch};
use crate::TrainingError;
use crate::error::check_option;

/// Cross-entropy of the softmax of the outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    /// Logits per unit of output, 10⁻⁶…10⁶: 1 for a digital network, 0.1…0.3 per LSB for an analog
    /// one, whose outputs run to ±127.
    pub logits_per_unit: f32,
}

impl Loss for CrossEntropy {
    fn check(&self) -> Result<(), TrainingError> {
        let logits_per_unit = f64::from(self.logits_per_unit);
        check_option("logits_per_unit", logits_per_unit, 1e-6, 1e6)
    }

    fn evaluate(
        &self,
        outputs: ArrayView2<'_, f32>,
        labels: &[u8],
        mut gradient: ArrayViewMut2<'_, f32>,
    ) -> Result<f32, TrainingError> {
        check_batch(self, outputs, labels, &gradient)?;
        let per_vector = 1.0 / outputs.nrows().max(1) as f32;
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
