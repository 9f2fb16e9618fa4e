//! From a description to a network.

use std::collections::BTreeSet;

use bss2_mapping::{Convolution, ConvolutionOptions};
use ndarray::Array2;

use super::{Conv1dDescription, Conv2dDescription, LayerDescription, NetworkDescription};
use crate::float::check_sizes;
use crate::init::he_normal;
use crate::{
    BatchNorm, Bias, Conv, Dense, Dropout, Flatten, InjectNoise, Layer, LayerPlace, Network,
    PoolKind, PoolOptions, Pooling, Relu, TensorNames, TrainingError,
};

/// A digital network that was made from a description.
#[derive(Debug)]
pub struct DescribedNetwork {
    /// The network.
    pub network: Network,
    /// What its parameters are called in weight files. A linear layer and its bias, which is a layer
    /// of its own, share a name.
    pub names: TensorNames,
}

impl NetworkDescription {
    /// Makes the digital network, with weights drawn from N(0, 2/inputs of an output) under the
    /// seed, and without a bias at first.
    ///
    /// # Errors
    /// [`TrainingError::InDescription`] names the layer that does not fit, and why; [`TrainingError::Widths`]
    /// without layers or without inputs; [`TrainingError::NetworkTooLarge`] beyond the limits of
    /// [`float_mlp`](crate::float_mlp).
    pub fn build(&self, seed: u64) -> Result<DescribedNetwork, TrainingError> {
        if self.layers.is_empty() || self.layers.len() > Self::LAYERS_MAX || self.input.is_empty() {
            return Err(TrainingError::Widths { widths: Vec::new() });
        }
        self.input.check()?;
        let mut builder = Builder {
            seed,
            shape: Shape {
                channels: self.input.channels,
                height: self.input.height,
                width: self.input.width,
            },
            layers: Vec::new(),
            places: Vec::new(),
            names: TensorNames::default(),
            taken: BTreeSet::new(),
            linear_layers: 0,
            weights: Vec::new(),
        };
        for (index, layer) in self.layers.iter().enumerate() {
            builder
                .add(layer)
                .map_err(|cause| TrainingError::InDescription {
                    layer: self.place(index),
                    cause: Box::new(cause),
                })?;
            let made = builder.layers.len();
            builder.places.resize(made, self.place(index));
        }
        Ok(DescribedNetwork {
            network: Network::new(builder.layers)?.with_places(builder.places),
            names: builder.names,
        })
    }
}

/// What passes from layer to layer.
#[derive(Clone, Copy)]
struct Shape {
    channels: usize,
    height: usize,
    width: usize,
}

impl Shape {
    const fn positions(self) -> usize {
        self.height.saturating_mul(self.width)
    }

    const fn features(self) -> usize {
        self.channels.saturating_mul(self.positions())
    }

    const fn flat(features: usize) -> Self {
        Self {
            channels: features,
            height: 1,
            width: 1,
        }
    }
}

struct Builder {
    seed: u64,
    shape: Shape,
    layers: Vec<Box<dyn Layer>>,
    /// Where each layer stands in the description.
    places: Vec<LayerPlace>,
    names: TensorNames,
    taken: BTreeSet<String>,
    linear_layers: usize,
    /// Sizes of the weights so far.
    weights: Vec<(usize, usize)>,
}

impl Builder {
    fn add(&mut self, layer: &LayerDescription) -> Result<(), TrainingError> {
        if let Some(on_array) = layer.on_array() {
            on_array.settings()?;
        }
        match layer {
            LayerDescription::Dense(dense) => {
                self.take_name(&dense.name)?;
                let weights = self.initial((self.shape.features(), dense.outputs))?;
                let shape = vec![dense.outputs, self.shape.features()];
                self.shape = Shape::flat(dense.outputs);
                self.push_linear(&dense.name, shape, Dense::new(weights));
                self.add_bias(&dense.name, dense.bias)
            }
            LayerDescription::Conv1d(conv) => {
                let options = self.conv1d(conv);
                self.add_convolution(&conv.name, options.check()?, &[conv.kernel], conv.bias)
            }
            LayerDescription::Conv2d(conv) => {
                let options = self.conv2d(conv);
                let kernel = [conv.kernel.0, conv.kernel.1];
                self.add_convolution(&conv.name, options.check()?, &kernel, conv.bias)
            }
            LayerDescription::BatchNorm(norm) => {
                self.take_name(&norm.name)?;
                let layer = BatchNorm::new(self.shape.channels, self.shape.positions())?;
                self.push(&norm.name, layer);
                Ok(())
            }
            LayerDescription::Relu(_) => {
                self.push("", Relu);
                Ok(())
            }
            LayerDescription::MaxPool1d(pool) => {
                let stride = pool.stride.unwrap_or(pool.kernel);
                self.add_pool(
                    PoolKind::Max,
                    (1, pool.kernel),
                    (1, stride),
                    (0, pool.padding),
                )
            }
            LayerDescription::AveragePool1d(pool) => {
                let stride = pool.stride.unwrap_or(pool.kernel);
                self.add_pool(
                    PoolKind::Average,
                    (1, pool.kernel),
                    (1, stride),
                    (0, pool.padding),
                )
            }
            LayerDescription::MaxPool2d(pool) => {
                let stride = pool.stride.unwrap_or(pool.kernel);
                self.add_pool(PoolKind::Max, pool.kernel, stride, pool.padding)
            }
            LayerDescription::AveragePool2d(pool) => {
                let stride = pool.stride.unwrap_or(pool.kernel);
                self.add_pool(PoolKind::Average, pool.kernel, stride, pool.padding)
            }
            LayerDescription::Flatten => {
                self.shape = Shape::flat(self.shape.features());
                self.push("", Flatten);
                Ok(())
            }
            LayerDescription::Dropout(dropout) => {
                self.push("", Dropout::new(dropout.rate)?);
                Ok(())
            }
            LayerDescription::InjectNoise(noise) => {
                self.push("", InjectNoise::new(noise.kind, noise.modes, noise.sigma)?);
                Ok(())
            }
        }
    }

    fn push(&mut self, name: &str, layer: impl Layer + 'static) {
        self.push_linear(name, Vec::new(), layer);
    }

    /// Adds a layer whose weights have a shape in files.
    fn push_linear(&mut self, name: &str, weight: Vec<usize>, layer: impl Layer + 'static) {
        self.names.push(name, weight);
        self.layers.push(Box::new(layer));
    }

    /// Refuses a name that another layer has, or that could not stand in a weight file.
    fn take_name(&mut self, name: &str) -> Result<(), TrainingError> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if !name.is_empty() && name.chars().all(is_name) && self.taken.insert(name.to_owned()) {
            return Ok(());
        }
        Err(TrainingError::LayerName {
            name: name.to_owned(),
        })
    }

    /// Weights of the next linear layer.
    fn initial(&mut self, shape: (usize, usize)) -> Result<Array2<f32>, TrainingError> {
        self.weights.push(shape);
        check_sizes(&self.weights)?;
        let layer = self.linear_layers;
        self.linear_layers += 1;
        he_normal(shape, layer, self.seed)
    }

    fn add_bias(&mut self, name: &str, wanted: bool) -> Result<(), TrainingError> {
        if wanted {
            let (channels, positions) = (self.shape.channels, self.shape.positions());
            self.push(name, Bias::new(vec![0.0; channels], positions)?);
        }
        Ok(())
    }

    fn add_convolution(
        &mut self,
        name: &str,
        convolution: Convolution,
        kernel_sides: &[usize],
        bias: bool,
    ) -> Result<(), TrainingError> {
        self.take_name(name)?;
        let kernel = self.initial(convolution.kernel_shape())?;
        let (height, width) = convolution.output();
        self.shape = Shape {
            channels: convolution.options().output_channels,
            height,
            width,
        };
        let mut shape = vec![self.shape.channels, convolution.channels_per_group()];
        shape.extend(kernel_sides);
        self.push_linear(name, shape, Conv::new(convolution, kernel)?);
        self.add_bias(name, bias)
    }

    fn add_pool(
        &mut self,
        kind: PoolKind,
        kernel: (usize, usize),
        stride: (usize, usize),
        padding: (usize, usize),
    ) -> Result<(), TrainingError> {
        let pool = PoolOptions {
            kind,
            channels: self.shape.channels,
            input: (self.shape.height, self.shape.width),
            kernel,
            stride,
            padding,
        };
        let pool = pool.check()?;
        (self.shape.height, self.shape.width) = pool.output();
        self.push("", Pooling::new(pool));
        Ok(())
    }

    fn conv1d(&self, conv: &Conv1dDescription) -> ConvolutionOptions {
        ConvolutionOptions {
            input_channels: self.shape.channels,
            input: (self.shape.height, self.shape.width),
            output_channels: conv.channels,
            kernel: (1, conv.kernel),
            stride: (1, conv.stride),
            padding: (0, conv.padding),
            dilation: (1, conv.dilation),
            groups: conv.groups,
        }
    }

    fn conv2d(&self, conv: &Conv2dDescription) -> ConvolutionOptions {
        ConvolutionOptions {
            input_channels: self.shape.channels,
            input: (self.shape.height, self.shape.width),
            output_channels: conv.channels,
            kernel: conv.kernel,
            stride: conv.stride,
            padding: conv.padding,
            dilation: conv.dilation,
            groups: conv.groups,
        }
    }
}
