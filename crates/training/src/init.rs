//! Weights to begin with.
//!
//! Each function draws the weights (inputs of an output × outputs: the shape of a [`Dense`]
//! layer's weights, and of a [`Conv`] layer's kernel) of a network's linear layer with the given
//! number, under a seed: layers draw from streams of their own, so that none moves another's.
//!
//! All refuse more than 2²⁸ weights with [`TrainingError::OptionOutOfRange`].
//!
//! [`Dense`]: crate::Dense
//! [`Conv`]: crate::Conv

use bss2_core::random::{derive_seed, keyed_stream};
use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::TrainingError;
use crate::error::check_option;

/// Largest number of weights: with their gradients, 2 GiB.
pub(crate) const WEIGHT_COUNT_MAX: usize = 1 << 28;

/// N(0, 2/inputs), which keeps the size of signals through rectifiers (He et al. 2015).
///
/// # Errors
/// [`TrainingError::OptionOutOfRange`].
pub fn he_normal(
    shape: (usize, usize),
    layer: usize,
    seed: u64,
) -> Result<Array2<f32>, TrainingError> {
    let deviation = (2.0 / shape.0 as f32).sqrt();
    draw(shape, layer, seed, |random| {
        deviation * random.sample::<f32, _>(StandardNormal)
    })
}

/// Uniform in ±√(6/(inputs + `reached`)), which keeps the size of signals and gradients alike
/// (Glorot and Bengio 2010). `reached` are the outputs that an input reaches: all of a dense layer;
/// of a convolution, as PyTorch counts, output channels × pixels of the kernel.
///
/// # Errors
/// [`TrainingError::OptionOutOfRange`].
pub fn xavier_uniform(
    shape: (usize, usize),
    reached: usize,
    layer: usize,
    seed: u64,
) -> Result<Array2<f32>, TrainingError> {
    let bound = (6.0 / (shape.0 as f32 + reached as f32)).sqrt();
    draw(shape, layer, seed, |random| uniform(bound, random))
}

/// Uniform in ±1/√inputs: what PyTorch's `Linear` and `Conv2d` begin with (`kaiming_uniform` with
/// a = √5).
///
/// # Errors
/// [`TrainingError::OptionOutOfRange`].
pub fn kaiming_uniform(
    shape: (usize, usize),
    layer: usize,
    seed: u64,
) -> Result<Array2<f32>, TrainingError> {
    let bound = (shape.0 as f32).sqrt().recip();
    draw(shape, layer, seed, |random| uniform(bound, random))
}

fn draw(
    shape: (usize, usize),
    layer: usize,
    seed: u64,
    mut number: impl FnMut(&mut ChaCha8Rng) -> f32,
) -> Result<Array2<f32>, TrainingError> {
    // Empty sides count as one: the other one is limited as well.
    let count = shape.0.max(1).saturating_mul(shape.1.max(1));
    check_option("weights", count as f64, 0.0, WEIGHT_COUNT_MAX as f64)?;
    let mut random = keyed_stream(derive_seed(seed, WEIGHTS), layer as u64);
    Ok(Array2::from_shape_simple_fn(shape, || number(&mut random)))
}

fn uniform(bound: f32, random: &mut impl Rng) -> f32 {
    bound * (2.0 * random.random::<f32>() - 1.0)
}

/// Purpose number of initial weights under a seed.
const WEIGHTS: u64 = 1;
