//! A digital linear layer.

use bss2_core::product::Onto;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::weight_matrix::WeightMatrix;
use super::{Layer, check_backward, check_forward};
use crate::product::multiply;
use crate::{LinearLayer, ParameterView, Session, Step, TrainingError, UpdateParameter};

/// y = x·W in `f32`, without bias.
#[derive(Clone, Debug)]
pub struct Dense {
    weights: WeightMatrix,
}

impl Dense {
    /// Takes over weights (inputs × outputs).
    pub fn new(weights: Array2<f32>) -> Self {
        Self {
            weights: WeightMatrix::new(weights, f32::MIN..=f32::MAX),
        }
    }
}

impl Layer for Dense {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        self.weights.outputs(inputs)
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        multiply(input, self.weights.value.view(), Onto::Nothing, output);
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
        self.weights
            .backward(input, gradient.view(), input_gradient);
        Ok(())
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(self.weights.view());
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(self.weights.view_mut())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Linear(LinearLayer::Dense(self.weights.value.clone())))
    }
}
