//! Every number that the experiment depends on.

use bss2_calibration::Procedure;
use bss2_core::{CostModel, RunSettings};
use bss2_hardware::{ChipConfig, MockArray};
use bss2_mapping::{Lowering, ScalePer, ScalingRule, Tiling};
use bss2_training::{CrossEntropy, Deployment, LayerDeployment, OnLayers, RateSchedule, Schedule};
use serde::{Deserialize, Serialize};

use crate::{ExperimentError, Preset, Settings};

/// Every number that the experiment depends on, besides its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips; each also seeds its network.
    pub chip_seeds: Vec<u64>,
    /// Width of the network's hidden layer.
    pub hidden: usize,
    /// How layers are mapped onto the array.
    pub mapping: Tiling,
    /// Gain that networks are scaled for, in LSB per activation and weight unit; that of the ideal
    /// array and the mock.
    pub gain_lsb: f32,
    /// Share of a layer's weights that must fit their range.
    pub weight_quantile: f64,
    /// Share of a layer's outputs that must fit their range.
    pub output_quantile: f64,
    /// Training samples, from the first, that the scales of a deployed network are taken from.
    pub deployment_samples: usize,
    /// Noise of the mock, in LSB.
    pub mock_noise_lsb: f32,
    /// Samples per training step.
    pub batch: usize,
    /// Epochs of digital training.
    pub float_epochs: usize,
    /// Learning rate of digital training.
    pub float_rate: f32,
    /// Logits per unit of a digital network's outputs.
    pub float_logits_per_unit: f32,
    /// Epochs of retraining, with the chip in the loop and on the ideal array.
    pub loop_epochs: usize,
    /// Learning rate of retraining, in weight units.
    pub loop_rate: f32,
    /// Logits per LSB in retraining.
    pub logits_per_lsb: f32,
    /// The chips.
    pub chip: ChipConfig,
    /// Their calibration.
    pub calibration: Procedure,
    /// What chip time is reckoned with.
    pub cost_model: CostModel,
}

impl Parameters {
    /// The parameters for a preset. Data from files get more sends, because their longer inputs
    /// take several passes whose noise adds up, and fewer epochs, because they are larger.
    ///
    /// # Errors
    /// None that settings could cause.
    pub fn resolve(settings: &Settings) -> Result<Self, ExperimentError> {
        let from_files = settings.data.is_some();
        let (chips, float_epochs, loop_epochs) = match (settings.preset, from_files) {
            (Preset::Quick, false) => (5, 40, 30),
            (Preset::Standard, false) => (10, 60, 40),
            (Preset::Full, false) => (20, 80, 60),
            (Preset::Quick, true) => (3, 6, 3),
            (Preset::Standard, true) => (5, 15, 8),
            (Preset::Full, true) => (10, 30, 20),
        };
        let chip = settings.chip.clone();
        let deployment = LayerDeployment::default();
        let timing = RunSettings::new(if from_files { 4 } else { 2 }, 5)?;
        Ok(Self {
            chip_seeds: settings.chip_seeds(chips),
            hidden: 128,
            mapping: Tiling::in_order().with_settings(timing),
            gain_lsb: deployment.gain_lsb,
            weight_quantile: deployment.scaling.weight_quantile,
            output_quantile: deployment.scaling.output_quantile,
            deployment_samples: 1000,
            mock_noise_lsb: MockArray::PUBLISHED_NOISE_LSB,
            batch: if from_files { 100 } else { 32 },
            float_epochs,
            float_rate: 0.002,
            float_logits_per_unit: 1.0,
            loop_epochs,
            loop_rate: 0.3,
            logits_per_lsb: 0.1,
            chip,
            calibration: Procedure::default(),
            cost_model: CostModel::default(),
        })
    }

    /// How networks are brought onto the array.
    pub(super) fn deployment(&self) -> Deployment<'_> {
        Deployment {
            geometry: self.chip.geometry,
            layers: OnLayers::All(LayerDeployment {
                strategy: &self.mapping,
                gain_lsb: self.gain_lsb,
                scaling: ScalingRule {
                    per: ScalePer::Layer,
                    weight_quantile: self.weight_quantile,
                    output_quantile: self.output_quantile,
                    fixed_scale: None,
                },
                lowering: Lowering::Im2col,
                shift: None,
            }),
            ..Deployment::default()
        }
    }

    pub(super) fn float_schedule(&self, seed: u64) -> Schedule {
        Schedule {
            epochs: self.float_epochs,
            batch: self.batch,
            seed,
            rate: RateSchedule::Constant,
        }
    }

    pub(super) fn float_loss(&self) -> CrossEntropy {
        CrossEntropy {
            logits_per_unit: self.float_logits_per_unit,
        }
    }

    pub(super) fn loop_schedule(&self, seed: u64) -> Schedule {
        Schedule {
            epochs: self.loop_epochs,
            batch: self.batch,
            seed,
            rate: RateSchedule::Constant,
        }
    }

    pub(super) fn loop_loss(&self) -> CrossEntropy {
        CrossEntropy {
            logits_per_unit: self.logits_per_lsb,
        }
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::CostParameters;

    use super::*;
    use crate::configuration::to_toml;

    fn text(parameters: &Parameters) -> String {
        to_toml(parameters).unwrap().to_string()
    }

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let default = Parameters::resolve(&Settings::default()).unwrap();
        let changes: [fn(&mut Parameters); 20] = [
            |p| p.chip_seeds.push(99),
            |p| p.hidden += 1,
            |p| p.mapping = Tiling::balanced(),
            |p| p.mapping.settings = RunSettings::default(),
            |p| p.gain_lsb += 1e-6,
            |p| p.weight_quantile -= 1e-6,
            |p| p.output_quantile -= 1e-6,
            |p| p.deployment_samples += 1,
            |p| p.mock_noise_lsb += 1e-6,
            |p| p.batch += 1,
            |p| p.float_epochs += 1,
            |p| p.float_rate += 1e-6,
            |p| p.float_logits_per_unit += 1e-6,
            |p| p.loop_epochs += 1,
            |p| p.loop_rate += 1e-6,
            |p| p.logits_per_lsb += 1e-6,
            |p| p.chip.noise.read_lsb += 1e-6,
            |p| p.chip.driver.failure_rate += 1e-6,
            |p| p.calibration = Procedure::joint(),
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
    fn the_configuration_is_read_back_as_it_was() {
        let parameters = Parameters::resolve(&Settings::default()).unwrap();
        let text = text(&parameters);
        assert!(text.contains("gain_lsb = 0.0018\n"), "{text}");
        assert!(text.contains("num_sends = 2\n"), "{text}");
        let mut table: toml::Table = text.parse().unwrap();
        let mut part = |name: &str| table.remove(name).unwrap();
        assert_eq!(
            part("chip").try_into::<ChipConfig>().unwrap(),
            parameters.chip
        );
        assert_eq!(
            part("mapping").try_into::<Tiling>().unwrap(),
            parameters.mapping
        );
        assert_eq!(
            part("calibration").try_into::<Procedure>().unwrap(),
            parameters.calibration
        );
        assert_eq!(
            part("cost_model").try_into::<CostModel>().unwrap(),
            parameters.cost_model
        );
    }
}
