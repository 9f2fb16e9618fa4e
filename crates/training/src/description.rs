//! Networks as data.

mod build;
mod deployment;
mod layers;

use serde::{Deserialize, Serialize};

use crate::float::check_sizes;
use crate::{LayerPlace, TrainingError, WeightUnits};

pub use build::DescribedNetwork;
pub use deployment::{ArrayChoice, ArrayGain, DeployedNetwork};
pub use layers::{
    BatchNormDescription, Conv1dDescription, Conv2dDescription, DenseDescription,
    DropoutDescription, InjectNoiseDescription, LayerDescription, OnArray, Pool1dDescription,
    Pool2dDescription, ReluDescription,
};

/// A network as it is written down, in TOML or elsewhere: what comes in, and its layers in order.
///
/// It says what the network computes, in the terms of deep-learning libraries, and how each linear
/// layer is to lie on the array.
///
/// ```
/// use bss2_training::NetworkDescription;
///
/// let description = NetworkDescription::from_toml(
///     r#"
///     input = { height = 28, width = 28 }
///
///     [[layers]]
///     type = "conv2d"
///     name = "conv1"
///     channels = 20
///     kernel = [10, 10]
///     stride = [5, 5]
///     padding = [1, 1]
///     array = { num_sends = 4 }
///
///     [[layers]]
///     type = "relu"
///
///     [[layers]]
///     type = "dense"
///     name = "fc1"
///     outputs = 10
///     bias = true
///     "#,
/// )?;
/// let network = description.build(1)?;
/// assert_eq!(network.names.of_layer(0), "conv1");
/// # Ok::<(), bss2_training::TrainingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkDescription {
    /// What weights and biases in its weight file are given in.
    #[serde(default, skip_serializing_if = "is_digital")]
    pub units: WeightUnits,
    /// What comes in.
    pub input: InputDescription,
    /// What is done with it, in order.
    pub layers: Vec<LayerDescription>,
}

/// What comes into a network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputDescription {
    /// Channels of an image.
    #[serde(default = "one")]
    pub channels: usize,
    /// Rows of an image; 1 for series and plain features.
    #[serde(default = "one")]
    pub height: usize,
    /// Columns of an image, or the number of features.
    pub width: usize,
    /// Share of the inputs that must fit the range of activations, 0.5…1: the input at this quantile
    /// becomes the largest activation. Without it, inputs of 0…1 become activations of 0…31.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_range_quantile: Option<f64>,
    /// Activations per unit of input, 10⁻⁶…10⁶, in place of a quantile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activations_per_unit: Option<f32>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_digital(units: &WeightUnits) -> bool {
    *units == WeightUnits::Digital
}

const fn one() -> usize {
    1
}

impl NetworkDescription {
    /// Most layers of a network.
    pub const LAYERS_MAX: usize = 1000;

    /// Reads a description; [`build`](Self::build) checks that its layers fit together.
    ///
    /// # Errors
    /// [`TrainingError::Description`] for text that is no such description.
    pub fn from_toml(text: &str) -> Result<Self, TrainingError> {
        toml::from_str(text).map_err(|error| TrainingError::Description {
            message: error.to_string(),
        })
    }

    /// The description as TOML.
    ///
    /// # Errors
    /// [`TrainingError::Description`].
    pub fn to_toml(&self) -> Result<String, TrainingError> {
        toml::to_string(self).map_err(|error| TrainingError::Description {
            message: error.to_string(),
        })
    }

    /// Dense layers of these widths (input, hidden layers, output), named `fc1`, `fc2`, …, with
    /// rectifiers between them and no bias.
    pub fn mlp(widths: &[usize], on_array: &OnArray) -> Self {
        let mut layers = Vec::new();
        for (index, &outputs) in widths.iter().skip(1).enumerate() {
            if index > 0 {
                layers.push(LayerDescription::Relu(ReluDescription::default()));
            }
            layers.push(LayerDescription::Dense(DenseDescription {
                name: format!("fc{}", index + 1),
                outputs,
                bias: false,
                array: on_array.clone(),
            }));
        }
        Self {
            units: WeightUnits::Digital,
            input: InputDescription::features(widths.first().copied().unwrap_or(0)),
            layers,
        }
    }

    /// The network that was published for MNIST on the chip: 20 kernels of 10 × 10 pixels, 5 apart,
    /// on images of 28 × 28 with a border of 1, whose 500 outputs are followed by dense layers of
    /// 128 and 10; no bias.
    pub fn published_mnist(on_array: &OnArray) -> Self {
        let kernel = LayerDescription::Conv2d(Conv2dDescription {
            name: "conv1".to_owned(),
            channels: 20,
            kernel: (10, 10),
            stride: (5, 5),
            padding: (1, 1),
            dilation: (1, 1),
            groups: 1,
            bias: false,
            array: on_array.clone(),
        });
        let mut layers = vec![kernel, LayerDescription::Relu(ReluDescription::default())];
        layers.extend(Self::mlp(&[500, 128, 10], on_array).layers);
        Self {
            units: WeightUnits::Digital,
            input: InputDescription {
                height: 28,
                ..InputDescription::features(28)
            },
            layers,
        }
    }

    /// The same network with noise on the outputs, bias included, of those linear layers (counted from
    /// 0) that are chosen.
    #[must_use]
    pub fn with_noise(
        &self,
        noise: InjectNoiseDescription,
        is_chosen: impl Fn(usize) -> bool,
    ) -> Self {
        let mut linear_layers = 0..;
        let mut layers = Vec::new();
        for layer in &self.layers {
            layers.push(layer.clone());
            if layer.is_linear() && linear_layers.next().is_some_and(&is_chosen) {
                layers.push(LayerDescription::InjectNoise(noise));
            }
        }
        Self {
            layers,
            ..self.clone()
        }
    }

    /// What the linear layers are to do on the array, in order.
    pub fn on_array(&self) -> impl Iterator<Item = &OnArray> {
        self.layers.iter().filter_map(LayerDescription::on_array)
    }

    /// The same, for changing it.
    pub fn on_array_mut(&mut self) -> impl Iterator<Item = &mut OnArray> {
        let layers = self.layers.iter_mut();
        layers.filter_map(LayerDescription::on_array_mut)
    }

    /// What errors call a layer.
    fn place(&self, index: usize) -> LayerPlace {
        let name = self.layers.get(index).map_or("", LayerDescription::name);
        LayerPlace::new(index, name)
    }
}

impl InputDescription {
    /// Features without an order in space.
    pub const fn features(width: usize) -> Self {
        Self {
            channels: 1,
            height: 1,
            width,
            full_range_quantile: None,
            activations_per_unit: None,
        }
    }

    /// Length of an input.
    pub const fn len(&self) -> usize {
        self.channels
            .saturating_mul(self.height)
            .saturating_mul(self.width)
    }

    /// Whether nothing comes in.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses sizes that no network takes.
    fn check(&self) -> Result<(), TrainingError> {
        check_sizes(&[(self.len(), 1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, NoiseKind, NoisyModes, Session};

    #[test]
    fn inputs_of_impossible_sizes_are_refused() {
        for side in [0, 1 << 11, 1 << 33, usize::MAX] {
            let mut description = NetworkDescription::mlp(&[4, 3, 2], &OnArray::default());
            description.input = InputDescription {
                channels: side,
                height: side,
                width: side,
                ..description.input
            };
            assert!(description.build(1).is_err(), "{side}");
        }
    }

    #[test]
    fn noise_stands_after_the_chosen_linear_layers_and_is_written_down() {
        let quiet = NetworkDescription::mlp(&[4, 3, 2], &OnArray::default());
        let noise = InjectNoiseDescription {
            kind: NoiseKind::Multiplicative,
            sigma: 0.5,
            modes: NoisyModes::Evaluation,
        };
        let noisy = quiet.with_noise(noise, |layer| layer == 1);
        assert_eq!(noisy.layers[..3], quiet.layers);
        assert_eq!(noisy.layers[3..], [LayerDescription::InjectNoise(noise)]);
        let text = noisy.to_toml().unwrap();
        assert_eq!(NetworkDescription::from_toml(&text).unwrap(), noisy);
        assert_eq!(quiet.with_noise(noise, |_| false), quiet);
    }

    #[test]
    fn noisy_networks_are_those_without_noise_in_the_other_mode() {
        let quiet = NetworkDescription::mlp(&[4, 3, 2], &OnArray::default());
        let noise = InjectNoiseDescription {
            kind: NoiseKind::Additive,
            sigma: 0.5,
            modes: NoisyModes::Training,
        };
        let inputs = ndarray::Array2::from_elem((5, 4), 0.5);
        let outputs = |description: &NetworkDescription, mode| {
            let mut network = description.build(1).unwrap().network;
            Session::digital().in_mode(mode, |session| {
                network.forward(session, inputs.view()).unwrap().clone()
            })
        };
        let noisy = quiet.with_noise(noise, |_| true);
        let expected = outputs(&quiet, Mode::Evaluation);
        assert_eq!(outputs(&noisy, Mode::Evaluation), expected);
        assert_ne!(outputs(&noisy, Mode::Training), expected);
    }
}
