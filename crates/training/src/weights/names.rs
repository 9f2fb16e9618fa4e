//! From a network's parameters to named arrays and back.

use std::collections::BTreeMap;

use ndarray::{ArrayD, ArrayViewD, Ix2};

use super::WeightFile;
use crate::{Network, TrainingError};

/// What the parameters of a network's layers are called in weight files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TensorNames {
    layers: Vec<LayerTensors>,
}

/// Of one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LayerTensors {
    /// Empty for layers without parameters.
    name: String,
    /// Shape of weights in files, whose first side is that of the outputs; empty for layers
    /// without.
    weight: Vec<usize>,
}

impl TensorNames {
    /// Adds a layer: its name, and the shape of its weights in files (outputs first) if it has any.
    pub(crate) fn push(&mut self, name: &str, weight: Vec<usize>) {
        self.layers.push(LayerTensors {
            name: name.to_owned(),
            weight,
        });
    }

    /// Adds a layer that is called as one of another network.
    pub(crate) fn push_as(&mut self, other: &Self, layer: usize) {
        self.layers
            .push(other.layers.get(layer).cloned().unwrap_or_default());
    }

    /// The name of a layer; empty if it has none.
    pub fn of_layer(&self, index: usize) -> &str {
        self.layers.get(index).map_or("", |layer| &layer.name)
    }

    /// The numbers of a network as named arrays.
    ///
    /// # Errors
    /// [`TrainingError::OtherState`] if names were made for another network.
    pub fn export(&self, network: &Network) -> Result<WeightFile, TrainingError> {
        let mut file = WeightFile::default();
        for tensor in network.state().tensors() {
            let layer = self.layer(tensor.layer)?;
            let values = layer.to_file(&tensor.name, tensor.values.view())?;
            file.tensors
                .insert(format!("{}.{}", layer.name, tensor.name), values);
        }
        Ok(file)
    }

    /// Takes named arrays over into a network.
    ///
    /// # Errors
    /// [`TrainingError::WeightsMissing`] names what the network has and the file lacks,
    /// [`TrainingError::WeightsUnknown`] what the file has and the network lacks,
    /// [`TrainingError::WeightsShape`] an array of another shape, [`TrainingError::WeightsNotFinite`]
    /// one with infinity or NaN, [`TrainingError::WeightsNegative`] a variance below zero; the network
    /// is unchanged then.
    pub fn import(&self, network: &mut Network, file: &WeightFile) -> Result<(), TrainingError> {
        let mut rest: BTreeMap<&str, &ArrayD<f32>> = BTreeMap::new();
        rest.extend(
            file.tensors
                .iter()
                .map(|(name, values)| (name.as_str(), values)),
        );
        let mut state = network.state();
        for tensor in state.tensors_mut() {
            let layer = self.layer(tensor.layer)?;
            let name = format!("{}.{}", layer.name, tensor.name);
            let Some(values) = rest.remove(name.as_str()) else {
                let found = file.tensors.keys().cloned().collect();
                return Err(TrainingError::WeightsMissing { name, found });
            };
            if !values.iter().all(|value| value.is_finite()) {
                return Err(TrainingError::WeightsNotFinite { name });
            }
            if tensor.name == VARIANCES
                && let Some(&value) = values.iter().find(|&&value| value < 0.0)
            {
                return Err(TrainingError::WeightsNegative { name, value });
            }
            layer.take_over(&name, &tensor.name, values, &mut tensor.values)?;
        }
        if let Some((name, _)) = rest.first_key_value() {
            return Err(TrainingError::WeightsUnknown {
                name: (*name).to_owned(),
            });
        }
        network.restore(&state)
    }

    fn layer(&self, index: usize) -> Result<&LayerTensors, TrainingError> {
        let named = self
            .layers
            .get(index)
            .filter(|layer| !layer.name.is_empty());
        named.ok_or(TrainingError::OtherState {
            reason: "a layer with parameters has no name",
        })
    }
}

/// What must not be negative.
const VARIANCES: &str = "running_var";

impl LayerTensors {
    /// Weights, kept as inputs × outputs, stand in files with the outputs first.
    fn to_file(
        &self,
        name: &str,
        values: ArrayViewD<'_, f32>,
    ) -> Result<ArrayD<f32>, TrainingError> {
        let Ok(matrix) = values.view().into_dimensionality::<Ix2>() else {
            return Ok(values.to_owned());
        };
        let numbers: Vec<f32> = matrix.t().iter().copied().collect();
        ArrayD::from_shape_vec(self.weight.as_slice(), numbers).map_err(|_| {
            TrainingError::WeightsShape {
                name: format!("{}.{name}", self.name),
                expected: self.weight.clone(),
                found: values.shape().to_vec(),
            }
        })
    }

    fn take_over(
        &self,
        full_name: &str,
        name: &str,
        from: &ArrayD<f32>,
        to: &mut ArrayD<f32>,
    ) -> Result<(), TrainingError> {
        let expected = self.to_file(name, to.view())?;
        if from.shape() != expected.shape() {
            return Err(TrainingError::WeightsShape {
                name: full_name.to_owned(),
                expected: expected.shape().to_vec(),
                found: from.shape().to_vec(),
            });
        }
        match to.view_mut().into_dimensionality::<Ix2>() {
            Ok(matrix) => {
                let places = matrix.reversed_axes();
                for (to, &from) in places.into_iter().zip(from) {
                    *to = from;
                }
            }
            Err(_) => to.assign(from),
        }
        Ok(())
    }
}
