//! A convolution on the array.

use bss2_mapping::{ConvolutionRunner, LoweredConvolution, Plan};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::kernel::ConvolutionKernel;
use super::on_array::OnArray;
use super::rounding::WEIGHT_LIMIT;
use super::{Layer, check_backward, check_forward};
use crate::{
    GradientModel, LinearPass, MakeGradientModel, ParameterView, Session, Step, TrainingError,
    UpdateParameter,
};

/// A convolution as an array computes it: inputs are activations 0…31 (others are refused), the
/// kernel −63…63 (kept as `f32`, rounded for each run), outputs LSB.
///
/// Backward: the gradients are those of the gradient model; the rounding passes them unchanged
/// (straight through).
pub struct AnalogConv {
    kernel: ConvolutionKernel,
    on_array: OnArray,
    runner: ConvolutionRunner,
}

impl AnalogConv {
    /// Takes over a kernel in weight units, of
    /// [its shape](bss2_mapping::Convolution::kernel_shape), and a plan of the lowered convolution.
    ///
    /// # Errors
    /// Those of [`Conv::new`](crate::Conv::new); [`TrainingError::Mapping`] if the plan was made for
    /// another layer, or if its coding does not take all weights and activations; what the model
    /// says of the plan.
    pub fn new(
        kernel: Array2<f32>,
        lowered: LoweredConvolution,
        plan: Plan,
        model: Box<dyn GradientModel>,
    ) -> Result<Self, TrainingError> {
        let range = -WEIGHT_LIMIT..=WEIGHT_LIMIT;
        Ok(Self {
            on_array: OnArray::new(model, &plan, kernel.dim())?,
            kernel: ConvolutionKernel::new(lowered.clone(), kernel, range)?,
            runner: ConvolutionRunner::new(lowered, plan)?,
        })
    }
}

impl Layer for AnalogConv {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        self.kernel.outputs(inputs)
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
            &self.kernel.weights.value,
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
        let (model, plan) = (&mut self.on_array.model, self.runner.plan());
        self.kernel.backward(
            input,
            output,
            gradient.view(),
            input_gradient,
            &mut |pass, into| {
                let linear = LinearPass {
                    plan,
                    inputs: pass.inputs,
                    weights: pass.weights,
                    outputs: pass.outputs,
                };
                model.backward(&linear, pass.gradient, into)
            },
        )
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(self.kernel.weights.view());
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(self.kernel.weights.view_mut())
    }

    fn set_gradient_model(
        &mut self,
        make: &mut MakeGradientModel<'_>,
    ) -> Result<(), TrainingError> {
        self.on_array.set_model(make, self.runner.plan())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Linear(self.kernel.linear()))
    }
}
