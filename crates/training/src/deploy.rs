//! From a digital network to the array.

mod lowered;
mod options;
mod sections;

use bss2_core::ACTIVATION_MAX;
use bss2_mapping::{ScalePer, Scaling, ScalingRule};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::examples::check_finite;
use crate::layer::all_finite;
use crate::{
    Bias, ConvertingRelu, Layer, LinearLayer, Network, Pooling, QuantiseInput, Relu, Rescale,
    Session, Step, TrainingError,
};
use lowered::LoweredLayer;
pub use options::{Deployment, InputScale, LayerDeployment, OnLayers, WeightUnits};
use sections::{Between, Section, Sections};

/// How one linear layer was brought onto the array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployedLayer {
    /// Which of the digital network's steps it is.
    pub step: usize,
    /// Which layer of the deployed network it is.
    pub layer: usize,
    /// Whether the next layer of the deployed network is its bias.
    pub has_bias: bool,
    /// Activation units per unit of the digital network's inputs of this layer.
    pub activations_per_unit: f32,
    /// Weight units per unit of the digital weights (from which scales of the layer before are
    /// divided out); the smallest of all outputs' where each has its own.
    pub weight_scale: f32,
    /// The same for each output of a dense layer, each output channel of a convolution.
    pub weight_scales: Vec<f32>,
    /// Share of weights that were clipped, 0…1.
    pub clipped_weights: f64,
    /// Magnitude at the output quantile expected of an ideal array, in LSB.
    pub output_lsb: f32,
    /// LSB per unit of the digital network's outputs of this layer.
    pub lsb_per_unit: f32,
    /// Right shift before the next layer; `None` where no rectifier follows.
    pub shift: Option<u8>,
}

/// Scales and quantises a digital network for the array. It is given by its
/// [steps](Network::steps): linear layers, each followed by what its outputs are multiplied by and
/// what is added to them (biases, normalisations), a rectifier (after the last layer it may be
/// missing), and pooling before or after that.
///
/// Layer by layer, weights are scaled to the range ±63, less where `samples` (vectors × inputs)
/// would drive the outputs beyond the range of `i8`, and the shift is chosen such that the
/// next layer's activations use their range. Factors become part of the weights before them; what
/// is added is added digitally, in LSB. So the class decisions are those of the digital network,
/// rounding and clipping apart.
///
/// Deploying a network with weights as they are drawn at first is how one is prepared for training in
/// the loop from scratch: whatever distribution they are drawn from, the range of the array is used.
///
/// With a scale per output ([`ScalePer::Output`]) the next layer's weights are divided by the
/// scales of the outputs that they see (relative to the smallest), and after the last layer
/// [`Rescale`] brings the outputs to one scale, the smallest. Dense layers before a convolution,
/// convolutions whose channels are not the next one's, and layers before pooling have a scale per
/// layer: their outputs' scales must not differ.
///
/// # Errors
/// [`TrainingError::Widths`] without linear layers; [`TrainingError::NotDeployable`] for steps in
/// another order than the one above; [`TrainingError::LayerCount`] for options of another number of
/// layers; [`TrainingError::NoSamples`], [`TrainingError::Width`], [`TrainingError::Shape`] or
/// [`TrainingError::OptionOutOfRange`] for arguments that do not fit;
/// [`TrainingError::InputNotFinite`] for samples that are not finite, [`TrainingError::NotFinite`]
/// for such weights or for outputs beyond `f32`; [`TrainingError::Mapping`] for a
/// [`scaling`](LayerDeployment::scaling) out of range and for a layer that cannot be lowered, or
/// that the strategy does not map.
pub fn deploy(
    steps: &[Step],
    samples: ArrayView2<'_, f32>,
    deployment: Deployment<'_>,
) -> Result<(Network, Vec<DeployedLayer>), TrainingError> {
    let Sections { before, sections } = Sections::new(steps)?;
    deployment.check(sections.len())?;
    if samples.is_empty() {
        return Err(TrainingError::NoSamples);
    }
    check_finite(samples)?;
    let mut deployed = Deployed {
        layers: Vec::new(),
        report: Vec::with_capacity(sections.len()),
        values: samples.to_owned(),
        factors: None,
        unit: 1.0,
    };
    for pool in before {
        deployed.push(0, Pooling::new(pool))?;
    }
    deployed.quantise(deployment.input)?;
    for (index, section) in sections.iter().enumerate() {
        let next = sections.get(index + 1).map(|section| &section.linear);
        let options = deployment.layers.of(index);
        deployed.add(section, next, options, deployment)?;
    }
    Ok((Network::new(deployed.layers)?, deployed.report))
}

/// A network on its way to the array.
struct Deployed {
    layers: Vec<Box<dyn Layer>>,
    report: Vec<DeployedLayer>,
    /// What the layers so far make of the samples on an ideal array.
    values: Array2<f32>,
    /// By what each value must be multiplied for all to be of one scale; `None` if they are.
    factors: Option<Vec<f32>>,
    /// Units of the values per unit of those in the digital network.
    unit: f32,
}

impl Deployed {
    /// Adds a digital layer that comes from a step, and lets the values pass through it.
    fn push(&mut self, step: usize, mut layer: impl Layer + 'static) -> Result<(), TrainingError> {
        let width = layer
            .outputs(self.values.ncols())
            .map_err(|error| error.at_layer(|_| step.into()))?;
        let mut values = Array2::zeros((self.values.nrows(), width));
        let mut session = Session::digital();
        layer.forward(&mut session, self.values.view(), values.view_mut())?;
        self.values = values;
        self.layers.push(Box::new(layer));
        Ok(())
    }

    fn quantise(&mut self, scale: InputScale) -> Result<(), TrainingError> {
        let scale = scale.activations_per_unit(self.values.view())?;
        self.push(0, QuantiseInput::new(scale)?)?;
        self.unit = scale;
        Ok(())
    }

    fn add(
        &mut self,
        section: &Section,
        next: Option<&LinearLayer>,
        options: LayerDeployment<'_>,
        deployment: Deployment<'_>,
    ) -> Result<(), TrainingError> {
        let linear = &section.linear;
        check_layer(section.step, linear, self.values.ncols())?;
        let rule = section.rule(next, options.scaling);
        let lowered = LoweredLayer::new(linear, self.factors.as_deref(), options.lowering)?;
        let plan = lowered.plan(&self.values, rule, options, deployment.geometry)?;
        let gain_lsb = options.gain_lsb * plan.amplification() as f32;
        let signal = lowered.sums(&self.values)? * gain_lsb;
        if !all_finite(&signal) {
            return Err(TrainingError::NotFinite {
                layer: section.step.into(),
                what: "outputs",
            });
        }
        let scaling = lowered.fit(rule, &signal)?;
        let lsb_per_unit = deployment
            .units
            .lsb_per_unit(self.unit * gain_lsb * scaling.smallest());
        self.values = scaled(signal, linear, &scaling);
        let layer = self.layers.len();
        self.layers
            .push(lowered.on_array(&scaling, plan, gain_lsb)?);
        self.factors = (rule.per == ScalePer::Output).then(|| factors(linear, &scaling));
        let output_lsb = self.add_bias(section, &scaling, lsb_per_unit, rule)?;
        let relu = match options.shift {
            Some(shift) => ConvertingRelu::new(shift)?,
            None => ConvertingRelu::new(shift_for(output_lsb))?,
        };
        let activations_per_unit = std::mem::replace(&mut self.unit, lsb_per_unit);
        self.follow(section, relu, next.is_some())?;
        self.report.push(DeployedLayer {
            step: section.step,
            layer,
            has_bias: !section.bias.is_empty(),
            activations_per_unit,
            weight_scale: scaling.smallest(),
            weight_scales: scaling.scales().to_vec(),
            clipped_weights: scaling.clipped_weights(),
            output_lsb,
            lsb_per_unit,
            shift: next.map(|_| relu.shift()),
        });
        Ok(())
    }

    /// Adds the bias, if there is one; the magnitude of the outputs after it, in LSB.
    fn add_bias(
        &mut self,
        section: &Section,
        scaling: &Scaling,
        lsb_per_unit: f32,
        rule: ScalingRule,
    ) -> Result<f32, TrainingError> {
        if section.bias.is_empty() {
            return Ok(scaling.output_lsb());
        }
        let scales = scaling
            .scales()
            .iter()
            .map(|scale| scale / scaling.smallest());
        let bias = section.bias.iter().zip(scales);
        let bias = bias.map(|(bias, scale)| bias * lsb_per_unit * scale);
        self.push(
            section.step,
            Bias::new(bias.collect(), section.linear.positions())?,
        )?;
        Ok(rule.output_magnitude(self.values.view()))
    }

    /// Adds what follows a linear layer.
    fn follow(
        &mut self,
        section: &Section,
        relu: ConvertingRelu,
        is_followed: bool,
    ) -> Result<(), TrainingError> {
        for step in &section.after {
            match step {
                Between::Pool(pool) => self.push(section.step, Pooling::new(*pool))?,
                Between::Rectify if is_followed => {
                    self.push(section.step, relu)?;
                    self.unit /= f32::from(relu.shift()).exp2();
                }
                Between::Rectify => self.push(section.step, Relu)?,
            }
        }
        if is_followed {
            return Ok(());
        }
        match self.factors.take() {
            Some(factors) => self.push(section.step, Rescale::new(factors)?),
            None => Ok(()),
        }
    }
}

/// Refuses weights that are not finite, or layers that do not take the activations.
fn check_layer(step: usize, layer: &LinearLayer, inputs: usize) -> Result<(), TrainingError> {
    if !all_finite(layer.weights()) {
        return Err(TrainingError::NotFinite {
            layer: step.into(),
            what: "weights",
        });
    }
    layer.check()?;
    if inputs != layer.inputs() {
        return Err(TrainingError::Width {
            layer: step.into(),
            expected: layer.inputs(),
            found: inputs,
        });
    }
    Ok(())
}

impl Section {
    /// The rule for this layer: a scale per layer where the next one could not make up for others.
    fn rule(&self, next: Option<&LinearLayer>, rule: ScalingRule) -> ScalingRule {
        let per_layer = ScalingRule {
            per: ScalePer::Layer,
            ..rule
        };
        let pools = |step: &Between| matches!(step, Between::Pool(_));
        match next {
            _ if self.after.iter().any(pools) => per_layer,
            None | Some(LinearLayer::Dense(_)) => rule,
            Some(LinearLayer::Conv { convolution, .. }) => {
                let channels = convolution.options().input_channels;
                if self.channels() == channels {
                    rule
                } else {
                    per_layer
                }
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

/// A layer's outputs (samples × outputs) with its weights scaled, within the range of `i8`.
fn scaled(mut signal: Array2<f32>, layer: &LinearLayer, scaling: &Scaling) -> Array2<f32> {
    for mut sample in signal.rows_mut() {
        for (output, y) in sample.iter_mut().enumerate() {
            let scale = scaling.scales()[output / layer.positions()];
            *y = (*y * scale).clamp(f32::from(i8::MIN), f32::from(i8::MAX));
        }
    }
    signal
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
