//! Every number that the experiment depends on.

use bss2_calibration::Procedure;
use bss2_core::{CostModel, RunSettings};
use bss2_hardware::ChipConfig;
use bss2_mapping::{ProfileProtocol, ScalingRule};
use bss2_training::{CrossEntropy, RateSchedule, Schedule};
use serde::{Deserialize, Serialize};

use super::EXPERIMENT;
use super::signed_layer::SignedLayer;
use crate::parameter_check::Checked;
use crate::{ExperimentError, Preset, Settings};

/// Every number that the experiment depends on, besides its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips.
    pub chip_seeds: Vec<u64>,
    /// What is added to a chip's seed for that of the second chip beside it.
    pub second_chip_seed: u64,
    /// Seed of the network, which all chips share.
    pub network_seed: u64,
    /// Width of the hidden layer of a network without convolution.
    pub hidden: usize,
    /// Epochs of digital training.
    pub float_epochs: usize,
    /// Samples per training step.
    pub batch: usize,
    /// Learning rate of digital training.
    pub float_rate: f32,
    /// Logits per unit of a digital network's outputs.
    pub float_logits_per_unit: f32,
    /// Training samples, from the first, that scales and typical activations are taken from.
    pub deployment_samples: usize,
    /// Most test images, from the first.
    pub test_images: usize,
    /// Numbers of sends at which chips are measured, the base's among them.
    pub sends: Vec<u32>,
    /// A shorter wait at which chips are measured, in cycles.
    pub short_wait: u32,
    /// Copies of columns beside one.
    pub column_copies: Vec<usize>,
    /// Copies of columns that tuning may choose.
    pub tuned_column_copies: Vec<usize>,
    /// Repetitions of rows that tuning may choose.
    pub tuned_row_repetitions: Vec<usize>,
    /// Shares of weights that must fit, beside the usual one.
    pub weight_quantiles: Vec<f64>,
    /// Timing of all strategies but those that change it.
    pub base: RunSettings,
    /// How weights are scaled, but where that is compared.
    pub scaling: ScalingRule,
    /// How profiles of chips are measured.
    pub profile: ProfileProtocol,
    /// The layer on which codings of signed inputs are compared.
    pub signed_layer: SignedLayer,
    /// The chips.
    pub chip: ChipConfig,
    /// Their calibration.
    pub calibration: Procedure,
    /// What chip time is reckoned with.
    pub cost_model: CostModel,
}

impl Parameters {
    /// The parameters for a preset. Data from files get more sends, because their longer inputs take
    /// several passes whose noise adds up, and fewer chips and images, because they are larger.
    ///
    /// # Errors
    /// None that settings could cause.
    pub fn resolve(settings: &Settings) -> Result<Self, ExperimentError> {
        let from_files = settings.data.is_some();
        let (chips, float_epochs, test_images) = match (settings.preset, from_files) {
            (Preset::Quick, false) => (20, 40, 100_000),
            (Preset::Standard, false) => (40, 60, 100_000),
            (Preset::Full, false) => (60, 80, 100_000),
            (Preset::Quick, true) => (3, 3, 2000),
            (Preset::Standard, true) => (5, 10, 100_000),
            (Preset::Full, true) => (10, 20, 100_000),
        };
        Ok(Self {
            chip_seeds: settings.chip_seeds(chips),
            second_chip_seed: Settings::MAX_CHIPS as u64,
            network_seed: settings.seed,
            hidden: 128,
            float_epochs,
            batch: if from_files { 100 } else { 32 },
            float_rate: 0.002,
            float_logits_per_unit: 1.0,
            deployment_samples: 1000,
            test_images,
            sends: vec![1, 2, 4, 8],
            short_wait: 2,
            column_copies: vec![2, 4, 8],
            tuned_column_copies: vec![1, 2, 4, 8, 12, 16, 24],
            tuned_row_repetitions: vec![1, 2],
            weight_quantiles: vec![0.99, 1.0],
            base: RunSettings::new(if from_files { 4 } else { 2 }, 5)?,
            scaling: ScalingRule::default(),
            profile: ProfileProtocol::default(),
            signed_layer: SignedLayer::default(),
            chip: settings.chip.clone(),
            calibration: Procedure::joint(),
            cost_model: CostModel::default(),
        })
    }

    /// Parameters that results can come of.
    ///
    /// # Errors
    /// [`ExperimentError::Parameter`] with the first that is none of these.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let checked = Checked(EXPERIMENT.name);
        checked.several("chip_seeds", &self.chip_seeds)?;
        self.signed_layer.check(checked)
    }

    pub(super) fn float_schedule(&self) -> Schedule {
        Schedule {
            epochs: self.float_epochs,
            batch: self.batch,
            seed: self.network_seed,
            rate: RateSchedule::Constant,
        }
    }

    pub(super) fn float_loss(&self) -> CrossEntropy {
        CrossEntropy {
            logits_per_unit: self.float_logits_per_unit,
        }
    }

    /// The base with another number of sends.
    pub(super) fn with_sends(&self, sends: u32) -> Result<RunSettings, ExperimentError> {
        Ok(RunSettings::new(sends, self.base.wait_between_events())?)
    }

    /// The base with a shorter wait.
    pub(super) fn with_short_wait(&self) -> Result<RunSettings, ExperimentError> {
        Ok(RunSettings::new(self.base.num_sends(), self.short_wait)?)
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::CostParameters;

    use super::*;
    use crate::configuration::to_toml;
    use crate::parameter_check::tests::{Refused, assert_refused};

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let default = Parameters::resolve(&Settings::default()).unwrap();
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 26] = [
            |p| p.chip_seeds.push(99),
            |p| p.second_chip_seed += 1,
            |p| p.network_seed += 1,
            |p| p.hidden += 1,
            |p| p.float_epochs += 1,
            |p| p.batch += 1,
            |p| p.float_rate += 1e-6,
            |p| p.float_logits_per_unit += 1e-6,
            |p| p.deployment_samples += 1,
            |p| p.test_images += 1,
            |p| p.sends.push(16),
            |p| p.short_wait += 1,
            |p| p.column_copies.push(3),
            |p| p.tuned_column_copies.push(3),
            |p| p.tuned_row_repetitions.push(3),
            |p| p.weight_quantiles.push(0.9),
            |p| p.base = RunSettings::default(),
            |p| p.scaling.output_quantile -= 1e-6,
            |p| p.profile.vectors += 1,
            |p| p.signed_layer.inputs += 1,
            |p| p.signed_layer.outputs += 1,
            |p| p.signed_layer.largest_weight -= 1,
            |p| p.signed_layer.correction_vectors += 1,
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
        let default = Parameters::resolve(&Settings::default()).unwrap();
        let changes: [Refused<Parameters>; 6] = [
            (|p| p.chip_seeds.clear(), "chip_seeds: is empty"),
            (
                |p| p.signed_layer.inputs = usize::MAX,
                "signed_layer.inputs: 18446744073",
            ),
            (
                |p| p.signed_layer.outputs = usize::MAX,
                "signed_layer.outputs: 18446744073",
            ),
            (
                |p| p.signed_layer.vectors = 0,
                "signed_layer.vectors: 0 is outside 1…4096",
            ),
            (
                |p| p.signed_layer.largest_weight = -128,
                "signed_layer.largest_weight: -128 is outside 1…63",
            ),
            (
                |p| p.signed_layer.largest_weight = -5,
                "signed_layer.largest_weight: -5",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
