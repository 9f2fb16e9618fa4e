//! From a digital network to the array.

use bss2_core::{ACTIVATION_MAX, ArrayGeometry, NOMINAL_GAIN_LSB, WEIGHT_MAX};
use bss2_mapping::{LayerShape, MappingStrategy, Tiling};
use ndarray::{Array2, ArrayView2};

use crate::error::check_option;
use crate::examples::check_finite;
use crate::layer::all_finite;
use crate::{
    AnalogDense, ConvertingRelu, Layer, LinearGain, Network, QuantiseInput, TrainingError,
};

/// How to bring a digital network onto the array.
#[derive(Clone, Copy, Debug)]
pub struct Deployment<'a> {
    /// Sizes of the array.
    pub geometry: ArrayGeometry,
    /// How layers are mapped onto the array.
    pub strategy: &'a dyn MappingStrategy,
    /// Gain that the array is taken to have with one send, in LSB per activation and weight unit.
    pub gain_lsb: f32,
    /// Share of a layer's weights, by magnitude, that must fit the range ±63; the rest is clipped.
    pub weight_quantile: f64,
    /// Share of a layer's outputs, by magnitude, that must fit the range of `i8` and, after the
    /// shift, of activations.
    pub output_quantile: f64,
}

impl Default for Deployment<'_> {
    /// One chip, blocks [in order](Tiling), one send, the [nominal gain](NOMINAL_GAIN_LSB), 99.9 %
    /// of weights and outputs in range.
    fn default() -> Self {
        Self {
            geometry: ArrayGeometry::BSS2,
            strategy: const { &Tiling::IN_ORDER },
            gain_lsb: NOMINAL_GAIN_LSB,
            weight_quantile: 0.999,
            output_quantile: 0.999,
        }
    }
}

/// How one layer was brought onto the array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeployedLayer {
    /// Weight units per unit of the digital weights.
    pub weight_scale: f32,
    /// Share of weights that were clipped, 0…1.
    pub clipped_weights: f64,
    /// Magnitude at the output quantile expected of an ideal array, in LSB.
    pub output_lsb: f32,
    /// Right shift before the next layer; `None` for the last.
    pub shift: Option<u8>,
}

/// Largest output magnitude that a layer is scaled to, in LSB: leaves room for offsets and noise.
const OUTPUT_LIMIT_LSB: f32 = 110.0;

/// Scales and quantises a digital network for the array: dense layers without bias, given by their
/// `weights` (inputs × outputs each), with rectifiers between them, as
/// [`float_mlp`](crate::float_mlp) makes them. Inputs are expected in 0…1; beyond, they are clipped.
///
/// Layer by layer, weights are scaled to the range ±63, less where `samples` (vectors × inputs)
/// would drive the outputs beyond the range of `i8`, and the shift is chosen such that the
/// next layer's activations use their range. As no layer has a bias, a scale per layer leaves the
/// class decisions as they were, rounding and clipping apart.
///
/// # Errors
/// [`TrainingError::Widths`] without weights; [`TrainingError::NoSamples`],
/// [`TrainingError::Width`] or [`TrainingError::OptionOutOfRange`]
/// for arguments that do not fit; [`TrainingError::InputNotFinite`] for samples that are not
/// finite, [`TrainingError::NotFinite`] for such weights or for outputs beyond `f32`;
/// [`TrainingError::Mapping`] for a layer that the strategy does not map.
pub fn deploy(
    weights: &[Array2<f32>],
    samples: ArrayView2<'_, f32>,
    deployment: Deployment<'_>,
) -> Result<(Network, Vec<DeployedLayer>), TrainingError> {
    check_option("gain_lsb", f64::from(deployment.gain_lsb), 1e-9, 1e3)?;
    check_option("weight_quantile", deployment.weight_quantile, 0.5, 1.0)?;
    check_option("output_quantile", deployment.output_quantile, 0.5, 1.0)?;
    if weights.is_empty() {
        return Err(TrainingError::Widths { widths: Vec::new() });
    }
    if samples.is_empty() {
        return Err(TrainingError::NoSamples);
    }
    check_finite(samples)?;
    let mut activations =
        samples.mapv(|x| (x.clamp(0.0, 1.0) * f32::from(ACTIVATION_MAX)).round_ties_even());
    let mut layers: Vec<Box<dyn Layer>> = vec![Box::new(QuantiseInput)];
    let layer_count = weights.len();
    let mut report = Vec::with_capacity(layer_count);

    for (index, weights) in weights.iter().enumerate() {
        check_layer(index, weights, activations.ncols())?;
        let shape = LayerShape::dense(weights.nrows(), weights.ncols())?;
        let plan = deployment
            .strategy
            .plan(&shape.into(), deployment.geometry)?;
        let gain_lsb = deployment.gain_lsb * plan.amplification() as f32;
        let signal = activations.dot(weights) * gain_lsb;
        if !all_finite(&signal) {
            return Err(TrainingError::NotFinite {
                layer: index,
                what: "outputs",
            });
        }
        let Scaling {
            weight_scale,
            output_lsb,
        } = Scaling::fit(weights, &signal, deployment);
        let limit = f32::from(WEIGHT_MAX);
        let scaled = weights.mapv(|w| (w * weight_scale).clamp(-limit, limit));
        let clipped = weights
            .iter()
            .filter(|w| w.abs() * weight_scale > limit)
            .count();

        let is_last = index + 1 == layer_count;
        let relu = ConvertingRelu::new(shift_for(output_lsb))?;
        report.push(DeployedLayer {
            weight_scale,
            clipped_weights: clipped as f64 / weights.len() as f64,
            output_lsb,
            shift: (!is_last).then_some(relu.shift()),
        });
        let model = Box::new(LinearGain { gain_lsb });
        layers.push(Box::new(AnalogDense::new(scaled, plan, model)?));
        if !is_last {
            let step = f32::from(relu.shift()).exp2();
            activations = signal.mapv(|y| {
                (y * weight_scale / step)
                    .floor()
                    .clamp(0.0, f32::from(ACTIVATION_MAX))
            });
            layers.push(Box::new(relu));
        }
    }
    Ok((Network::new(layers)?, report))
}

/// Refuses weights that are not finite or do not take the activations.
fn check_layer(index: usize, weights: &Array2<f32>, inputs: usize) -> Result<(), TrainingError> {
    if !all_finite(weights) {
        return Err(TrainingError::NotFinite {
            layer: index,
            what: "weights",
        });
    }
    if inputs != weights.nrows() {
        return Err(TrainingError::Width {
            layer: index,
            expected: weights.nrows(),
            found: inputs,
        });
    }
    Ok(())
}

/// By what a layer's weights are multiplied, and how strong that makes its outputs.
struct Scaling {
    weight_scale: f32,
    output_lsb: f32,
}

impl Scaling {
    /// Brings the weights and the `signal` that they cause at scale 1, in LSB, into their ranges.
    fn fit(weights: &Array2<f32>, signal: &Array2<f32>, deployment: Deployment<'_>) -> Self {
        let widest = quantile(weights.iter().map(|w| w.abs()), deployment.weight_quantile);
        let loudest = quantile(signal.iter().map(|y| y.abs()), deployment.output_quantile);
        let weight_scale = (f32::from(WEIGHT_MAX) / widest).min(OUTPUT_LIMIT_LSB / loudest);
        // Weights of zero, or no signal at all: any scale will do.
        let weight_scale = if weight_scale.is_finite() {
            weight_scale
        } else {
            1.0
        };
        Self {
            weight_scale,
            output_lsb: loudest * weight_scale,
        }
    }
}

/// The smallest shift that brings an output into the range of activations.
fn shift_for(output_lsb: f32) -> u8 {
    let mut shift = 0;
    while shift < ConvertingRelu::SHIFT_MAX
        && output_lsb / f32::from(shift).exp2() >= f32::from(ACTIVATION_MAX) + 1.0
    {
        shift += 1;
    }
    shift
}

/// The value below which the given share of a set lies; 0 for an empty set.
fn quantile(values: impl Iterator<Item = f32>, share: f64) -> f32 {
    let mut values: Vec<f32> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let index = (share * (values.len() - 1) as f64).round() as usize;
    *values.select_nth_unstable_by(index, f32::total_cmp).1
}
