//! Every number that the experiment depends on.

use bss2_calibration::Procedure;
use bss2_core::CostModel;
use bss2_hardware::ChipConfig;
use serde::{Deserialize, Serialize};

use crate::{Preset, Settings};

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
}
