//! Carrying out a convolution.

use bss2_core::{Buffer, MacArray, RunReport, Trial};
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::strategy::check_shape;
use crate::{Activations, LoweredConvolution, MappingError, Plan, PlanRunner};

/// Runs a convolution on an array, by a plan of its linear layer, and keeps the buffers for the
/// next batch.
///
/// # Example
///
/// The mean of two neighbours, at all three positions of a vector at once:
///
/// ```
/// use bss2_core::{ArrayGeometry, Trial};
/// use bss2_hardware::IdealArray;
/// use bss2_mapping::{
///     ConvolutionOptions, ConvolutionRunner, LoweredConvolution, Lowering, MappingStrategy, Tiling,
/// };
/// use ndarray::array;
///
/// let convolution = ConvolutionOptions::one_d(1, 4, 1, 2).check()?;
/// let lowering = Lowering::Unrolled { height: 1, width: 3 };
/// let lowered = LoweredConvolution::new(convolution, lowering)?;
/// assert_eq!(lowered.shape().weights(), (4, 3));
/// let plan = Tiling::in_order().plan(&lowered.shape().into(), ArrayGeometry::BSS2)?;
///
/// let mut array = IdealArray::new(ArrayGeometry::BSS2, 0.01)?;
/// let (kernel, samples) = (array![[50], [50]], array![[2_u8, 4, 6, 20]]);
/// let mut outputs = array![[0, 0, 0]];
/// let mut runner = ConvolutionRunner::new(lowered, plan)?;
/// runner.run(&mut array, kernel.view(), samples.view(), &mut Trial::new(1), outputs.view_mut())?;
/// assert_eq!(outputs, array![[3, 5, 13]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConvolutionRunner {
    lowered: LoweredConvolution,
    runner: PlanRunner,
    weights: Buffer<i8>,
    unsigned: Buffer<u8>,
    signed: Buffer<i8>,
    outputs: Buffer<i8>,
}

impl ConvolutionRunner {
    /// Largest accepted number of values in the vectors of a batch, or in their outputs: 2³¹, 2 GiB.
    pub const VALUES_MAX: usize = 1 << 31;

    /// Takes over a convolution and a plan of its linear layer.
    ///
    /// # Errors
    /// [`MappingError::OtherLayer`] for a plan of another layer.
    pub fn new(lowered: LoweredConvolution, plan: Plan) -> Result<Self, MappingError> {
        let (expected, planned) = (lowered.shape(), plan.shape());
        if expected != planned {
            return Err(MappingError::OtherLayer { expected, planned });
        }
        Ok(Self {
            lowered,
            runner: PlanRunner::new(plan),
            weights: Buffer::new(),
            unsigned: Buffer::new(),
            signed: Buffer::new(),
            outputs: Buffer::new(),
        })
    }

    /// The convolution.
    pub const fn lowered(&self) -> &LoweredConvolution {
        &self.lowered
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        self.runner.plan()
    }

    /// Convolves samples (samples × inputs, in the range of the plan's input coding) with a kernel
    /// (of [its shape](crate::Convolution::kernel_shape), in the range of the weight coding) into
    /// `outputs` (samples × outputs, LSB), as [`PlanRunner::run`] does with vectors.
    ///
    /// For a batch run in parts, `trial.first_vector` counts samples.
    ///
    /// # Errors
    /// [`MappingError::Shape`]; [`MappingError::BatchTooLarge`] beyond
    /// [`VALUES_MAX`](Self::VALUES_MAX); those of [`PlanRunner::run`], in which weights, inputs and
    /// vectors are those of the linear layer.
    pub fn run<'a, A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        kernel: ArrayView2<'_, i8>,
        samples: impl Into<Activations<'a>>,
        trial: &mut Trial,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, MappingError> {
        let samples = samples.into();
        let vectors = self.check(samples, outputs.dim())?;
        let shape = self.lowered.shape();
        let mut weights = self.weights.shaped(shape.weights());
        self.lowered.expand(kernel, weights.view_mut())?;
        let gathered = match samples {
            Activations::Unsigned(samples) => {
                let mut gathered = self.unsigned.shaped((vectors, shape.inputs()));
                self.lowered.gather(samples, gathered.view_mut())?;
                Activations::Unsigned(self.unsigned.view())
            }
            Activations::Signed(samples) => {
                let mut gathered = self.signed.shaped((vectors, shape.inputs()));
                self.lowered.gather(samples, gathered.view_mut())?;
                Activations::Signed(self.signed.view())
            }
        };
        let mut computed = self.outputs.shaped((vectors, shape.outputs()));
        let per_sample = self.lowered.vectors_per_sample() as u64;
        let mut of_vectors = Trial {
            first_vector: trial.first_vector.wrapping_mul(per_sample),
            ..*trial
        };
        let result = self.runner.run(
            array,
            weights.view(),
            gathered,
            &mut of_vectors,
            computed.view_mut(),
        );
        trial.pass = of_vectors.pass;
        let report = result?;
        self.lowered.scatter(computed.view(), outputs)?;
        Ok(report)
    }

    /// The number of vectors, if samples and outputs have their shapes and it is not too large.
    fn check(
        &self,
        samples: Activations<'_>,
        outputs: (usize, usize),
    ) -> Result<usize, MappingError> {
        let (convolution, shape) = (self.lowered.convolution(), self.lowered.shape());
        let count = samples.dim().0;
        check_shape("samples", (count, convolution.inputs()), samples.dim())?;
        check_shape("outputs", (count, convolution.outputs()), outputs)?;
        let per_vector = shape.inputs().max(shape.outputs());
        let vectors = count.saturating_mul(self.lowered.vectors_per_sample());
        if vectors.saturating_mul(per_vector) > Self::VALUES_MAX {
            return Err(MappingError::BatchTooLarge {
                vectors,
                values: per_vector,
                limit: Self::VALUES_MAX,
            });
        }
        Ok(vectors)
    }
}
