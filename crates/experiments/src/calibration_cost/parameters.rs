//! Every number that the experiment depends on.

use bss2_core::CostModel;
use serde::{Deserialize, Serialize};

use super::EXPERIMENT;
use crate::parameter_check::{Checked, VECTORS_MAX};
use crate::process::Process;
use crate::{ExperimentError, Preset, Settings};

/// Every number that the experiment depends on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Random vectors from which each column's gain and offset are fitted.
    pub gain_vectors: usize,
    /// Activations at which drivers are compared.
    pub driver_activations: Vec<u8>,
    /// Sends per event when drivers are compared.
    pub driver_sends: u32,
    /// Columns and drivers that answer less than this share of the median do not work at all and are
    /// left out.
    pub least_share: f64,
    /// Time that passes between a calibration and its refresh, in s.
    pub pause_s: f64,
    /// Temperature at a refresh, in °C.
    pub refresh_celsius: f32,
    /// What chip time is reckoned with.
    pub cost_model: CostModel,
    /// The chips, by process.
    pub processes: Vec<Process>,
}

impl Parameters {
    /// The parameters for a preset: the chips that were asked for, and beside typical ones as many
    /// of a worse process.
    pub fn resolve(settings: &Settings) -> Self {
        let chips = match settings.preset {
            Preset::Quick => 3,
            Preset::Standard => 20,
            Preset::Full => 40,
        };
        Self {
            gain_vectors: 256,
            driver_activations: vec![3, 10, 20, 31],
            driver_sends: 12,
            least_share: 0.3,
            pause_s: 43_200.0,
            refresh_celsius: 60.0,
            cost_model: CostModel::default(),
            processes: Process::of_study(settings, chips),
        }
    }

    /// Parameters that results can come of.
    ///
    /// # Errors
    /// [`ExperimentError::Parameter`] with the first that is none of these.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let checked = Checked(EXPERIMENT.name);
        checked.within("gain_vectors", self.gain_vectors, 1, VECTORS_MAX)?;
        checked.processes(&self.processes)
    }

    /// Chip time of a ledger, in ms.
    pub(super) fn chip_time_ms(&self, cost: &bss2_core::CostLedger) -> f64 {
        1e-3 * self.cost_model.chip_time_us(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::to_toml;
    use crate::parameter_check::tests::{Refused, assert_refused};

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let default = Parameters::resolve(&Settings::default());
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 9] = [
            |p| p.gain_vectors += 1,
            |p| p.driver_activations.push(9),
            |p| p.driver_sends += 1,
            |p| p.least_share += 0.01,
            |p| p.pause_s += 1.0,
            |p| p.refresh_celsius += 1.0,
            |p| p.processes[0].chip_seeds.push(99),
            |p| p.processes[1].name.push('!'),
            |p| p.processes[1].chip.noise.read_lsb += 1e-3,
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = default.clone();
            change(&mut changed);
            assert_ne!(text(&changed), text(&default), "change {number}");
        }
    }

    #[test]
    fn what_no_result_can_come_of_is_refused_by_name() {
        let default = Parameters::resolve(&Settings::default());
        let changes: [Refused<Parameters>; 3] = [
            (
                |p| p.gain_vectors = 0,
                "gain_vectors: 0 is outside 1…100000",
            ),
            (|p| p.gain_vectors = usize::MAX, "gain_vectors: 18446744073"),
            (
                |p| p.processes[1].name = p.processes[0].name.clone(),
                "processes: \"typical\" is there twice",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
