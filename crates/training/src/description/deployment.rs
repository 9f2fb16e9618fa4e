//! From a described network to the array.

use bss2_core::{ArrayGeometry, NOMINAL_GAIN_LSB, RunSettings};
use bss2_mapping::{MappingStrategy, ScalePer, Tiling};
use ndarray::ArrayView2;

use super::{DescribedNetwork, LayerDescription, NetworkDescription};
use crate::{
    DeployedLayer, Deployment, InputScale, LayerDeployment, Network, OnLayers, TensorNames,
    TrainingError, WeightUnits, deploy,
};

/// What a network is brought onto.
#[derive(Clone, Copy, Debug)]
pub struct ArrayChoice<'a> {
    /// Sizes of the array.
    pub geometry: ArrayGeometry,
    /// Gain that it is taken to have with one send, in LSB per activation and weight unit.
    pub gain_lsb: f32,
    /// How the linear layers are mapped, one strategy for each, in place of the described tilings.
    pub strategies: Option<&'a [Box<dyn MappingStrategy>]>,
}

impl Default for ArrayChoice<'_> {
    /// One chip of [nominal gain](NOMINAL_GAIN_LSB), mapped as described.
    fn default() -> Self {
        Self {
            geometry: ArrayGeometry::BSS2,
            gain_lsb: NOMINAL_GAIN_LSB,
            strategies: None,
        }
    }
}

/// A described network on the array.
#[derive(Debug)]
pub struct DeployedNetwork {
    /// The network.
    pub network: Network,
    /// What its parameters are called in weight files.
    pub names: TensorNames,
    /// How its linear layers were brought onto the array.
    pub report: Vec<DeployedLayer>,
    /// The description of what it is now: in units of the array, with the scales and shifts that
    /// were chosen. With its weights it gives the same network again.
    pub description: NetworkDescription,
}

impl NetworkDescription {
    /// Timing of each linear layer's runs.
    ///
    /// # Errors
    /// [`TrainingError::Array`] for sends or waits outside their ranges.
    pub fn settings(&self) -> Result<Vec<RunSettings>, TrainingError> {
        let layers = self.on_array();
        layers
            .map(|layer| {
                Ok(RunSettings::new(
                    layer.num_sends,
                    layer.wait_between_events,
                )?)
            })
            .collect()
    }

    /// Brings a digital network that was [built](Self::build) from the description onto an array,
    /// with scales that suit `samples` (vectors × inputs).
    ///
    /// # Errors
    /// Those of [`deploy`]; [`TrainingError::NotDeployable`] for what cannot be described in units of
    /// the array: scales per output, and, where the description is in these units already,
    /// normalisations and rectifiers without a shift.
    pub fn deploy(
        &self,
        digital: &DescribedNetwork,
        samples: ArrayView2<'_, f32>,
        array: ArrayChoice<'_>,
    ) -> Result<DeployedNetwork, TrainingError> {
        self.check_units()?;
        let tilings = self.tilings()?;
        let described: Vec<&dyn MappingStrategy> = tilings
            .iter()
            .map(|tiling| tiling as &dyn MappingStrategy)
            .collect();
        let strategies = match array.strategies {
            None => described,
            Some(own) => own.iter().map(Box::as_ref).collect(),
        };
        let layers = self.layer_deployments(&strategies, array.gain_lsb)?;
        let deployment = Deployment {
            geometry: array.geometry,
            input: self.input_scale(),
            layers: OnLayers::Each(&layers),
            units: self.units,
        };
        let (network, report) = deploy(&digital.network.steps()?, samples, deployment)?;
        Ok(DeployedNetwork {
            names: names(&network, &digital.names, &report),
            description: self.resolved(&report)?,
            network,
            report,
        })
    }

    fn tilings(&self) -> Result<Vec<Tiling>, TrainingError> {
        let layers = self.on_array().zip(self.settings()?);
        Ok(layers
            .map(|(layer, settings)| layer.tiling.with_settings(settings))
            .collect())
    }

    fn layer_deployments<'a>(
        &self,
        strategies: &[&'a dyn MappingStrategy],
        gain_lsb: f32,
    ) -> Result<Vec<LayerDeployment<'a>>, TrainingError> {
        let shifts = self.shifts();
        if strategies.len() != shifts.len() {
            return Err(TrainingError::LayerCount {
                expected: shifts.len(),
                found: strategies.len(),
            });
        }
        let layers = self.on_array().zip(strategies).zip(shifts);
        let layers = layers.map(|((layer, &strategy), shift)| {
            let mut scaling = layer.scaling;
            if self.units == WeightUnits::Array {
                scaling.fixed_scale = Some(1.0);
            }
            LayerDeployment {
                strategy,
                gain_lsb,
                scaling,
                lowering: layer.lowering,
                shift,
            }
        });
        Ok(layers.collect())
    }

    /// For each linear layer, the shift of the rectifier that follows it, if it is given.
    fn shifts(&self) -> Vec<Option<u8>> {
        let mut shifts = Vec::new();
        for layer in &self.layers {
            match (layer, shifts.last_mut()) {
                (layer, _) if layer.is_linear() => shifts.push(None),
                (LayerDescription::Relu(relu), Some(shift)) => *shift = relu.shift,
                _ => {}
            }
        }
        shifts
    }

    const fn input_scale(&self) -> InputScale {
        match (
            self.input.activations_per_unit,
            self.input.full_range_quantile,
        ) {
            (Some(scale), _) => InputScale::Fixed(scale),
            (None, Some(quantile)) => InputScale::Quantile(quantile),
            (None, None) => InputScale::UnitRange,
        }
    }

    /// Refuses what has no meaning in the units of the weights.
    fn check_units(&self) -> Result<(), TrainingError> {
        let refused = |layer, reason| Err(TrainingError::NotDeployable { layer, reason });
        let is_array = self.units == WeightUnits::Array;
        let last_linear = self.layers.iter().rposition(LayerDescription::is_linear);
        for (index, layer) in self.layers.iter().enumerate() {
            match layer {
                LayerDescription::BatchNorm(_) if is_array => {
                    return refused(index, "weights in units of the array have no normalisation");
                }
                LayerDescription::Relu(relu)
                    if is_array && relu.shift.is_none() && Some(index) < last_linear =>
                {
                    return refused(index, "weights in units of the array need a shift");
                }
                _ => {}
            }
        }
        let per_output = |layer: &super::OnArray| layer.scaling.per == ScalePer::Output;
        match self.on_array().position(per_output) {
            Some(layer) => refused(layer, "described networks have a scale per layer"),
            None => Ok(()),
        }
    }

    /// The description of the deployed network.
    fn resolved(&self, report: &[DeployedLayer]) -> Result<Self, TrainingError> {
        let mut resolved = self.clone();
        resolved.units = WeightUnits::Array;
        resolved.input.full_range_quantile = None;
        resolved.input.activations_per_unit =
            report.first().map(|first| first.activations_per_unit);
        let is_norm = |layer: &LayerDescription| matches!(layer, LayerDescription::BatchNorm(_));
        resolved.layers.retain(|layer| !is_norm(layer));
        let mut deployed = report.iter();
        let mut shift = None;
        for layer in &mut resolved.layers {
            if let Some(bias) = layer.bias_mut() {
                let linear = deployed.next().ok_or(TrainingError::LayerCount {
                    expected: report.len(),
                    found: report.len() + 1,
                })?;
                *bias = linear.has_bias;
                shift = linear.shift;
            } else if let LayerDescription::Relu(relu) = layer {
                relu.shift = shift;
            }
        }
        Ok(resolved)
    }
}

/// What the parameters of the deployed network are called: as those of the digital layers that they
/// come from.
fn names(network: &Network, digital: &TensorNames, report: &[DeployedLayer]) -> TensorNames {
    let mut names = TensorNames::default();
    for index in 0..network.len() {
        let linear = report.iter().find(|linear| linear.layer == index);
        let biased = report
            .iter()
            .find(|linear| linear.has_bias && linear.layer + 1 == index);
        match (linear, biased) {
            (Some(linear), _) => names.push_as(digital, linear.step),
            (None, Some(linear)) => names.push(digital.of_layer(linear.step), Vec::new()),
            _ => names.push("", Vec::new()),
        }
    }
    names
}
