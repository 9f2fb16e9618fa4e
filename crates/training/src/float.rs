//! Digital networks to begin with.

use bss2_mapping::{Convolution, ConvolutionOptions};

use crate::init::{WEIGHT_COUNT_MAX, he_normal};
use crate::{Conv, Dense, Layer, Network, Relu, TrainingError};

/// Largest width of a dense layer.
const WIDTH_MAX: usize = 1 << 20;

/// A digital network of dense layers with rectifiers between them and no bias: `widths` are those
/// of the input, the hidden layers and the output. Weights are drawn from N(0, 2/inputs) (He et
/// al. 2015) under the seed.
///
/// # Errors
/// [`TrainingError::Widths`] for fewer than two widths or a width of zero;
/// [`TrainingError::NetworkTooLarge`] for a width beyond 2²⁰ or more than 2²⁸ weights in all.
pub fn float_mlp(widths: &[usize], seed: u64) -> Result<Network, TrainingError> {
    check_widths(widths, &[])?;
    let mut layers = Vec::new();
    add_dense(&mut layers, widths, 0, seed)?;
    Network::new(layers)
}

/// A digital network of convolutions, then dense layers, with rectifiers between them and no bias:
/// `widths` are those of the hidden dense layers and the output. Weights are drawn from N(0,
/// 2/inputs of an output) under the seed.
///
/// # Errors
/// [`TrainingError::Widths`] without a width, or with one of zero; [`TrainingError::Width`] for a
/// convolution that does not take the outputs of the one before; [`TrainingError::NetworkTooLarge`]
/// for a width beyond 2²⁰ or more than 2²⁸ weights in all; those of [`Conv::new`].
pub fn float_cnn(
    convolutions: &[Convolution],
    widths: &[usize],
    seed: u64,
) -> Result<Network, TrainingError> {
    let Some(last) = convolutions.last() else {
        return float_mlp(widths, seed);
    };
    let widths = [&[last.outputs()], widths].concat();
    check_widths(&widths, &kernel_shapes(convolutions))?;
    let mut layers: Vec<Box<dyn Layer>> = Vec::new();
    for (index, &convolution) in convolutions.iter().enumerate() {
        let kernel = he_normal(convolution.kernel_shape(), index, seed)?;
        layers.push(Box::new(Conv::new(convolution, kernel)?));
        layers.push(Box::new(Relu));
    }
    add_dense(&mut layers, &widths, convolutions.len(), seed)?;
    let network = Network::new(layers)?;
    network.output_width(convolutions[0].inputs())?;
    Ok(network)
}

/// The network that was published for MNIST on the chip: 20 kernels of 10 × 10 pixels, 5 apart, on
/// images of 28 × 28 with a border of 1, whose 500 outputs are followed by dense layers of 128 and
/// 10.
///
/// # Errors
/// None.
pub fn published_mnist_cnn(seed: u64) -> Result<Network, TrainingError> {
    let options = ConvolutionOptions {
        stride: (5, 5),
        padding: (1, 1),
        ..ConvolutionOptions::two_d(1, (28, 28), 20, (10, 10))
    };
    float_cnn(&[options.check()?], &[128, 10], seed)
}

/// Adds dense layers with rectifiers between them; the first of them is the network's linear layer
/// number `first`.
fn add_dense(
    layers: &mut Vec<Box<dyn Layer>>,
    widths: &[usize],
    first: usize,
    seed: u64,
) -> Result<(), TrainingError> {
    for (index, pair) in widths.windows(2).enumerate() {
        if index > 0 {
            layers.push(Box::new(Relu));
        }
        let weights = he_normal((pair[0], pair[1]), first + index, seed)?;
        layers.push(Box::new(Dense::new(weights)));
    }
    Ok(())
}

fn kernel_shapes(convolutions: &[Convolution]) -> Vec<(usize, usize)> {
    convolutions.iter().map(Convolution::kernel_shape).collect()
}

/// Refuses widths of dense layers, and numbers of weights together with these kernels.
fn check_widths(widths: &[usize], kernels: &[(usize, usize)]) -> Result<(), TrainingError> {
    if widths.len() < 2 || widths.contains(&0) {
        return Err(TrainingError::Widths {
            widths: widths.to_vec(),
        });
    }
    let dense = widths.windows(2).map(|pair| (pair[0], pair[1]));
    let shapes: Vec<_> = dense.chain(kernels.iter().copied()).collect();
    if are_small(&shapes) {
        Ok(())
    } else {
        Err(too_large(widths))
    }
}

/// Refuses shapes of weights (inputs × outputs) without any, or that are too large.
pub(crate) fn check_sizes(shapes: &[(usize, usize)]) -> Result<(), TrainingError> {
    let widths: Vec<usize> = shapes
        .iter()
        .flat_map(|&(inputs, outputs)| [inputs, outputs])
        .collect();
    if widths.contains(&0) {
        return Err(TrainingError::Widths { widths });
    }
    if are_small(shapes) {
        Ok(())
    } else {
        Err(too_large(&widths))
    }
}

/// Whether shapes of weights are within the limits, one by one and together.
fn are_small(shapes: &[(usize, usize)]) -> bool {
    let weight_count = shapes.iter().fold(0_usize, |count, &(inputs, outputs)| {
        count.saturating_add(inputs.saturating_mul(outputs))
    });
    let is_small = |&(inputs, outputs): &(usize, usize)| inputs.max(outputs) <= WIDTH_MAX;
    weight_count <= WEIGHT_COUNT_MAX && shapes.iter().all(is_small)
}

fn too_large(widths: &[usize]) -> TrainingError {
    TrainingError::NetworkTooLarge {
        widths: widths.to_vec(),
        width_limit: WIDTH_MAX,
        weight_limit: WEIGHT_COUNT_MAX,
    }
}
