//! The networks that noise is put on.

use bss2_training::{
    BatchNormDescription, Conv2dDescription, DenseDescription, InputDescription, LayerDescription,
    NetworkDescription, OnArray, Pool2dDescription, ReluDescription, WeightUnits,
};
use serde::{Deserialize, Serialize};

use super::Parameters;
use crate::StudyData;

/// A kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Architecture {
    Mlp,
    NormalisedMlp,
    Cnn,
    NormalisedCnn,
}

impl Architecture {
    pub(super) const ALL: [Self; 4] = [
        Self::Mlp,
        Self::NormalisedMlp,
        Self::Cnn,
        Self::NormalisedCnn,
    ];

    /// Those with normalisation, each beside the same without.
    pub(super) const NORMALISED: [(Self, Self); 2] = [
        (Self::Mlp, Self::NormalisedMlp),
        (Self::Cnn, Self::NormalisedCnn),
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mlp => "MLP",
            Self::NormalisedMlp => "MLP, normalised",
            Self::Cnn => "CNN",
            Self::NormalisedCnn => "CNN, normalised",
        }
    }

    /// What the published network of this kind is called.
    pub(super) const fn published_name(self) -> &'static str {
        match self {
            Self::Mlp => "MLP",
            Self::NormalisedMlp => "MLP BN",
            Self::Cnn => "LeNet5",
            Self::NormalisedCnn => "LeNet5 BN",
        }
    }

    const fn is_normalised(self) -> bool {
        matches!(self, Self::NormalisedMlp | Self::NormalisedCnn)
    }

    /// The network for some data.
    pub(super) fn description(
        self,
        parameters: &Parameters,
        data: &StudyData,
    ) -> NetworkDescription {
        let (channels, height, width) = data.image();
        let classes = data.description().classes;
        let mut stack = Stack {
            is_normalised: self.is_normalised(),
            layers: Vec::new(),
        };
        match self {
            Self::Mlp | Self::NormalisedMlp => stack.dense(&parameters.mlp_hidden, classes),
            Self::Cnn | Self::NormalisedCnn => {
                let cnn = &parameters.cnn;
                let convolutions = cnn.channels.iter().zip(&cnn.paddings);
                for (number, (&channels, &padding)) in convolutions.enumerate() {
                    stack.convolution(number + 1, channels, cnn.kernel, padding);
                }
                stack.layers.push(LayerDescription::Flatten);
                stack.dense(&cnn.hidden, classes);
            }
        }
        NetworkDescription {
            units: WeightUnits::Digital,
            input: InputDescription {
                channels,
                height,
                ..InputDescription::features(width)
            },
            layers: stack.layers,
        }
    }
}

/// Layers so far.
struct Stack {
    is_normalised: bool,
    layers: Vec<LayerDescription>,
}

impl Stack {
    /// Hidden layers of these widths, and the outputs.
    fn dense(&mut self, hidden: &[usize], classes: usize) {
        for (number, &outputs) in hidden.iter().enumerate() {
            let name = format!("fc{}", number + 1);
            self.linear(&name, outputs, !self.is_normalised);
            self.activate(&name);
        }
        self.linear(&format!("fc{}", hidden.len() + 1), classes, true);
    }

    fn linear(&mut self, name: &str, outputs: usize, bias: bool) {
        self.layers.push(LayerDescription::Dense(DenseDescription {
            name: name.to_owned(),
            outputs,
            bias,
            array: OnArray::default(),
        }));
    }

    /// A convolution, and the mean of 2 × 2 of its outputs.
    fn convolution(&mut self, number: usize, channels: usize, kernel: usize, padding: usize) {
        let name = format!("conv{number}");
        self.layers
            .push(LayerDescription::Conv2d(Conv2dDescription {
                name: name.clone(),
                channels,
                kernel: (kernel, kernel),
                stride: (1, 1),
                padding: (padding, padding),
                dilation: (1, 1),
                groups: 1,
                bias: !self.is_normalised,
                array: OnArray::default(),
            }));
        self.activate(&name);
        self.layers
            .push(LayerDescription::AveragePool2d(Pool2dDescription {
                kernel: (2, 2),
                stride: None,
                padding: (0, 0),
            }));
    }

    fn activate(&mut self, name: &str) {
        if self.is_normalised {
            let name = format!("{name}_norm");
            self.layers
                .push(LayerDescription::BatchNorm(BatchNormDescription { name }));
        }
        self.layers
            .push(LayerDescription::Relu(ReluDescription::default()));
    }
}

/// Names of the linear layers.
pub(super) fn linear_layers(description: &NetworkDescription) -> Vec<String> {
    let layers = description.layers.iter();
    layers
        .filter_map(|layer| match layer {
            LayerDescription::Dense(dense) => Some(dense.name.clone()),
            LayerDescription::Conv2d(convolution) => Some(convolution.name.clone()),
            _ => None,
        })
        .collect()
}
