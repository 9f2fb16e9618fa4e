//! A digital linear layer.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2};

use super::{Layer, Parameter};
use crate::{Session, TrainingError};

/// y = x·W in `f32`, without bias.
#[derive(Clone, Debug)]
pub struct Dense {
    weights: Array2<f32>,
    gradient: Array2<f32>,
}

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
    fn outputs(&self, inputs: usize) -> Option<usize> {
        (inputs == self.weights.nrows()).then_some(self.weights.ncols())
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: &mut Array2<f32>,
    ) -> Result<(), TrainingError> {
        general_mat_mul(1.0, &input, &self.weights, 0.0, output);
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        _output: ArrayView2<'_, f32>,
        gradient: &mut Array2<f32>,
        input_gradient: Option<&mut Array2<f32>>,
    ) {
        general_mat_mul(1.0, &input.t(), gradient, 0.0, &mut self.gradient);
        if let Some(input_gradient) = input_gradient {
            general_mat_mul(1.0, gradient, &self.weights.t(), 0.0, input_gradient);
        }
    }

    fn parameter(&mut self) -> Option<Parameter<'_>> {
        Some(Parameter {
            value: &mut self.weights,
            gradient: &self.gradient,
            range: f32::MIN..=f32::MAX,
        })
    }
}
