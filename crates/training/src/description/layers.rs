//! What layers there are.

use bss2_core::{Baseline, RunSettings};
use bss2_mapping::{Lowering, ScalingRule, Tiling};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{NoiseKind, NoisyModes, TrainingError};

/// A layer as it is written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LayerDescription {
    /// A linear layer that sees every input.
    Dense(DenseDescription),
    /// A convolution along the width.
    Conv1d(Conv1dDescription),
    /// A convolution along height and width.
    Conv2d(Conv2dDescription),
    /// A normalisation of each channel over the batch; becomes part of the linear layer before it
    /// when the network is deployed.
    BatchNorm(BatchNormDescription),
    /// y = max(x, 0); on the chip, the conversion to activations.
    Relu(ReluDescription),
    /// The largest of neighbouring values along the width.
    MaxPool1d(Pool1dDescription),
    /// The largest of neighbouring values.
    MaxPool2d(Pool2dDescription),
    /// The mean of neighbouring values along the width.
    AveragePool1d(Pool1dDescription),
    /// The mean of neighbouring values.
    AveragePool2d(Pool2dDescription),
    /// All channels and pixels as features.
    #[serde(deserialize_with = "no_options")]
    Flatten,
    /// Values left out at random while the network is trained.
    Dropout(DropoutDescription),
    /// Noise on every value of a digital network; nothing on the array, which has its own.
    InjectNoise(InjectNoiseDescription),
}

impl LayerDescription {
    /// Whether it runs on the array.
    pub(super) const fn is_linear(&self) -> bool {
        matches!(self, Self::Dense(_) | Self::Conv1d(_) | Self::Conv2d(_))
    }

    /// Its name in weight files; empty for layers without.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Dense(dense) => &dense.name,
            Self::Conv1d(conv) => &conv.name,
            Self::Conv2d(conv) => &conv.name,
            Self::BatchNorm(norm) => &norm.name,
            _ => "",
        }
    }

    /// What a linear layer does on the array.
    pub(super) const fn on_array(&self) -> Option<&OnArray> {
        match self {
            Self::Dense(dense) => Some(&dense.array),
            Self::Conv1d(conv) => Some(&conv.array),
            Self::Conv2d(conv) => Some(&conv.array),
            _ => None,
        }
    }

    /// The same, for changing it.
    pub(super) const fn on_array_mut(&mut self) -> Option<&mut OnArray> {
        match self {
            Self::Dense(dense) => Some(&mut dense.array),
            Self::Conv1d(conv) => Some(&mut conv.array),
            Self::Conv2d(conv) => Some(&mut conv.array),
            _ => None,
        }
    }

    /// Whether a linear layer has a bias, for changing it.
    pub(super) const fn bias_mut(&mut self) -> Option<&mut bool> {
        match self {
            Self::Dense(dense) => Some(&mut dense.bias),
            Self::Conv1d(conv) => Some(&mut conv.bias),
            Self::Conv2d(conv) => Some(&mut conv.bias),
            _ => None,
        }
    }
}

/// Options of a dense layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenseDescription {
    /// Name of its parameters in weight files.
    pub name: String,
    /// Number of outputs.
    pub outputs: usize,
    /// Whether a number is added to each output, digitally.
    #[serde(default)]
    pub bias: bool,
    /// What it does on the array.
    #[serde(default)]
    pub array: OnArray,
}

/// Options of a convolution along the width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv1dDescription {
    /// Name of its parameters in weight files.
    pub name: String,
    /// Channels of the output.
    pub channels: usize,
    /// Width of the kernel.
    pub kernel: usize,
    /// Inputs from one output to the next.
    #[serde(default = "one")]
    pub stride: usize,
    /// Zeros put on either side of the input.
    #[serde(default)]
    pub padding: usize,
    /// Inputs from one tap of the kernel to the next.
    #[serde(default = "one")]
    pub dilation: usize,
    /// Parts into which the channels are divided.
    #[serde(default = "one")]
    pub groups: usize,
    /// Whether a number is added to each output channel, digitally.
    #[serde(default)]
    pub bias: bool,
    /// What it does on the array.
    #[serde(default)]
    pub array: OnArray,
}

/// Options of a convolution; pairs are (height, width).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv2dDescription {
    /// Name of its parameters in weight files.
    pub name: String,
    /// Channels of the output.
    pub channels: usize,
    /// Size of the kernel.
    pub kernel: (usize, usize),
    /// Pixels from one output to the next.
    #[serde(default = "ones")]
    pub stride: (usize, usize),
    /// Zeros put on either side of the input.
    #[serde(default)]
    pub padding: (usize, usize),
    /// Pixels from one tap of the kernel to the next.
    #[serde(default = "ones")]
    pub dilation: (usize, usize),
    /// Parts into which the channels are divided.
    #[serde(default = "one")]
    pub groups: usize,
    /// Whether a number is added to each output channel, digitally.
    #[serde(default)]
    pub bias: bool,
    /// What it does on the array.
    #[serde(default)]
    pub array: OnArray,
}

/// How a linear layer is brought onto the array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnArray {
    /// How often each vector is sent, 1…1000.
    pub num_sends: u32,
    /// Cycles of 8 ns from one event to the next, 1…1000.
    pub wait_between_events: u32,
    /// What is subtracted from a code to give a result.
    pub baseline: Baseline,
    /// How the layer is cut and laid out; it has no settings of its own beside those above.
    pub tiling: Tiling,
    /// How weights are scaled to the full range.
    pub scaling: ScalingRule,
    /// How a convolution becomes a linear layer.
    pub lowering: Lowering,
}

impl Default for OnArray {
    /// One send, blocks in order, a scale per layer, an output position per vector.
    fn default() -> Self {
        Self {
            num_sends: 1,
            wait_between_events: RunSettings::USUAL.wait_between_events(),
            baseline: Baseline::Constant,
            tiling: Tiling::IN_ORDER,
            scaling: ScalingRule::default(),
            lowering: Lowering::default(),
        }
    }
}

impl OnArray {
    /// Timing and baseline of the layer's runs.
    ///
    /// # Errors
    /// [`TrainingError::Array`] for sends or waits outside their ranges;
    /// [`TrainingError::SettingsOfTiling`] for a tiling with settings of its own.
    pub fn settings(&self) -> Result<RunSettings, TrainingError> {
        if self.tiling.settings != RunSettings::USUAL {
            return Err(TrainingError::SettingsOfTiling);
        }
        let timing = RunSettings::new(self.num_sends, self.wait_between_events)?;
        Ok(timing.with_baseline(self.baseline))
    }
}

/// Options of a rectifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReluDescription {
    /// Bits by which outputs of the chip are shifted right to become activations, 0…7; without it,
    /// as many as the range of activations asks for. For the first rectifier between two linear layers
    /// alone: others convert nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<u8>,
}

/// Options of a normalisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNormDescription {
    /// Name of its parameters in weight files.
    pub name: String,
}

/// Options of pooling along the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool1dDescription {
    /// Values that become one.
    pub kernel: usize,
    /// Values from one output to the next; without it, the kernel's size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// Values put on either side.
    #[serde(default)]
    pub padding: usize,
}

/// Options of pooling; pairs are (height, width).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool2dDescription {
    /// Pixels that become one.
    pub kernel: (usize, usize),
    /// Pixels from one output to the next; without it, the kernel's size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<(usize, usize)>,
    /// Values put on either side.
    #[serde(default)]
    pub padding: (usize, usize),
}

/// Options of dropout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropoutDescription {
    /// Share of the values that are left out, 0 or more and below 1.
    pub rate: f32,
}

/// Options of noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectNoiseDescription {
    /// How it changes a value.
    pub kind: NoiseKind,
    /// Its standard deviation, 0…10⁶: in units of the values, or of each value's magnitude if it is
    /// multiplicative.
    pub sigma: f32,
    /// In which modes there is noise.
    #[serde(default = "both")]
    pub modes: NoisyModes,
}

/// Refuses every key: by itself, serde would skip those of a layer without options.
fn no_options<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct NoOptions {}

    NoOptions::deserialize(deserializer).map(|NoOptions {}| ())
}

const fn both() -> NoisyModes {
    NoisyModes::Both
}

const fn one() -> usize {
    1
}

const fn ones() -> (usize, usize) {
    (1, 1)
}
