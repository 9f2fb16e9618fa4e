//! The kernel of a convolution, with its gradient.

use std::ops::{Range, RangeInclusive};

use bss2_core::Buffer;
use bss2_mapping::{Convolution, LayerShape, LoweredConvolution, Lowering, MappingError};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};

use super::check_width;
use super::weight_matrix::WeightMatrix;
use crate::{LinearLayer, TrainingError};

/// Values of the patches that are gathered at once; bounds the memory.
const VALUES_AT_ONCE: usize = 1 << 20;

/// A kernel, and what the convolution with it and its gradients need: each output position's patch
/// of the input as a vector, times the kernel as a matrix.
#[derive(Clone, Debug)]
pub(super) struct ConvolutionKernel {
    pub(super) weights: WeightMatrix,
    im2col: LoweredConvolution,
    patches: Buffer<f32>,
    products: Buffer<f32>,
}

impl ConvolutionKernel {
    pub(super) fn new(
        convolution: Convolution,
        kernel: Array2<f32>,
        range: RangeInclusive<f32>,
    ) -> Result<Self, TrainingError> {
        let expected = convolution.kernel_shape();
        if kernel.dim() != expected {
            return Err(TrainingError::Shape {
                what: "kernel",
                expected,
                found: kernel.dim(),
            });
        }
        Ok(Self {
            weights: WeightMatrix::new(kernel, range),
            im2col: LoweredConvolution::new(convolution, Lowering::Im2col)?,
            patches: Buffer::new(),
            products: Buffer::new(),
        })
    }

    const fn convolution(&self) -> &Convolution {
        self.im2col.convolution()
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

    /// Convolves a batch.
    pub(super) fn forward(
        &mut self,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        let (at_once, shape) = (self.samples_at_once(), self.im2col.shape());
        let outputs = output.axis_chunks_iter_mut(Axis(0), at_once);
        for (input, output) in input.axis_chunks_iter(Axis(0), at_once).zip(outputs) {
            let (inputs, outputs) = self.vector_shapes(input.nrows());
            let mut patches = self.patches.shaped(inputs);
            self.im2col.gather(input, patches.view_mut())?;
            let mut products = self.products.shaped(outputs);
            for group in 0..shape.groups() {
                let (inputs, outputs) = columns_of(group, shape);
                let kernel = self.weights.value.slice(s![.., outputs.clone()]);
                let patches = patches.slice(s![.., inputs]);
                let mut products = products.slice_mut(s![.., outputs]);
                general_mat_mul(1.0, &patches, &kernel, 0.0, &mut products);
            }
            self.im2col.scatter(products.view(), output)?;
        }
        Ok(())
    }

    /// The gradients: patches transposed times g for the kernel, and g times the kernel transposed,
    /// added up where patches overlap, for the input if it is asked for.
    pub(super) fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        gradient: ArrayView2<'_, f32>,
        mut input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) {
        self.weights.gradient.fill(0.0);
        if let Some(input_gradient) = &mut input_gradient {
            input_gradient.fill(0.0);
        }
        let at_once = self.samples_at_once();
        for first in (0..input.nrows()).step_by(at_once) {
            let samples = s![first..input.nrows().min(first + at_once), ..];
            let input_gradient = input_gradient.as_mut().map(|all| all.slice_mut(samples));
            let result = self.add_gradients(
                input.slice(samples),
                gradient.slice(samples),
                input_gradient,
            );
            if let Err(error) = result {
                unreachable!("shapes fit in the forward pass: {error}");
            }
        }
    }

    fn add_gradients(
        &mut self,
        input: ArrayView2<'_, f32>,
        gradient: ArrayView2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), MappingError> {
        let (inputs, outputs) = self.vector_shapes(input.nrows());
        let mut patches = self.patches.shaped(inputs);
        self.im2col.gather(input, patches.view_mut())?;
        let mut products = self.products.shaped(outputs);
        self.im2col.gather_outputs(gradient, products.view_mut())?;
        let shape = self.im2col.shape();
        for group in 0..shape.groups() {
            let (inputs, outputs) = columns_of(group, shape);
            let gradient = products.slice(s![.., outputs.clone()]);
            let mut patches = patches.slice_mut(s![.., inputs]);
            let mut of_kernel = self.weights.gradient.slice_mut(s![.., outputs.clone()]);
            general_mat_mul(1.0, &patches.t(), &gradient, 1.0, &mut of_kernel);
            // The patches of this group were needed for the last time.
            if input_gradient.is_some() {
                let kernel = self.weights.value.slice(s![.., outputs]);
                general_mat_mul(1.0, &gradient, &kernel.t(), 0.0, &mut patches);
            }
        }
        match input_gradient {
            None => Ok(()),
            Some(input_gradient) => self.im2col.scatter_add(patches.view(), input_gradient),
        }
    }

    fn samples_at_once(&self) -> usize {
        let per_sample = self.im2col.vectors_per_sample() * self.im2col.shape().inputs();
        (VALUES_AT_ONCE / per_sample).max(1)
    }

    /// Shapes of the vectors of so many samples, and of their outputs.
    fn vector_shapes(&self, samples: usize) -> ((usize, usize), (usize, usize)) {
        let vectors = samples * self.im2col.vectors_per_sample();
        let shape = self.im2col.shape();
        ((vectors, shape.inputs()), (vectors, shape.outputs()))
    }
}

/// The columns of a group among all inputs, and among all outputs.
fn columns_of(group: usize, shape: LayerShape) -> (Range<usize>, Range<usize>) {
    let range = |size: usize| group * size..(group + 1) * size;
    (range(shape.group_inputs()), range(shape.group_outputs()))
}
