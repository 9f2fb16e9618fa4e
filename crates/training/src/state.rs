//! All numbers of a network, apart from it.

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};
use serde::{Deserialize, Serialize};

use crate::{Network, TrainingError};

/// A copy of everything in a network that training changes: parameters, and what is kept beside
/// them, such as running statistics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkState {
    tensors: Vec<Tensor>,
}

/// Numbers of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tensor {
    /// Index of the layer.
    pub(crate) layer: usize,
    /// Name within the layer.
    pub(crate) name: String,
    pub(crate) values: ArrayD<f32>,
}

impl NetworkState {
    pub(crate) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    pub(crate) fn tensors_mut(&mut self) -> &mut [Tensor] {
        &mut self.tensors
    }
}

impl Network {
    /// A copy of all numbers.
    pub fn state(&self) -> NetworkState {
        let mut state = NetworkState::default();
        let mut keep = |layer, name: &str, values: ArrayViewD<'_, f32>| {
            state.tensors.push(Tensor {
                layer,
                name: name.to_owned(),
                values: values.to_owned(),
            });
        };
        self.parameters(&mut |layer, parameter| keep(layer, parameter.name, parameter.value));
        self.buffers(&mut |layer, buffer| keep(layer, buffer.name, buffer.value));
        state
    }

    /// Takes numbers over from a network of the same layers.
    ///
    /// # Errors
    /// [`TrainingError::OtherState`] for a state of other layers, names or shapes, or with numbers
    /// that are not finite; the network is unchanged then.
    pub fn restore(&mut self, state: &NetworkState) -> Result<(), TrainingError> {
        let shapes = |state: &NetworkState| -> Vec<(usize, String, Vec<usize>)> {
            let tensors = state.tensors.iter();
            tensors
                .map(|tensor| {
                    (
                        tensor.layer,
                        tensor.name.clone(),
                        tensor.values.shape().to_vec(),
                    )
                })
                .collect()
        };
        if shapes(state) != shapes(&self.state()) {
            return Err(TrainingError::OtherState {
                reason: "layers, names or shapes differ",
            });
        }
        let finite = |tensor: &Tensor| tensor.values.iter().all(|value| value.is_finite());
        if !state.tensors.iter().all(finite) {
            return Err(TrainingError::OtherState {
                reason: "numbers are not finite",
            });
        }
        let mut tensors = state.tensors.iter();
        let mut next = |mut values: ArrayViewMutD<'_, f32>| match tensors.next() {
            Some(tensor) if tensor.values.shape() == values.shape() => {
                values.assign(&tensor.values);
                Ok(())
            }
            _ => Err(TrainingError::OtherState {
                reason: "a layer hands out other numbers than it shows",
            }),
        };
        self.update_parameters(&mut |parameter| next(parameter.value))?;
        self.update_buffers(&mut |_, buffer| next(buffer.value))
    }
}
