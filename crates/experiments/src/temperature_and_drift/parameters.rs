//! Every number that the experiment depends on.

use bss2_calibration::Procedure;
use bss2_core::CostModel;
use bss2_hardware::ChipConfig;
use bss2_training::{Budget, Method, MockProtocol, NetworkDescription, OnArray};
use serde::{Deserialize, Serialize};

use super::EXPERIMENT;
use crate::parameter_check::Checked;
use crate::{ExperimentError, Preset, Settings, StudyData};

/// Every number that the experiment depends on, besides its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips.
    pub chip_seeds: Vec<u64>,
    /// Seed of the network, which all chips share.
    pub network_seed: u64,
    /// The network, and how its layers lie on the array.
    pub network: NetworkDescription,
    /// Ways of training, each from the same digital network on.
    pub methods: Vec<Method>,
    /// How much training there is.
    pub budget: Budget,
    /// Logits per LSB wherever training is on an array.
    pub logits_per_lsb: f32,
    /// Age of the chips when they are calibrated, in hours: their drift has settled by then.
    pub hours_before: f64,
    /// Training samples, from the first, that scales are taken from.
    pub deployment_samples: usize,
    /// Temperatures at which chips are calibrated and networks trained, in °C.
    pub calibration_celsius: Vec<f32>,
    /// Temperatures at which they are used, in °C.
    pub celsius: Vec<f32>,
    /// Inputs of layers, from the first, on which their errors are measured.
    pub error_vectors: usize,
    /// How often each of them is run.
    pub error_repeats: usize,
    /// How gain and noise are measured.
    pub mock: MockProtocol,
    /// Chips some time after their calibration.
    pub drift: DriftParameters,
    /// The chips.
    pub chip: ChipConfig,
    /// Their calibration.
    pub calibration: Procedure,
    /// What chip time is reckoned with.
    pub cost_model: CostModel,
}

/// Chips some time after their calibration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DriftParameters {
    /// Temperature of the calibration, in °C.
    pub calibration_celsius: f32,
    /// How much warmer chips are from then on, in K, one scenario each.
    pub warmer_kelvin: Vec<f32>,
    /// Ways of training of the networks that run, among those above.
    pub methods: Vec<Method>,
    /// Ages since the calibration at which chips are refreshed and used, in hours.
    pub hours: Vec<f64>,
    /// Hours after the last refresh at which chips are used again.
    pub hours_after: Vec<f64>,
    /// What refreshing a network instead of the chip is.
    pub touch_up: TouchUp,
}

/// A short training in the loop.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TouchUp {
    /// Passes over the samples.
    pub epochs: usize,
    /// Training samples, from the first.
    pub samples: usize,
    /// Samples per step.
    pub batch: usize,
    /// Learning rate, in weight units.
    pub rate: f32,
}

impl Parameters {
    /// The parameters for a preset. Data from files get more sends, because their longer inputs take
    /// several passes whose noise adds up, and fewer chips and epochs, because they are larger.
    pub fn resolve(settings: &Settings, data: &StudyData) -> Self {
        let from_files = data.description().from_files;
        let (chips, digital_epochs, array_epochs) = match (settings.preset, from_files) {
            (Preset::Quick, false) => (5, 30, 12),
            (Preset::Standard, false) => (10, 40, 20),
            (Preset::Full, false) => (20, 60, 40),
            (Preset::Quick, true) => (2, 3, 1),
            (Preset::Standard, true) => (5, 10, 2),
            (Preset::Full, true) => (10, 20, 5),
        };
        let batch = if from_files { 100 } else { 50 };
        let on_array = OnArray {
            num_sends: if from_files { 4 } else { 2 },
            ..OnArray::default()
        };
        Self {
            chip_seeds: settings.chip_seeds(chips),
            network_seed: settings.seed,
            network: network(data, &on_array),
            methods: vec![
                Method::Float,
                Method::VarianceAware,
                Method::InTheLoop,
                Method::TemperatureAware,
            ],
            budget: Budget {
                digital_epochs,
                array_epochs,
                batch,
                ..Budget::default()
            },
            logits_per_lsb: 0.3,
            hours_before: 240.0,
            deployment_samples: 1000,
            calibration_celsius: vec![40.0, 60.0, 80.0],
            celsius: vec![40.0, 50.0, 60.0, 70.0, 80.0, 90.0],
            error_vectors: 200,
            error_repeats: 8,
            mock: MockProtocol::default(),
            drift: DriftParameters {
                calibration_celsius: 60.0,
                warmer_kelvin: vec![0.0, 10.0],
                methods: vec![Method::Float, Method::InTheLoop],
                hours: vec![0.25, 1.0, 4.0, 24.0, 72.0, 240.0, 720.0],
                hours_after: vec![0.25, 1.0, 4.0, 24.0],
                touch_up: TouchUp {
                    epochs: 1,
                    samples: 500,
                    batch,
                    rate: 0.1,
                },
            },
            chip: settings.chip.clone(),
            calibration: Procedure::joint(),
            cost_model: CostModel::default(),
        }
    }

    /// Parameters that results can come of.
    ///
    /// # Errors
    /// [`ExperimentError::Parameter`] with the first that is none of these.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let checked = Checked(EXPERIMENT.name);
        checked.several("chip_seeds", &self.chip_seeds)?;
        checked.several("methods", &self.methods)?;
        checked.several("calibration_celsius", &self.calibration_celsius)?;
        checked.several("celsius", &self.celsius)?;
        checked.batch(
            ("error_vectors", self.error_vectors),
            ("error_repeats", self.error_repeats),
        )
    }
}

/// The published network for images of its size, a hidden layer otherwise.
fn network(data: &StudyData, on_array: &OnArray) -> NetworkDescription {
    let description = data.description();
    if (description.features, description.classes) == (28 * 28, 10) {
        return NetworkDescription::published_mnist(on_array);
    }
    NetworkDescription::mlp(&[description.features, 128, description.classes], on_array)
}

#[cfg(test)]
mod tests {
    use bss2_core::CostParameters;

    use super::*;
    use crate::configuration::to_toml;
    use crate::parameter_check::tests::{Refused, assert_refused};

    fn resolved() -> Parameters {
        let settings = Settings::default();
        Parameters::resolve(&settings, &StudyData::load(&settings).unwrap())
    }

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let default = resolved();
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 30] = [
            |p| p.chip_seeds.push(99),
            |p| p.network_seed += 1,
            |p| p.network.layers.truncate(1),
            |p| p.network.on_array_mut().for_each(|l| l.num_sends += 1),
            |p| {
                let layers = p.network.on_array_mut();
                layers.for_each(|l| l.wait_between_events += 1);
            },
            |p| {
                let layers = p.network.on_array_mut();
                layers.for_each(|l| l.scaling.output_quantile -= 1e-6);
            },
            |p| p.methods.push(Method::Mock),
            |p| p.budget.digital_epochs += 1,
            |p| p.budget.array_epochs += 1,
            |p| p.budget.batch += 1,
            |p| p.budget.digital_rate += 1e-6,
            |p| p.budget.array_rate += 1e-6,
            |p| p.logits_per_lsb += 1e-6,
            |p| p.hours_before += 1.0,
            |p| p.deployment_samples += 1,
            |p| p.calibration_celsius.push(70.0),
            |p| p.celsius.push(100.0),
            |p| p.error_vectors += 1,
            |p| p.error_repeats += 1,
            |p| p.mock.repeats += 1,
            |p| p.drift.calibration_celsius += 1.0,
            |p| p.drift.warmer_kelvin.push(1.0),
            |p| p.drift.methods.push(Method::Mock),
            |p| p.drift.hours.push(1000.0),
            |p| p.drift.hours_after.push(1000.0),
            |p| p.drift.touch_up.samples += 1,
            |p| p.drift.touch_up.rate += 1e-6,
            |p| p.chip.noise.read_lsb += 1e-6,
            |p| p.calibration = Procedure::default(),
            |p| {
                let other = CostParameters {
                    settle_us: 1.0,
                    ..CostParameters::default()
                };
                p.cost_model = other.check().unwrap();
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = default.clone();
            change(&mut changed);
            assert_ne!(text(&changed), text(&default), "change {number}");
        }
    }

    #[test]
    fn what_no_result_can_come_of_is_refused_by_name() {
        let default = resolved();
        let changes: [Refused<Parameters>; 6] = [
            (|p| p.chip_seeds.clear(), "chip_seeds: is empty"),
            (|p| p.methods.clear(), "methods: is empty"),
            (
                |p| p.calibration_celsius.clear(),
                "calibration_celsius: is empty",
            ),
            (|p| p.celsius.clear(), "celsius: is empty"),
            (
                |p| p.error_vectors = 0,
                "error_vectors: 0 is outside 1…100000",
            ),
            (
                |p| p.error_repeats = usize::MAX,
                "error_repeats: 18446744073",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
