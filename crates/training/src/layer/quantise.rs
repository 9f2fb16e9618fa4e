//! From data to activations.

use bss2_core::ACTIVATION_MAX;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::rounding::round;
use super::{Layer, check_backward, check_forward, pull_back_elementwise};
use crate::error::check_option;
use crate::{Session, TrainingError};

/// Turns inputs into activations: round(s·x) with a scale s, ends clipped. Backward: the slope s
/// inside the range, none outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantiseInput {
    scale: f32,
}

const LARGEST: f32 = ACTIVATION_MAX as f32;

impl QuantiseInput {
    /// A scale in activations per unit of input, 10⁻⁶…10⁶.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn new(scale: f32) -> Result<Self, TrainingError> {
        check_option("input scale", f64::from(scale), 1e-6, 1e6)?;
        Ok(Self { scale })
    }
}

impl Default for QuantiseInput {
    /// 0…1 becomes 0…31.
    fn default() -> Self {
        Self { scale: LARGEST }
    }
}

impl Layer for QuantiseInput {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        Ok(inputs)
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        output.zip_mut_with(&input, |to, &x| {
            *to = round((self.scale * x).clamp(0.0, LARGEST));
        });
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
        pull_back_elementwise(input, &gradient, input_gradient, |x, g| {
            if (0.0..=LARGEST).contains(&(self.scale * x)) {
                self.scale * g
            } else {
                0.0
            }
        });
        Ok(())
    }
}
