//! A linear layer on the array.

use bss2_mapping::{Plan, PlanRunner};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::on_array::OnArray;
use super::rounding::WEIGHT_LIMIT;
use super::weight_matrix::WeightMatrix;
use super::{Layer, check_backward, check_forward};
use crate::{
    GradientModel, LinearGradients, LinearLayer, LinearPass, MakeGradientModel, ParameterView,
    Session, Step, TrainingError, UpdateParameter,
};

/// y = array(round(x), round(W)): inputs are activations 0…31 (others are refused), weights −63…63
/// (kept as `f32`, rounded for each run), outputs LSB.
///
/// Backward: the gradients are those of the gradient model; the rounding passes them unchanged
/// (straight through).
pub struct AnalogDense {
    weights: WeightMatrix,
    on_array: OnArray,
    runner: PlanRunner,
}

impl AnalogDense {
    /// Takes over weights (inputs × outputs, as large as the plan's layer) in weight units.
    ///
    /// # Errors
    /// [`TrainingError::Widths`] if the plan was made for another layer or for one in groups;
    /// [`TrainingError::Mapping`] if its coding does not take all weights and activations; what the
    /// model says of the plan.
    pub fn new(
        weights: Array2<f32>,
        plan: Plan,
        model: Box<dyn GradientModel>,
    ) -> Result<Self, TrainingError> {
        let shape = plan.shape();
        if weights.dim() != shape.weights() || shape.groups() > 1 {
            return Err(TrainingError::Widths {
                widths: vec![
                    weights.nrows(),
                    weights.ncols(),
                    shape.inputs(),
                    shape.outputs(),
                ],
            });
        }
        Ok(Self {
            on_array: OnArray::new(model, &plan, weights.dim())?,
            weights: WeightMatrix::new(weights, -WEIGHT_LIMIT..=WEIGHT_LIMIT),
            runner: PlanRunner::new(plan),
        })
    }
}

impl Layer for AnalogDense {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        self.weights.outputs(inputs)
    }

    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        let runner = &mut self.runner;
        self.on_array.forward(
            session,
            &self.weights.value,
            input,
            output,
            |array, r, trial| runner.run(array, r.weights, r.activations, trial, r.sums),
        )
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        let WeightMatrix {
            value,
            gradient: weight_gradient,
            ..
        } = &mut self.weights;
        weight_gradient.fill(0.0);
        let pass = LinearPass {
            plan: self.runner.plan(),
            inputs: input,
            weights: value.view(),
            outputs: output,
        };
        let into = LinearGradients {
            weights: weight_gradient.view_mut(),
            inputs: input_gradient,
        };
        self.on_array.model.backward(&pass, gradient, into)
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(self.weights.view());
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(self.weights.view_mut())
    }

    fn set_gradient_model(
        &mut self,
        make: &mut MakeGradientModel<'_>,
    ) -> Result<(), TrainingError> {
        self.on_array.set_model(make, self.runner.plan())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Linear(LinearLayer::Dense(self.weights.value.clone())))
    }
}
