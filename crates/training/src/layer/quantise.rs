//! From data to activations.

use bss2_core::ACTIVATION_MAX;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::{Layer, pull_back_elementwise};
use crate::{Session, TrainingError};

/// Turns inputs in 0…1 into activations: round(31·x), ends clipped. Backward: the slope 31 inside
/// the range, none outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuantiseInput;

const SCALE: f32 = ACTIVATION_MAX as f32;

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
        output.zip_mut_with(&input, |to, &x| {
            *to = (SCALE * x).round_ties_even().clamp(0.0, SCALE);
        });
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        _output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) {
        pull_back_elementwise(input, &gradient, input_gradient, |x, g| {
            if (0.0..=1.0).contains(&x) {
                SCALE * g
            } else {
                0.0
            }
        });
    }
}
