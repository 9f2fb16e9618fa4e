//! What a digital layer computes, as data.

use serde::{Deserialize, Serialize};

use crate::{LinearLayer, Pool};

/// What a digital layer computes when a network is evaluated: all that [`deploy`](crate::deploy)
/// needs to know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// A linear layer without bias.
    Linear(LinearLayer),
    /// A factor and a sum per channel: a bias, or a normalisation with fixed statistics.
    Affine(Affine),
    /// y = max(x, 0).
    Rectify,
    /// Neighbouring values of each channel become one.
    Pool(Pool),
    /// Nothing: what only training sees, or what only names a shape.
    Nothing,
}

/// y = factor · x + offset, with a factor and an offset for each channel. Values of a channel stand
/// together: input i is of channel i / positions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// One for each channel.
    pub factors: Vec<f32>,
    /// One for each channel.
    pub offsets: Vec<f32>,
    /// Values of each channel.
    pub positions: usize,
}
