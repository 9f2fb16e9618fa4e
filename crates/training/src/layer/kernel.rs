//! The kernel of a convolution, with its gradient.

use std::ops::RangeInclusive;

use bss2_core::Buffer;
use bss2_core::product::Onto;
use bss2_mapping::{Convolution, LayerShape, LoweredConvolution, MappingError};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};

use super::check_width;
use super::weight_matrix::WeightMatrix;
use crate::error::check_shape;
use crate::product::multiply;
use crate::{LinearGradients, LinearLayer, TrainingError};

/// Values of the vectors that are gathered at once; bounds the memory.
const VALUES_AT_ONCE: usize = 1 << 20;

/// A kernel, and what the convolution with it and its gradients need: samples as vectors of the
/// lowered convolution, times its weights as a matrix.
#[derive(Clone, Debug)]
pub(super) struct ConvolutionKernel {
    pub(super) weights: WeightMatrix,
    lowered: LoweredConvolution,
    buffers: Buffers,
}

#[derive(Clone, Debug, Default)]
struct Buffers {
    /// The lowered convolution's weights and their gradient, where they are not the kernel itself.
    weights: Buffer<f32>,
    weight_gradient: Buffer<f32>,
    vectors: Buffer<f32>,
    vector_gradient: Buffer<f32>,
    products: Buffer<f32>,
    product_gradient: Buffer<f32>,
}

/// A batch of vectors that has passed through a lowered convolution, on its way back.
pub(super) struct VectorPass<'a> {
    pub(super) shape: LayerShape,
    /// Vectors × inputs.
    pub(super) inputs: ArrayView2<'a, f32>,
    /// Inputs of one group × outputs.
    pub(super) weights: ArrayView2<'a, f32>,
    /// Vectors × outputs.
    pub(super) outputs: ArrayView2<'a, f32>,
    /// The gradient with respect to the outputs, which may be used as scratch.
    pub(super) gradient: ArrayViewMut2<'a, f32>,
}

/// Computes the gradients of a [`VectorPass`] from that with respect to its outputs.
pub(super) type VectorBackward<'f> =
    dyn FnMut(VectorPass<'_>, LinearGradients<'_>) -> Result<(), TrainingError> + 'f;

impl ConvolutionKernel {
    pub(super) fn new(
        lowered: LoweredConvolution,
        kernel: Array2<f32>,
        range: RangeInclusive<f32>,
    ) -> Result<Self, TrainingError> {
        let expected = lowered.convolution().kernel_shape();
        check_shape("kernel", expected, kernel.dim())?;
        Ok(Self {
            weights: WeightMatrix::new(kernel, range),
            lowered,
            buffers: Buffers::default(),
        })
    }

    const fn convolution(&self) -> &Convolution {
        self.lowered.convolution()
    }

    pub(super) fn linear(&self) -> LinearLayer {
        LinearLayer::Conv {
            convolution: *self.convolution(),
            kernel: self.weights.value.clone(),
        }
    }

    /// Outputs for a number of inputs.
    pub(super) fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        check_width(self.convolution().inputs(), inputs)?;
        Ok(self.convolution().outputs())
    }

    /// Convolves a batch with a kernel lowered to one output position per vector.
    pub(super) fn forward(
        &mut self,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        let (at_once, shape) = (self.samples_at_once(), self.lowered.shape());
        let outputs = output.axis_chunks_iter_mut(Axis(0), at_once);
        for (input, output) in input.axis_chunks_iter(Axis(0), at_once).zip(outputs) {
            let (inputs, outputs) = self.vector_shapes(input.nrows());
            let mut vectors = self.buffers.vectors.shaped(inputs);
            self.lowered.gather(input, vectors.view_mut())?;
            let mut products = self.buffers.products.shaped(outputs);
            for group in 0..shape.groups() {
                let of_group = |size: usize| group * size..(group + 1) * size;
                let outputs = of_group(shape.group_outputs());
                let kernel = self.weights.value.slice(s![.., outputs.clone()]);
                let vectors = vectors.slice(s![.., of_group(shape.group_inputs())]);
                multiply(
                    vectors,
                    kernel,
                    Onto::Nothing,
                    products.slice_mut(s![.., outputs]),
                );
            }
            self.lowered.scatter(products.view(), output)?;
        }
        Ok(())
    }

    /// The gradients of the kernel, and of the inputs if they are asked for: those that `backward`
    /// finds for the vectors, added up where weights stand for the same number of the kernel, and
    /// where vectors overlap.
    pub(super) fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayView2<'_, f32>,
        mut input_gradient: Option<ArrayViewMut2<'_, f32>>,
        backward: &mut VectorBackward<'_>,
    ) -> Result<(), TrainingError> {
        if let Some(input_gradient) = &mut input_gradient {
            input_gradient.fill(0.0);
        }
        self.prepare()?;
        let at_once = self.samples_at_once();
        for first in (0..input.nrows()).step_by(at_once) {
            let samples = s![first..input.nrows().min(first + at_once), ..];
            let batch = Samples {
                input: input.slice(samples),
                output: output.slice(samples),
                gradient: gradient.slice(samples),
                input_gradient: input_gradient.as_mut().map(|all| all.slice_mut(samples)),
            };
            self.add_gradients(batch, backward)?;
        }
        Ok(self.conclude()?)
    }

    /// Clears the gradient and lowers the weights.
    fn prepare(&mut self) -> Result<(), MappingError> {
        self.weights.gradient.fill(0.0);
        if !self.is_kernel() {
            let shape = self.lowered.shape().weights();
            let weights = self.buffers.weights.shaped(shape);
            self.lowered.expand(self.weights.value.view(), weights)?;
            self.buffers.weight_gradient.shaped(shape).fill(0.0);
        }
        Ok(())
    }

    fn add_gradients(
        &mut self,
        batch: Samples<'_>,
        backward: &mut VectorBackward<'_>,
    ) -> Result<(), TrainingError> {
        let (inputs, outputs) = self.vector_shapes(batch.input.nrows());
        let (is_kernel, shape) = (self.is_kernel(), self.lowered.shape());
        let Self {
            weights,
            lowered,
            buffers,
        } = self;
        let mut vectors = buffers.vectors.shaped(inputs);
        lowered.gather(batch.input, vectors.view_mut())?;
        let mut products = buffers.products.shaped(outputs);
        lowered.gather_outputs(batch.output, products.view_mut())?;
        let mut gradient = buffers.product_gradient.shaped(outputs);
        lowered.gather_outputs(batch.gradient, gradient.view_mut())?;
        let wants_inputs = batch.input_gradient.is_some();
        let mut vector_gradient = wants_inputs.then(|| buffers.vector_gradient.shaped(inputs));

        let (matrix, matrix_gradient) = if is_kernel {
            (weights.value.view(), weights.gradient.view_mut())
        } else {
            let expanded = buffers.weights.view();
            (expanded, buffers.weight_gradient.shaped(shape.weights()))
        };
        let pass = VectorPass {
            shape,
            inputs: vectors.view(),
            weights: matrix,
            outputs: products.view(),
            gradient: gradient.view_mut(),
        };
        let into = LinearGradients {
            weights: matrix_gradient,
            inputs: vector_gradient.as_mut().map(|gradient| gradient.view_mut()),
        };
        backward(pass, into)?;
        if let (Some(from), Some(to)) = (vector_gradient, batch.input_gradient) {
            lowered.scatter_add(from.view(), to)?;
        }
        Ok(())
    }

    /// Brings the gradient of the lowered weights to the kernel.
    fn conclude(&mut self) -> Result<(), MappingError> {
        if self.is_kernel() {
            return Ok(());
        }
        let gradient = self.buffers.weight_gradient.view();
        self.lowered
            .contract(gradient, self.weights.gradient.view_mut())
    }

    /// Whether the lowered weights are the kernel itself.
    fn is_kernel(&self) -> bool {
        self.lowered.shape().weights() == self.weights.value.dim()
    }

    fn samples_at_once(&self) -> usize {
        let per_sample = self.lowered.vectors_per_sample() * self.lowered.shape().inputs();
        (VALUES_AT_ONCE / per_sample).max(1)
    }

    /// Shapes of the vectors of so many samples, and of their outputs.
    fn vector_shapes(&self, samples: usize) -> ((usize, usize), (usize, usize)) {
        let vectors = samples * self.lowered.vectors_per_sample();
        let shape = self.lowered.shape();
        ((vectors, shape.inputs()), (vectors, shape.outputs()))
    }
}

/// Samples of a batch, on their way back.
struct Samples<'a> {
    input: ArrayView2<'a, f32>,
    output: ArrayView2<'a, f32>,
    gradient: ArrayView2<'a, f32>,
    input_gradient: Option<ArrayViewMut2<'a, f32>>,
}
