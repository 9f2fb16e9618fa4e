//! What a layer keeps beside its parameters.

use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::TrainingError;

/// Numbers of a layer that forward passes change and gradients do not, such as running statistics:
/// to be read, by what saves a network.
#[derive(Clone, Debug)]
pub struct BufferView<'a> {
    /// Their name, unique within the layer, parameters included: `"running_mean"`.
    pub name: &'static str,
    /// The numbers.
    pub value: ArrayViewD<'a, f32>,
}

/// The same numbers, to be replaced by what restores a network.
#[derive(Debug)]
pub struct BufferViewMut<'a> {
    /// Their name, unique within the layer, parameters included: `"running_mean"`.
    pub name: &'static str,
    /// The numbers.
    pub value: ArrayViewMutD<'a, f32>,
}

/// What is done with each buffer that is to be replaced.
pub type UpdateBuffer<'v> = dyn FnMut(BufferViewMut<'_>) -> Result<(), TrainingError> + 'v;
