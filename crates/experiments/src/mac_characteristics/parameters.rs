//! Every number that the experiment depends on.

use bss2_calibration::Procedure;
use bss2_core::CostModel;
use bss2_hardware::ChipConfig;
use serde::{Deserialize, Serialize};

use super::EXPERIMENT;
use crate::parameter_check::{Checked, REPEATS_MAX};
use crate::{ExperimentError, Preset, Settings};

/// Every number that the experiment depends on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips.
    pub chip_seeds: Vec<u64>,
    /// Rows driven at once when weights and activations are swept, evenly over each hemisphere.
    pub transfer_rows: usize,
    /// Weights of the sweep; activations are all of 0…31.
    pub transfer_weights: Vec<i8>,
    /// How often each point of the sweep is repeated.
    pub transfer_repeats: usize,
    /// Columns whose result moves by less than this over the whole sweep do not work and are left
    /// out, in LSB.
    pub least_swing_lsb: f64,
    /// How often the two published stimuli are repeated.
    pub fixed_repeats: usize,
    /// Random vectors from which the gain is fitted at each setting.
    pub effect_vectors: usize,
    /// How often these are repeated.
    pub effect_repeats: usize,
    /// Values of `num_sends`.
    pub sends: Vec<u32>,
    /// Values of `wait_between_events`, in cycles.
    pub waits: Vec<u32>,
    /// Factors on the OTAs' biases `i_bias_synin_*_gm`.
    pub gm_factors: Vec<f64>,
    /// Factors on the synapses' bias `syn_i_bias_dac`.
    pub synapse_bias_factors: Vec<f64>,
    /// The chips.
    pub chip: ChipConfig,
    /// Their calibration.
    pub calibration: Procedure,
    /// What chip time is reckoned with.
    pub cost_model: CostModel,
}

impl Parameters {
    /// The parameters for a preset.
    pub fn resolve(settings: &Settings) -> Self {
        let chips = match settings.preset {
            Preset::Quick => 3,
            Preset::Standard => 6,
            Preset::Full => 12,
        };
        Self {
            chip_seeds: settings.chip_seeds(chips),
            transfer_rows: 32,
            transfer_weights: (-63..=63).step_by(7).collect(),
            transfer_repeats: 8,
            least_swing_lsb: 5.0,
            fixed_repeats: 50,
            effect_vectors: 64,
            effect_repeats: 8,
            sends: vec![1, 2, 4, 8],
            waits: vec![1, 2, 3, 5, 10, 25, 50, 100],
            gm_factors: vec![0.5, 0.75, 1.0, 1.25, 1.5],
            synapse_bias_factors: vec![0.25, 0.5, 0.75, 1.0],
            chip: settings.chip.clone(),
            calibration: Procedure::default(),
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
        checked.at_least("transfer_rows", self.transfer_rows, 1)?;
        checked.several("transfer_weights", &self.transfer_weights)?;
        for (name, repeats) in [
            ("transfer_repeats", self.transfer_repeats),
            ("fixed_repeats", self.fixed_repeats),
        ] {
            checked.within(name, repeats, 1, REPEATS_MAX)?;
        }
        checked.batch(
            ("effect_vectors", self.effect_vectors),
            ("effect_repeats", self.effect_repeats),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter_check::tests::{Refused, assert_refused};

    #[test]
    fn what_no_result_can_come_of_is_refused_by_name() {
        let default = Parameters::resolve(&Settings::default());
        let changes: [Refused<Parameters>; 8] = [
            (|p| p.chip_seeds.clear(), "chip_seeds: is empty"),
            (|p| p.transfer_rows = 0, "transfer_rows: 0 is less than 1"),
            (|p| p.transfer_weights.clear(), "transfer_weights: is empty"),
            (
                |p| p.transfer_repeats = 0,
                "transfer_repeats: 0 is outside 1…1000",
            ),
            (
                |p| p.fixed_repeats = usize::MAX,
                "fixed_repeats: 18446744073",
            ),
            (
                |p| p.effect_vectors = 0,
                "effect_vectors: 0 is outside 1…100000",
            ),
            (
                |p| p.effect_repeats = 0,
                "effect_repeats: 0 is outside 1…1562",
            ),
            (
                |p| p.effect_repeats = usize::MAX,
                "effect_repeats: 18446744073",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
