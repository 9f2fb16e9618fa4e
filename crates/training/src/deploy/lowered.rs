//! A linear layer on its way to the array.

use bss2_core::{ACTIVATION_MAX, ArrayGeometry};
use bss2_mapping::{
    Convolution, LayerSample, LayerShape, LoweredConvolution, Lowering, Plan, Scaling, ScalingRule,
};
use ndarray::{Array2, ArrayView2, Axis};

use super::LayerDeployment;
use crate::{
    AnalogConv, AnalogDense, Conv, Layer, LinearGain, LinearLayer, Session, TrainingError,
};

/// Most vectors that a strategy is shown.
const SAMPLE_VECTORS_MAX: usize = 256;

/// A linear layer whose weights take inputs of different scales, and how it is lowered.
pub(super) struct LoweredLayer {
    weights: Array2<f32>,
    shape: LayerShape,
    convolution: Option<LoweredConvolution>,
}

impl LoweredLayer {
    /// Multiplies the weights of each input by its factor.
    pub(super) fn new(
        layer: &LinearLayer,
        factors: Option<&[f32]>,
        lowering: Lowering,
    ) -> Result<Self, TrainingError> {
        let mut weights = layer.weights().clone();
        match layer {
            LinearLayer::Dense(_) => {
                let rows = weights.rows_mut().into_iter();
                for (mut row, &factor) in rows.zip(factors.unwrap_or_default()) {
                    row *= factor;
                }
                Ok(Self {
                    shape: LayerShape::dense(weights.nrows(), weights.ncols())?,
                    weights,
                    convolution: None,
                })
            }
            LinearLayer::Conv { convolution, .. } => {
                if let Some(factors) = factors {
                    rescale_kernel(&mut weights, convolution, factors);
                }
                let lowered = LoweredConvolution::new(*convolution, lowering)?;
                Ok(Self {
                    shape: lowered.shape(),
                    weights,
                    convolution: Some(lowered),
                })
            }
        }
    }

    /// What the strategy makes of the layer, shown with weights that fill their range and some of
    /// the activations.
    pub(super) fn plan(
        &self,
        activations: &Array2<f32>,
        rule: ScalingRule,
        options: LayerDeployment<'_>,
        geometry: ArrayGeometry,
    ) -> Result<Plan, TrainingError> {
        let silent = Array2::zeros((0, self.weights.ncols()));
        let widest = rule.fit(self.weights.view(), silent.view())?;
        let weights = widest.apply(self.weights.view())?;
        let weights = self.lowered_weights(weights.mapv(|w| w.round_ties_even() as i8))?;
        let activations = self.some_vectors(activations)?;
        let sample = LayerSample {
            weights: weights.view(),
            activations: activations.view().into(),
        };
        let layer = bss2_mapping::Layer::with_sample(self.shape, sample)?;
        Ok(options.strategy.plan(&layer, geometry)?)
    }

    /// Σ x·w of every output (samples × outputs).
    pub(super) fn sums(&self, activations: &Array2<f32>) -> Result<Array2<f32>, TrainingError> {
        let Some(lowered) = &self.convolution else {
            return Ok(activations.dot(&self.weights));
        };
        let convolution = *lowered.convolution();
        let mut sums = Array2::zeros((activations.nrows(), convolution.outputs()));
        let mut layer = Conv::new(convolution, self.weights.clone())?;
        layer.forward(&mut Session::digital(), activations.view(), sums.view_mut())?;
        Ok(sums)
    }

    /// Scales the weights by the signal (samples × outputs, LSB) that they cause as they are.
    pub(super) fn fit(
        &self,
        rule: ScalingRule,
        signal: &Array2<f32>,
    ) -> Result<Scaling, TrainingError> {
        let Some(lowered) = &self.convolution else {
            return Ok(rule.fit(self.weights.view(), signal.view())?);
        };
        let convolution = *lowered.convolution();
        let vectors = signal.nrows() * convolution.positions();
        let mut by_channel = Array2::zeros((vectors, self.weights.ncols()));
        LoweredConvolution::new(convolution, Lowering::Im2col)?
            .gather_outputs(signal.view(), by_channel.view_mut())?;
        Ok(rule.fit(self.weights.view(), by_channel.view())?)
    }

    /// The layer on the array.
    pub(super) fn on_array(
        self,
        scaling: &Scaling,
        plan: Plan,
        gain_lsb: f32,
    ) -> Result<Box<dyn Layer>, TrainingError> {
        let weights = scaling.apply(self.weights.view())?;
        let model = Box::new(LinearGain { gain_lsb });
        Ok(match self.convolution {
            None => Box::new(AnalogDense::new(weights, plan, model)?),
            Some(lowered) => Box::new(AnalogConv::new(weights, lowered, plan, model)?),
        })
    }

    fn lowered_weights(&self, weights: Array2<i8>) -> Result<Array2<i8>, TrainingError> {
        let Some(lowered) = &self.convolution else {
            return Ok(weights);
        };
        let mut expanded = Array2::zeros(self.shape.weights());
        lowered.expand(weights.view(), expanded.view_mut())?;
        Ok(expanded)
    }

    /// Vectors of the lowered layer from all over the samples.
    fn some_vectors(&self, activations: &Array2<f32>) -> Result<Array2<u8>, TrainingError> {
        let per_sample = self
            .convolution
            .as_ref()
            .map_or(1, LoweredConvolution::vectors_per_sample);
        let samples = spread(activations.view(), SAMPLE_VECTORS_MAX.div_ceil(per_sample));
        let most = f32::from(ACTIVATION_MAX);
        let samples = samples.mapv(|x| x.clamp(0.0, most) as u8);
        let Some(lowered) = &self.convolution else {
            return Ok(samples);
        };
        let mut vectors = Array2::zeros((samples.nrows() * per_sample, self.shape.inputs()));
        lowered.gather(samples.view(), vectors.view_mut())?;
        Ok(spread(vectors.view(), SAMPLE_VECTORS_MAX))
    }
}

/// Multiplies the weights of each input channel by its factor; all inputs of a channel have the same.
fn rescale_kernel(kernel: &mut Array2<f32>, convolution: &Convolution, factors: &[f32]) {
    let options = convolution.options();
    let inputs_per_channel = options.input.0 * options.input.1;
    let rows_per_channel = options.kernel.0 * options.kernel.1;
    let outputs_per_group = options.output_channels / options.groups;
    for ((row, output), weight) in kernel.indexed_iter_mut() {
        let first_channel = output / outputs_per_group * convolution.channels_per_group();
        let channel = first_channel + row / rows_per_channel;
        *weight *= factors[channel * inputs_per_channel];
    }
}

/// At most so many rows, evenly spread.
fn spread<T: Copy>(rows: ArrayView2<'_, T>, most: usize) -> Array2<T> {
    let (count, kept) = (rows.nrows(), rows.nrows().min(most));
    let indices: Vec<usize> = (0..kept).map(|index| index * count / kept).collect();
    rows.select(Axis(0), &indices)
}
