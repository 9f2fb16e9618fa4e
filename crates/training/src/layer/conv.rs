//! A digital convolution.

use bss2_mapping::{Convolution, LoweredConvolution, Lowering};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::kernel::ConvolutionKernel;
use super::{Layer, check_backward, check_forward};
use crate::{ParameterView, Session, Step, TrainingError, UpdateParameter, exact_products};

/// A convolution in `f32`, without bias.
#[derive(Clone, Debug)]
pub struct Conv {
    kernel: ConvolutionKernel,
}

impl Conv {
    /// Takes over a kernel, of [its shape](Convolution::kernel_shape): (input channel of the group,
    /// row, column) × output channel.
    ///
    /// # Errors
    /// [`TrainingError::Shape`] for a kernel of another shape; [`TrainingError::Mapping`] for one of
    /// more than [`WEIGHTS_MAX`](bss2_mapping::LoweredConvolution::WEIGHTS_MAX) weights, or patches
    /// of more than [`SIDE_MAX`](bss2_mapping::LayerShape::SIDE_MAX) numbers in all groups.
    pub fn new(convolution: Convolution, kernel: Array2<f32>) -> Result<Self, TrainingError> {
        let lowered = LoweredConvolution::new(convolution, Lowering::Im2col)?;
        let kernel = ConvolutionKernel::new(lowered, kernel, f32::MIN..=f32::MAX)?;
        Ok(Self { kernel })
    }
}

impl Layer for Conv {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        self.kernel.outputs(inputs)
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        self.kernel.forward(input, output)
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        self.kernel.backward(
            input,
            output,
            gradient.view(),
            input_gradient,
            &mut |pass, into| {
                let gradient = pass.gradient.view();
                exact_products(pass.shape, pass.inputs, pass.weights, gradient, into)
            },
        )
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(self.kernel.weights.view());
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(self.kernel.weights.view_mut())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Linear(self.kernel.linear()))
    }
}
