//! A digital linear layer.

use std::ops::RangeInclusive;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::{Layer, check_width};
use crate::{ParameterView, ParameterViewMut, Session, TrainingError, UpdateParameter};

/// y = x·W in `f32`, without bias.
#[derive(Clone, Debug)]
pub struct Dense {
    weights: Array2<f32>,
    gradient: Array2<f32>,
}

const RANGE: RangeInclusive<f32> = f32::MIN..=f32::MAX;

impl Dense {
    /// Takes over weights (inputs × outputs).
    pub fn new(weights: Array2<f32>) -> Self {
        Self {
            gradient: Array2::zeros(weights.dim()),
            weights,
        }
    }
}

impl Layer for Dense {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        check_width(self.weights.nrows(), inputs)?;
        Ok(self.weights.ncols())
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        general_mat_mul(1.0, &input, &self.weights, 0.0, &mut output);
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        _output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) {
        general_mat_mul(1.0, &input.t(), &gradient, 0.0, &mut self.gradient);
        if let Some(mut input_gradient) = input_gradient {
            general_mat_mul(1.0, &gradient, &self.weights.t(), 0.0, &mut input_gradient);
        }
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(ParameterView {
            name: "weight",
            value: self.weights.view().into_dyn(),
            gradient: self.gradient.view().into_dyn(),
            range: RANGE,
        });
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(ParameterViewMut {
            name: "weight",
            value: self.weights.view_mut().into_dyn(),
            gradient: self.gradient.view().into_dyn(),
            range: RANGE,
        })
    }
}
