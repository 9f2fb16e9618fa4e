//! A stack of layers.

use bss2_core::random::{derive_seed, keyed_stream};
use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::layer::{all_finite, reshaped};
use crate::{Dense, Layer, Parameter, Relu, Session, TrainingError};

/// Layers one after the other, with buffers for what passes between them.
pub struct Network {
    layers: Vec<Box<dyn Layer>>,
    outputs: Vec<Array2<f32>>,
    gradients: Vec<Array2<f32>>,
}

impl Network {
    /// Stacks layers.
    ///
    /// # Errors
    /// [`TrainingError::Widths`] if there are none.
    pub fn new(layers: Vec<Box<dyn Layer>>) -> Result<Self, TrainingError> {
        if layers.is_empty() {
            return Err(TrainingError::Widths { widths: Vec::new() });
        }
        let buffers = vec![Array2::zeros((0, 0)); layers.len()];
        Ok(Self {
            layers,
            gradients: buffers.clone(),
            outputs: buffers,
        })
    }

    /// Runs a batch (vectors × inputs) through all layers; the result (vectors × outputs) stays
    /// until the next run.
    ///
    /// # Errors
    /// [`TrainingError::Width`] if a layer takes another number of inputs;
    /// [`TrainingError::NotFinite`] if a layer's outputs are not; what a layer reports.
    pub fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
    ) -> Result<&Array2<f32>, TrainingError> {
        for index in 0..self.layers.len() {
            let (done, rest) = self.outputs.split_at_mut(index);
            let input = done.last().map_or(input, |output| output.view());
            let output = &mut rest[0];
            let layer = &mut self.layers[index];
            let width = layer
                .outputs(input.ncols())
                .ok_or_else(|| width_error(index, layer.as_mut(), input.ncols()))?;
            reshaped(output, (input.nrows(), width));
            layer
                .forward(session, input, output)
                .map_err(|error| at_layer(error, index))?;
            if !all_finite(output) {
                return Err(TrainingError::NotFinite {
                    layer: index,
                    what: "outputs",
                });
            }
        }
        Ok(&self.outputs[self.layers.len() - 1])
    }

    /// Runs the gradient of the loss with respect to the last [`forward`](Self::forward)'s result
    /// back through all layers, down to the first one with parameters. `input` is that of the
    /// forward pass.
    pub fn backward(&mut self, input: ArrayView2<'_, f32>, loss_gradient: &Array2<f32>) {
        let last = self.layers.len() - 1;
        reshaped(&mut self.gradients[last], loss_gradient.dim()).assign(loss_gradient);
        let first = self.first_with_parameters();
        for index in (first..=last).rev() {
            let (before, from) = self.gradients.split_at_mut(index);
            let input = index
                .checked_sub(1)
                .map_or(input, |i| self.outputs[i].view());
            let input_gradient = before.last_mut().filter(|_| index > first);
            let input_gradient = input_gradient.map(|buffer| reshaped(buffer, input.dim()));
            let output = self.outputs[index].view();
            self.layers[index].backward(input, output, &mut from[0], input_gradient);
        }
    }

    /// The trainable parameters, from the first layer to the last.
    pub fn parameters(&mut self) -> impl Iterator<Item = Parameter<'_>> {
        self.layers.iter_mut().filter_map(|layer| layer.parameter())
    }

    /// Width of the outputs for inputs of the given width.
    ///
    /// # Errors
    /// [`TrainingError::Width`] if a layer takes another number of inputs.
    pub fn output_width(&mut self, inputs: usize) -> Result<usize, TrainingError> {
        let mut width = inputs;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            width = layer
                .outputs(width)
                .ok_or_else(|| width_error(index, layer.as_mut(), width))?;
        }
        Ok(width)
    }

    /// Copies of the weights (inputs × outputs) of all layers that have any.
    pub fn weights(&mut self) -> Vec<Array2<f32>> {
        self.parameters().map(|p| p.value.clone()).collect()
    }

    fn first_with_parameters(&mut self) -> usize {
        self.layers
            .iter_mut()
            .position(|layer| layer.parameter().is_some())
            .unwrap_or(0)
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}

fn width_error(layer_index: usize, layer: &mut dyn Layer, found: usize) -> TrainingError {
    TrainingError::Width {
        layer: layer_index,
        expected: layer.parameter().map_or(0, |p| p.value.nrows()),
        found,
    }
}

fn at_layer(error: TrainingError, index: usize) -> TrainingError {
    match error {
        TrainingError::NoArray { .. } => TrainingError::NoArray { layer: index },
        TrainingError::NotFinite { what, .. } => TrainingError::NotFinite { layer: index, what },
        other => other,
    }
}

/// A digital network of dense layers with rectifiers between them and no bias: `widths` are those
/// of the input, the hidden layers and the output. Weights are drawn from N(0, 2/inputs) (He et
/// al. 2015) under the seed.
///
/// # Errors
/// [`TrainingError::Widths`] for fewer than two widths or a width of zero.
pub fn float_mlp(widths: &[usize], seed: u64) -> Result<Network, TrainingError> {
    if widths.len() < 2 || widths.contains(&0) {
        return Err(TrainingError::Widths {
            widths: widths.to_vec(),
        });
    }
    let mut layers: Vec<Box<dyn Layer>> = Vec::new();
    for (index, pair) in widths.windows(2).enumerate() {
        if index > 0 {
            layers.push(Box::new(Relu));
        }
        let mut rng = keyed_stream(derive_seed(seed, WEIGHTS), index as u64);
        let deviation = (2.0 / pair[0] as f32).sqrt();
        let weights = Array2::from_shape_simple_fn((pair[0], pair[1]), || {
            deviation * rng.sample::<f32, _>(StandardNormal)
        });
        layers.push(Box::new(Dense::new(weights)));
    }
    Network::new(layers)
}

/// Purpose number of initial weights under a seed.
const WEIGHTS: u64 = 1;
