//! Mean square error.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::{Loss, check_batch};
use crate::TrainingError;
use crate::error::check_option;

/// Mean over all outputs of (y − t)², in units of the outputs squared: t is `target` for the output
/// that the label names, `off_target` for all others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanSquare {
    /// What the output of the right class should be, in units of the outputs, above `off_target` and
    /// at most 10⁶: 1 for a digital network, about 60 LSB for an analog one.
    pub target: f32,
    /// What all other outputs should be, in units of the outputs, −10⁶…10⁶.
    pub off_target: f32,
}

impl Loss for MeanSquare {
    fn check(&self) -> Result<(), TrainingError> {
        check_option("off_target", f64::from(self.off_target), -1e6, 1e6)?;
        let least = f64::from(self.off_target.next_up());
        check_option("target", f64::from(self.target), least, 1e6)
    }

    fn evaluate(
        &self,
        outputs: ArrayView2<'_, f32>,
        labels: &[u8],
        mut gradient: ArrayViewMut2<'_, f32>,
    ) -> Result<f32, TrainingError> {
        check_batch(self, outputs, labels, &gradient)?;
        let share = 1.0 / outputs.len().max(1) as f32;
        let mut squares = 0.0;
        let rows = outputs.rows().into_iter().zip(gradient.rows_mut());
        for ((output, mut gradient), &label) in rows.zip(labels) {
            gradient.zip_mut_with(&output, |g, &y| *g = y - self.off_target);
            gradient[usize::from(label)] = output[usize::from(label)] - self.target;
            squares += gradient.fold(0.0, |sum, distance| sum + distance * distance);
            gradient *= 2.0 * share;
        }
        Ok(share * squares)
    }
}
