//! From a described network to the array.

use bss2_core::{ArrayGeometry, NOMINAL_GAIN_LSB, RunSettings};
use bss2_mapping::{MappingStrategy, ScalePer, Tiling};
use ndarray::ArrayView2;

use super::{DescribedNetwork, LayerDescription, NetworkDescription};
use crate::{
    ChipFigures, DeployedLayer, Deployment, InputScale, LayerDeployment, LayerPlace, Network,
    OnLayers, TensorNames, TrainingError, WeightUnits, deploy,
};

/// What a network is brought onto.
#[derive(Clone, Copy, Debug)]
pub struct ArrayChoice<'a> {
    /// Sizes of the array.
    pub geometry: ArrayGeometry,
    /// Gain that it is taken to have.
    pub gain: ArrayGain<'a>,
    /// How the linear layers are mapped, one strategy for each, in place of the described tilings.
    pub strategies: Option<&'a [Box<dyn MappingStrategy>]>,
}

/// Gain of an array with one send, in LSB per activation and weight unit.
#[derive(Clone, Copy, Debug)]
pub enum ArrayGain<'a> {
    /// The same at every timing, 10⁻⁹…10³.
    Uniform(f32),
    /// What was measured at each timing.
    Measured(&'a ChipFigures),
}

impl ArrayGain<'_> {
    fn at(self, settings: RunSettings) -> Result<f32, TrainingError> {
        match self {
            Self::Uniform(gain_lsb) => Ok(gain_lsb),
            Self::Measured(figures) => figures.gain_lsb_at(settings),
        }
    }
}

impl Default for ArrayChoice<'_> {
    /// One chip of [nominal gain](NOMINAL_GAIN_LSB), mapped as described.
    fn default() -> Self {
        Self {
            geometry: ArrayGeometry::BSS2,
            gain: ArrayGain::Uniform(NOMINAL_GAIN_LSB),
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
    /// Timing and baseline of each linear layer's runs.
    ///
    /// # Errors
    /// [`TrainingError::InDescription`] names the layer, and what [`OnArray::settings`] refuses.
    ///
    /// [`OnArray::settings`]: super::OnArray::settings
    pub fn settings(&self) -> Result<Vec<RunSettings>, TrainingError> {
        let layers = self.layers.iter().enumerate();
        let layers = layers.filter_map(|(index, layer)| Some((index, layer.on_array()?)));
        layers
            .map(|(index, on_array)| {
                on_array
                    .settings()
                    .map_err(|cause| TrainingError::InDescription {
                        layer: self.place(index),
                        cause: Box::new(cause),
                    })
            })
            .collect()
    }

    /// Brings a digital network that was [built](Self::build) from the description onto an array,
    /// with scales that suit `samples` (vectors × inputs).
    ///
    /// # Errors
    /// Those of [`deploy`]; [`TrainingError::NotDeployable`] for what cannot be described in units of
    /// the array: scales per output, and, where the description is in these units already,
    /// normalisations and rectifiers without a shift; and for a shift on a rectifier that converts
    /// nothing. [`TrainingError::NotMeasured`] for a timing of which no gain was measured.
    pub fn deploy(
        &self,
        digital: &DescribedNetwork,
        samples: ArrayView2<'_, f32>,
        array: ArrayChoice<'_>,
    ) -> Result<DeployedNetwork, TrainingError> {
        self.check_scales()?;
        let tilings = self.tilings()?;
        let described: Vec<&dyn MappingStrategy> = tilings
            .iter()
            .map(|tiling| tiling as &dyn MappingStrategy)
            .collect();
        let strategies = match array.strategies {
            None => described,
            Some(own) => own.iter().map(Box::as_ref).collect(),
        };
        let layers = self.layer_deployments(&strategies, array.gain)?;
        let deployment = Deployment {
            geometry: array.geometry,
            input: self.input_scale(),
            layers: OnLayers::Each(&layers),
            units: self.units,
        };
        let (network, report) = deploy(&digital.network.steps()?, samples, deployment)
            .map_err(|error| error.at_layer(|step| digital.network.place(step.index)))?;
        let names = names(&network, &digital.names, &report);
        let places = (0..network.len()).map(|index| LayerPlace::new(index, names.of_layer(index)));
        Ok(DeployedNetwork {
            network: network.with_places(places),
            names,
            description: self.resolved(&report)?,
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
        gain: ArrayGain<'_>,
    ) -> Result<Vec<LayerDeployment<'a>>, TrainingError> {
        let shifts = self.shifts()?;
        if strategies.len() != shifts.len() {
            return Err(TrainingError::LayerCount {
                expected: shifts.len(),
                found: strategies.len(),
            });
        }
        let layers = self.on_array().zip(self.settings()?);
        let layers = layers.zip(strategies).zip(shifts);
        let layers = layers.map(|(((layer, settings), &strategy), shift)| {
            let mut scaling = layer.scaling;
            if self.units == WeightUnits::Array {
                scaling.fixed_scale = Some(1.0);
            }
            Ok(LayerDeployment {
                strategy,
                gain_lsb: gain.at(settings)?,
                scaling,
                lowering: layer.lowering,
                shift,
            })
        });
        layers.collect()
    }

    /// For each linear layer, the shift by which its outputs become activations, if it is given: that of
    /// the first rectifier before the next linear layer. A shift elsewhere is refused, and so is none in
    /// units of the array.
    fn shifts(&self) -> Result<Vec<Option<u8>>, TrainingError> {
        let needs_shift = self.units == WeightUnits::Array;
        let last_linear = self.layers.iter().rposition(LayerDescription::is_linear);
        let mut shifts = Vec::new();
        // Whether the next rectifier converts outputs to activations.
        let mut converts = false;
        for (index, layer) in self.layers.iter().enumerate() {
            let refused = |reason| Err(self.not_deployable(index, reason));
            match (layer, shifts.last_mut()) {
                (layer, _) if layer.is_linear() => {
                    shifts.push(None);
                    converts = Some(index) < last_linear;
                }
                (LayerDescription::BatchNorm(_), _) if needs_shift => {
                    return refused("weights in units of the array have no normalisation");
                }
                (LayerDescription::Relu(relu), Some(shift)) if converts => {
                    if needs_shift && relu.shift.is_none() {
                        return refused("weights in units of the array need a shift");
                    }
                    *shift = relu.shift;
                    converts = false;
                }
                (LayerDescription::Relu(relu), _) if relu.shift.is_some() => {
                    return refused(
                        "only the first rectifier between two linear layers has a shift",
                    );
                }
                _ => {}
            }
        }
        Ok(shifts)
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

    /// Refuses scales that the description of the deployed network could not tell.
    fn check_scales(&self) -> Result<(), TrainingError> {
        let per_output = |layer: &LayerDescription| {
            let on_array = layer.on_array();
            on_array.is_some_and(|on_array| on_array.scaling.per == ScalePer::Output)
        };
        match self.layers.iter().position(per_output) {
            Some(index) => {
                Err(self.not_deployable(index, "described networks have a scale per layer"))
            }
            None => Ok(()),
        }
    }

    fn not_deployable(&self, index: usize, reason: &'static str) -> TrainingError {
        TrainingError::NotDeployable {
            layer: self.place(index),
            reason,
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
                relu.shift = shift.take();
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
