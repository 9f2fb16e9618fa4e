//! From a digital network to the array.

mod lowered;

use bss2_core::{ACTIVATION_MAX, ArrayGeometry, NOMINAL_GAIN_LSB};
use bss2_mapping::{Lowering, MappingStrategy, ScalePer, Scaling, ScalingRule, Tiling};
use ndarray::{Array2, ArrayView2};

use crate::error::check_option;
use crate::examples::check_finite;
use crate::layer::all_finite;
use crate::{ConvertingRelu, Layer, LinearLayer, Network, QuantiseInput, Rescale, TrainingError};
use lowered::LoweredLayer;

/// How to bring a digital network onto the array.
#[derive(Clone, Copy, Debug)]
pub struct Deployment<'a> {
    /// Sizes of the array.
    pub geometry: ArrayGeometry,
    /// How layers are mapped onto the array.
    pub strategy: &'a dyn MappingStrategy,
    /// Gain that the array is taken to have with one send, in LSB per activation and weight unit.
    pub gain_lsb: f32,
    /// How weights are brought into their range, and outputs into that of `i8` and, after the
    /// shift, of activations.
    pub scaling: ScalingRule,
    /// How convolutions become linear layers.
    pub lowering: Lowering,
}

impl Default for Deployment<'_> {
    /// One chip, blocks [in order](Tiling), one send, the [nominal gain](NOMINAL_GAIN_LSB), a scale
    /// per layer with 99.9 % of weights and outputs in range, an output position per vector.
    fn default() -> Self {
        Self {
            geometry: ArrayGeometry::BSS2,
            strategy: const { &Tiling::IN_ORDER },
            gain_lsb: NOMINAL_GAIN_LSB,
            scaling: ScalingRule::default(),
            lowering: Lowering::Im2col,
        }
    }
}

/// How one layer was brought onto the array.
#[derive(Clone, Debug, PartialEq)]
pub struct DeployedLayer {
    /// Weight units per unit of the digital weights (from which scales of the layer before are
    /// divided out); the smallest of all outputs' where each has its own.
    pub weight_scale: f32,
    /// The same for each output of a dense layer, each output channel of a convolution.
    pub weight_scales: Vec<f32>,
    /// Share of weights that were clipped, 0…1.
    pub clipped_weights: f64,
    /// Magnitude at the output quantile expected of an ideal array, in LSB.
    pub output_lsb: f32,
    /// Right shift before the next layer; `None` for the last.
    pub shift: Option<u8>,
}

/// Scales and quantises a digital network for the array: its linear layers without bias, with
/// rectifiers between them, as [`float_mlp`](crate::float_mlp) and [`float_cnn`](crate::float_cnn)
/// make them and [`Network::linear_layers`] shows them. Inputs are expected in 0…1; beyond, they are
/// clipped.
///
/// Layer by layer, weights are scaled to the range ±63, less where `samples` (vectors × inputs)
/// would drive the outputs beyond the range of `i8`, and the shift is chosen such that the
/// next layer's activations use their range. As no layer has a bias, a scale per layer leaves the
/// class decisions as they were, rounding and clipping apart.
///
/// So does a scale per output ([`ScalePer::Output`]): the next layer's weights are divided by the
/// scales of the outputs that they see (relative to the smallest), and after the last layer
/// [`Rescale`] brings the outputs to one scale, the smallest. Dense layers before a convolution, and
/// convolutions whose channels are not the next one's, have a scale per layer: a kernel is shared by
/// all pixels of a channel, whose scales must not differ.
///
/// # Errors
/// [`TrainingError::Widths`] without layers; [`TrainingError::NoSamples`],
/// [`TrainingError::Width`], [`TrainingError::Shape`] or [`TrainingError::OptionOutOfRange`]
/// for arguments that do not fit; [`TrainingError::InputNotFinite`] for samples that are not
/// finite, [`TrainingError::NotFinite`] for such weights or for outputs beyond `f32`;
/// [`TrainingError::Mapping`] for a [`scaling`](Deployment::scaling) out of range and for a layer
/// that cannot be lowered, or that the strategy does not map.
pub fn deploy(
    layers: &[LinearLayer],
    samples: ArrayView2<'_, f32>,
    deployment: Deployment<'_>,
) -> Result<(Network, Vec<DeployedLayer>), TrainingError> {
    check_option("gain_lsb", f64::from(deployment.gain_lsb), 1e-9, 1e3)?;
    deployment.scaling.check()?;
    if layers.is_empty() {
        return Err(TrainingError::Widths { widths: Vec::new() });
    }
    if samples.is_empty() {
        return Err(TrainingError::NoSamples);
    }
    check_finite(samples)?;
    let mut inputs = Inputs {
        activations: samples
            .mapv(|x| (x.clamp(0.0, 1.0) * f32::from(ACTIVATION_MAX)).round_ties_even()),
        factors: None,
    };
    let mut deployed: Vec<Box<dyn Layer>> = vec![Box::new(QuantiseInput)];
    let mut report = Vec::with_capacity(layers.len());

    for (index, layer) in layers.iter().enumerate() {
        check_layer(index, layer, inputs.activations.ncols())?;
        let next = layers.get(index + 1);
        let rule = rule_before(layer, next, deployment.scaling);
        let lowered = LoweredLayer::new(layer, inputs.factors.as_deref(), deployment.lowering)?;
        let plan = lowered.plan(&inputs.activations, rule, deployment)?;
        let gain_lsb = deployment.gain_lsb * plan.amplification() as f32;
        let signal = lowered.sums(&inputs.activations)? * gain_lsb;
        if !all_finite(&signal) {
            return Err(TrainingError::NotFinite {
                layer: index,
                what: "outputs",
            });
        }
        let scaling = lowered.fit(rule, &signal)?;
        let relu = ConvertingRelu::new(shift_for(scaling.output_lsb()))?;
        report.push(DeployedLayer {
            weight_scale: scaling.smallest(),
            weight_scales: scaling.scales().to_vec(),
            clipped_weights: scaling.clipped_weights(),
            output_lsb: scaling.output_lsb(),
            shift: next.map(|_| relu.shift()),
        });
        deployed.push(lowered.on_array(&scaling, plan, gain_lsb)?);
        let factors = (rule.per == ScalePer::Output).then(|| factors(layer, &scaling));
        if next.is_some() {
            let activations = activations(&signal, layer, &scaling, relu);
            inputs = Inputs {
                activations,
                factors,
            };
            deployed.push(Box::new(relu));
        } else if let Some(factors) = factors {
            deployed.push(Box::new(Rescale::new(factors)?));
        }
    }
    Ok((Network::new(deployed)?, report))
}

/// What a layer is given.
struct Inputs {
    /// Samples × inputs, whole numbers in 0…31.
    activations: Array2<f32>,
    /// By what each input must be multiplied for all to be of one scale; `None` if they are.
    factors: Option<Vec<f32>>,
}

/// Refuses weights that are not finite, or layers that do not take the activations.
fn check_layer(index: usize, layer: &LinearLayer, inputs: usize) -> Result<(), TrainingError> {
    if !all_finite(layer.weights()) {
        return Err(TrainingError::NotFinite {
            layer: index,
            what: "weights",
        });
    }
    layer.check()?;
    if inputs != layer.inputs() {
        return Err(TrainingError::Width {
            layer: index,
            expected: layer.inputs(),
            found: inputs,
        });
    }
    Ok(())
}

/// The rule for a layer: a scale per layer where the next one could not make up for others.
fn rule_before(layer: &LinearLayer, next: Option<&LinearLayer>, rule: ScalingRule) -> ScalingRule {
    let per_layer = ScalingRule {
        per: ScalePer::Layer,
        ..rule
    };
    match next {
        None | Some(LinearLayer::Dense(_)) => rule,
        Some(LinearLayer::Conv { convolution, .. }) => {
            let channels = convolution.options().input_channels;
            let is_scale_per_channel = layer.weights().ncols() == channels;
            if is_scale_per_channel {
                rule
            } else {
                per_layer
            }
        }
    }
}

/// What brings each output to the smallest scale of all.
fn factors(layer: &LinearLayer, scaling: &Scaling) -> Vec<f32> {
    let of_column = scaling
        .scales()
        .iter()
        .map(|scale| scaling.smallest() / scale);
    of_column
        .flat_map(|factor| std::iter::repeat_n(factor, layer.positions()))
        .collect()
}

/// The next layer's activations on an ideal array.
fn activations(
    signal: &Array2<f32>,
    layer: &LinearLayer,
    scaling: &Scaling,
    relu: ConvertingRelu,
) -> Array2<f32> {
    let step = f32::from(relu.shift()).exp2();
    let mut activations = signal.clone();
    for mut sample in activations.rows_mut() {
        for (output, y) in sample.iter_mut().enumerate() {
            let scale = scaling.scales()[output / layer.positions()];
            *y = (*y * scale / step)
                .floor()
                .clamp(0.0, f32::from(ACTIVATION_MAX));
        }
    }
    activations
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
