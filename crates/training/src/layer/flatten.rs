//! From channels to a plain vector.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::{Layer, check_backward, check_forward};
use crate::{Session, Step, TrainingError};

/// y = x: features are a plain vector at any rate, channel-major as PyTorch's `Flatten` orders them.
/// It keeps the place that the layer has in a network from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flatten;

impl Layer for Flatten {
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
        output.assign(&input);
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
        if let Some(mut input_gradient) = input_gradient {
            input_gradient.assign(&gradient);
        }
        Ok(())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Nothing)
    }
}
