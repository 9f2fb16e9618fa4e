//! Layers of a network.

use std::ops::RangeInclusive;

use ndarray::{Array2, ArrayView2};

use crate::{Session, TrainingError};

mod analog_dense;
mod dense;
mod quantise;
mod relu;

pub use analog_dense::AnalogDense;
pub use dense::Dense;
pub use quantise::QuantiseInput;
pub use relu::{ConvertingRelu, Relu};

/// A step from a batch of inputs (vectors × inputs) to a batch of outputs (vectors × outputs).
///
/// Layers hold no copies of what passes through: [`backward`](Self::backward) is given the inputs
/// and outputs of the forward pass again.
pub trait Layer: Send {
    /// Outputs for a number of inputs, or `None` if the layer does not take so many.
    fn outputs(&self, inputs: usize) -> Option<usize>;

    /// Computes the outputs; `output` has the right shape already.
    ///
    /// # Errors
    /// [`TrainingError`] if the layer needs an array and there is none, or the array refuses.
    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: &mut Array2<f32>,
    ) -> Result<(), TrainingError>;

    /// Computes the gradient with respect to the inputs (if asked for) and, inside the layer, with
    /// respect to its parameters. `gradient` is that with respect to the outputs; the layer may
    /// use it as scratch.
    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: &mut Array2<f32>,
        input_gradient: Option<&mut Array2<f32>>,
    );

    /// The trainable parameters, if there are any.
    fn parameter(&mut self) -> Option<Parameter<'_>> {
        None
    }
}

/// A layer's weights (inputs × outputs) with their gradient and range.
#[derive(Debug)]
pub struct Parameter<'a> {
    /// The weights.
    pub value: &'a mut Array2<f32>,
    /// The gradient of the last backward pass.
    pub gradient: &'a Array2<f32>,
    /// Range to which the optimizer keeps each weight.
    pub range: RangeInclusive<f32>,
}

/// Whether all values are finite; without early exit, which would keep the sweep from being
/// vectorised.
pub(crate) fn all_finite(values: &Array2<f32>) -> bool {
    values.iter().fold(true, |all, v| all & v.is_finite())
}

/// Gives a buffer a shape, reusing it where it fits.
pub(crate) fn reshaped(buffer: &mut Array2<f32>, shape: (usize, usize)) -> &mut Array2<f32> {
    if buffer.dim() != shape {
        *buffer = Array2::zeros(shape);
    }
    buffer
}
