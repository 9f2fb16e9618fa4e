//! The weights of a linear layer with their gradient.

use std::ops::RangeInclusive;

use bss2_core::product::Onto;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::check_width;
use crate::product::multiply;
use crate::{ParameterView, ParameterViewMut, TrainingError};

/// Weights (inputs × outputs), the gradient of the last backward pass, and the range to which
/// optimizers keep them.
#[derive(Clone, Debug)]
pub(super) struct WeightMatrix {
    pub(super) value: Array2<f32>,
    pub(super) gradient: Array2<f32>,
    range: RangeInclusive<f32>,
}

impl WeightMatrix {
    pub(super) fn new(value: Array2<f32>, range: RangeInclusive<f32>) -> Self {
        Self {
            gradient: Array2::zeros(value.dim()),
            value,
            range,
        }
    }

    /// Outputs for a number of inputs.
    pub(super) fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        check_width(self.value.nrows(), inputs)?;
        Ok(self.value.ncols())
    }

    /// The gradients of y = x·W: dW = xᵀ·g, and dx = g·Wᵀ if it is asked for.
    pub(super) fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        gradient: ArrayView2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) {
        multiply(input.t(), gradient, Onto::Nothing, self.gradient.view_mut());
        if let Some(input_gradient) = input_gradient {
            multiply(gradient, self.value.t(), Onto::Nothing, input_gradient);
        }
    }

    pub(super) fn view(&self) -> ParameterView<'_> {
        ParameterView {
            name: "weight",
            value: self.value.view().into_dyn(),
            gradient: self.gradient.view().into_dyn(),
            range: self.range.clone(),
        }
    }

    pub(super) fn view_mut(&mut self) -> ParameterViewMut<'_> {
        ParameterViewMut {
            name: "weight",
            value: self.value.view_mut().into_dyn(),
            gradient: self.gradient.view().into_dyn(),
            range: self.range.clone(),
        }
    }
}
