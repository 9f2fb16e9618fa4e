//! A factor per output.

use ndarray::{ArrayView2, ArrayViewMut2, Zip};

use super::{Layer, check_backward, check_forward, check_width};
use crate::{LayerPlace, Session, TrainingError};

/// y = factor · x, with a factor for each input: makes outputs comparable whose weights were scaled
/// differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescale {
    factors: Vec<f32>,
}

impl Rescale {
    /// Takes over the factors.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`].
    pub fn new(factors: Vec<f32>) -> Result<Self, TrainingError> {
        if factors.iter().all(|factor| factor.is_finite()) {
            return Ok(Self { factors });
        }
        Err(TrainingError::NotFinite {
            layer: LayerPlace::default(),
            what: "factors",
        })
    }

    /// The factors.
    pub fn factors(&self) -> &[f32] {
        &self.factors
    }

    fn multiply(&self, from: ArrayView2<'_, f32>, mut to: ArrayViewMut2<'_, f32>) {
        for (to, from) in to.rows_mut().into_iter().zip(from.rows()) {
            let factors = self.factors.as_slice();
            Zip::from(to)
                .and(from)
                .and(factors)
                .for_each(|to, &x, &factor| *to = factor * x);
        }
    }
}

impl Layer for Rescale {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        check_width(self.factors.len(), inputs)?;
        Ok(inputs)
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        self.multiply(input, output);
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        if let Some(input_gradient) = input_gradient {
            self.multiply(gradient.view(), input_gradient);
        }
        Ok(())
    }
}
