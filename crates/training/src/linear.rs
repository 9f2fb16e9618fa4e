//! The linear layers of a network, as data.

use bss2_mapping::{Convolution, LayerShape};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::error::check_shape;

/// A linear layer without bias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LinearLayer {
    /// Every output sees every input.
    Dense(
        /// Weights, inputs × outputs.
        Array2<f32>,
    ),
    /// A convolution.
    Conv {
        /// Its sizes.
        convolution: Convolution,
        /// Weights, of [the kernel's shape](Convolution::kernel_shape).
        kernel: Array2<f32>,
    },
}

impl From<Array2<f32>> for LinearLayer {
    fn from(weights: Array2<f32>) -> Self {
        Self::Dense(weights)
    }
}

impl LinearLayer {
    /// The weights: of a dense layer, inputs × outputs; of a convolution, the kernel.
    pub const fn weights(&self) -> &Array2<f32> {
        match self {
            Self::Dense(weights) => weights,
            Self::Conv { kernel, .. } => kernel,
        }
    }

    pub(crate) const fn weights_mut(&mut self) -> &mut Array2<f32> {
        match self {
            Self::Dense(weights) => weights,
            Self::Conv { kernel, .. } => kernel,
        }
    }

    /// Length of an input.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Dense(weights) => weights.nrows(),
            Self::Conv { convolution, .. } => convolution.inputs(),
        }
    }

    /// Outputs that share the weights of a column: one, or the positions of a convolution.
    pub(crate) fn positions(&self) -> usize {
        match self {
            Self::Dense(_) => 1,
            Self::Conv { convolution, .. } => convolution.positions(),
        }
    }

    /// Refuses sizes that no layer has.
    pub(crate) fn check(&self) -> Result<(), TrainingError> {
        match self {
            Self::Dense(weights) => {
                LayerShape::dense(weights.nrows(), weights.ncols())?;
                Ok(())
            }
            Self::Conv {
                convolution,
                kernel,
            } => check_shape("kernel", convolution.kernel_shape(), kernel.dim()),
        }
    }
}
