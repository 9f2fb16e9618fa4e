//! A linear layer on the array.

use bss2_core::{ACTIVATION_MAX, RunSettings, WEIGHT_MAX};
use bss2_mapping::{Plan, PlanRunner};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2};

use super::{Layer, Parameter, all_finite};
use crate::{GradientModel, Session, TrainingError};

/// y = array(x, round(W)): inputs are activations 0…31, weights −63…63 (kept as `f32`, rounded for
/// each run), outputs LSB.
///
/// Backward: the gradient model pulls the gradient through the array, the rounding passes it
/// unchanged (straight through); then dW = xᵀ·g, dx = g·Wᵀ.
pub struct AnalogDense {
    weights: Array2<f32>,
    gradient: Array2<f32>,
    model: Box<dyn GradientModel>,
    runner: PlanRunner,
    settings: RunSettings,
    loaded: Array2<i8>,
    activations: Array2<u8>,
    sums: Array2<i8>,
}

impl AnalogDense {
    /// Takes over weights (inputs × outputs, as large as the plan's layer) in weight units.
    ///
    /// # Errors
    /// [`TrainingError::Widths`] if the plan was made for another layer.
    pub fn new(
        weights: Array2<f32>,
        plan: Plan,
        settings: RunSettings,
        model: Box<dyn GradientModel>,
    ) -> Result<Self, TrainingError> {
        let shape = plan.shape();
        if weights.dim() != (shape.inputs, shape.outputs) {
            return Err(TrainingError::Widths {
                widths: vec![
                    weights.nrows(),
                    weights.ncols(),
                    shape.inputs,
                    shape.outputs,
                ],
            });
        }
        Ok(Self {
            gradient: Array2::zeros(weights.dim()),
            loaded: Array2::zeros(weights.dim()),
            weights,
            model,
            runner: PlanRunner::new(plan),
            settings,
            activations: Array2::zeros((0, 0)),
            sums: Array2::zeros((0, 0)),
        })
    }
}

impl Layer for AnalogDense {
    fn outputs(&self, inputs: usize) -> Option<usize> {
        (inputs == self.weights.nrows()).then_some(self.weights.ncols())
    }

    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: &mut Array2<f32>,
    ) -> Result<(), TrainingError> {
        // Errors name layer 0, as of a layer alone; the network puts in its own index.
        let array = session
            .array
            .as_deref_mut()
            .ok_or(TrainingError::NoArray { layer: 0 })?;
        if self.activations.dim() != input.dim() {
            self.activations = Array2::zeros(input.dim());
            self.sums = Array2::zeros(output.dim());
        }
        self.activations.zip_mut_with(&input, |to, &x| {
            *to = quantise(x, 0.0, f32::from(ACTIVATION_MAX)) as u8;
        });
        if !all_finite(&self.weights) {
            return Err(TrainingError::NotFinite {
                layer: 0,
                what: "weights",
            });
        }
        let limit = f32::from(WEIGHT_MAX);
        self.loaded.zip_mut_with(&self.weights, |to, &w| {
            *to = quantise(w, -limit, limit) as i8;
        });
        self.runner.run(
            array,
            self.loaded.view(),
            self.activations.view(),
            self.settings,
            &mut session.trial,
            self.sums.view_mut(),
        )?;
        output.zip_mut_with(&self.sums, |to, &y| *to = f32::from(y));
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: &mut Array2<f32>,
        input_gradient: Option<&mut Array2<f32>>,
    ) {
        self.model.pull_back(output, gradient.view_mut());
        general_mat_mul(1.0, &input.t(), gradient, 0.0, &mut self.gradient);
        if let Some(input_gradient) = input_gradient {
            general_mat_mul(1.0, gradient, &self.weights.t(), 0.0, input_gradient);
        }
    }

    fn parameter(&mut self) -> Option<Parameter<'_>> {
        let limit = f32::from(WEIGHT_MAX);
        Some(Parameter {
            value: &mut self.weights,
            gradient: &self.gradient,
            range: -limit..=limit,
        })
    }
}

fn quantise(value: f32, min: f32, max: f32) -> f32 {
    value.round_ties_even().clamp(min, max)
}
