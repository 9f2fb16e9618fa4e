//! A convolution on the array.

use bss2_core::Buffer;
use bss2_mapping::{ConvolutionRunner, LoweredConvolution, Plan};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::Layer;
use super::kernel::ConvolutionKernel;
use super::rounding::{WEIGHT_LIMIT, round_activations, round_weights};
use crate::{GradientModel, LinearLayer, ParameterView, Session, TrainingError, UpdateParameter};

/// A convolution as an array computes it: inputs are activations 0…31 (others are refused), the
/// kernel −63…63 (kept as `f32`, rounded for each run), outputs LSB.
///
/// Backward: the gradient model pulls the gradient through the array, the rounding passes it
/// unchanged (straight through); then the gradients are those of a digital convolution.
pub struct AnalogConv {
    kernel: ConvolutionKernel,
    model: Box<dyn GradientModel>,
    runner: ConvolutionRunner,
    loaded: Array2<i8>,
    activations: Buffer<u8>,
    sums: Buffer<i8>,
}

impl AnalogConv {
    /// Takes over a kernel in weight units, of
    /// [its shape](bss2_mapping::Convolution::kernel_shape), and a plan of the lowered convolution.
    ///
    /// # Errors
    /// Those of [`Conv::new`](crate::Conv::new); [`TrainingError::Mapping`] if the plan was made for
    /// another layer, or if its coding does not take all weights and activations.
    pub fn new(
        kernel: Array2<f32>,
        lowered: LoweredConvolution,
        plan: Plan,
        model: Box<dyn GradientModel>,
    ) -> Result<Self, TrainingError> {
        plan.coding().check_full_range()?;
        let range = -WEIGHT_LIMIT..=WEIGHT_LIMIT;
        Ok(Self {
            loaded: Array2::zeros(kernel.dim()),
            kernel: ConvolutionKernel::new(*lowered.convolution(), kernel, range)?,
            model,
            runner: ConvolutionRunner::new(lowered, plan)?,
            activations: Buffer::new(),
            sums: Buffer::new(),
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
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        let array = session
            .array
            .as_deref_mut()
            .ok_or(TrainingError::NoArray { layer: 0 })?;
        let mut activations = self.activations.shaped(input.dim());
        round_activations(input, activations.view_mut())?;
        round_weights(&self.kernel.weights.value, &mut self.loaded)?;
        let mut sums = self.sums.shaped(output.dim());
        session.report += self.runner.run(
            array,
            self.loaded.view(),
            activations.view(),
            &mut session.trial,
            sums.view_mut(),
        )?;
        output.zip_mut_with(&sums, |to, &y| *to = f32::from(y));
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        mut gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) {
        self.model.pull_back(output, gradient.view_mut());
        self.kernel.backward(input, gradient.view(), input_gradient);
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(self.kernel.weights.view());
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(self.kernel.weights.view_mut())
    }

    fn linear(&self) -> Option<LinearLayer> {
        Some(self.kernel.linear())
    }
}
