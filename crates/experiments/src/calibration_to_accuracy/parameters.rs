//! Every number that the experiment depends on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EXPERIMENT;
use crate::parameter_check::Checked;
use crate::{ExperimentError, Knob, NetworkCase, NetworkTask, Preset, Settings, StudyData};

/// Every number that the experiment depends on, besides its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips, and of the networks that come onto them.
    pub chip_seeds: Vec<u64>,
    /// Accuracy that may be given up for speed or energy, in percent points.
    pub give_up_percent: f64,
    /// What is turned.
    pub grids: Grids,
    /// What is computed on which chips.
    pub cases: Vec<NetworkCase>,
}

/// What is turned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grids {
    /// Points where all knobs are turned at random.
    pub mixtures: usize,
    /// Seed of these.
    pub mixture_seed: u64,
    /// Values of every knob besides the usual one.
    pub values: BTreeMap<Knob, Vec<f64>>,
}

/// Most mixtures, each of which is compared with all others.
const MIXTURES_MAX: usize = 10_000;

impl Grids {
    fn resolve(preset: Preset) -> Self {
        let (mixtures, values): (_, [(Knob, &[f64]); 12]) = match preset {
            Preset::Quick => (
                24,
                [
                    (Knob::OtaBias, &[60.0, 150.0, 300.0, 800.0]),
                    (Knob::DacBias, &[100.0, 400.0]),
                    (Knob::CadcRange, &[150.0, 250.0]),
                    (Knob::TargetNoise, &[1.5, 2.5]),
                    (Knob::Wait, &[1.0, 20.0]),
                    (Knob::NumSends, &[2.0, 4.0, 8.0]),
                    (Knob::RowRepetition, &[2.0]),
                    (Knob::ColumnCopies, &[2.0]),
                    (Knob::WeightQuantile, &[0.97, 0.99]),
                    (Knob::OutputQuantile, &[0.9, 0.97]),
                    (Knob::Layout, &[2.0]),
                    (Knob::Effort, &[0.0, 1.0, 3.0, 4.0]),
                ],
            ),
            Preset::Standard | Preset::Full => (
                100,
                [
                    (Knob::OtaBias, &[60.0, 150.0, 300.0, 600.0, 800.0]),
                    (Knob::DacBias, &[100.0, 250.0, 500.0, 750.0]),
                    (Knob::CadcRange, &[150.0, 200.0, 250.0, 400.0]),
                    (Knob::TargetNoise, &[1.2, 1.5, 2.0, 2.5]),
                    (Knob::Wait, &[1.0, 2.0, 10.0, 20.0, 50.0]),
                    (Knob::NumSends, &[2.0, 4.0, 8.0, 16.0]),
                    (Knob::RowRepetition, &[2.0, 4.0]),
                    (Knob::ColumnCopies, &[2.0, 4.0]),
                    (Knob::WeightQuantile, &[0.95, 0.97, 0.99]),
                    (Knob::OutputQuantile, &[0.85, 0.9, 0.95, 0.99]),
                    (Knob::Layout, &[1.0, 2.0]),
                    (Knob::Effort, &[0.0, 1.0, 3.0, 4.0]),
                ],
            ),
        };
        let values = values
            .into_iter()
            .map(|(knob, values)| (knob, values.to_vec()));
        Self {
            mixtures,
            mixture_seed: 1,
            values: values.collect(),
        }
    }
}

impl Parameters {
    /// The parameters for a preset and its data.
    pub fn resolve(settings: &Settings, data: &StudyData) -> Self {
        let from_files = data.description().from_files;
        let (chips, digital_epochs, array_epochs) = match (settings.preset, from_files) {
            (Preset::Quick, false) => (5, 20, 4),
            (Preset::Standard, false) => (10, 30, 10),
            (Preset::Full, false) => (20, 30, 20),
            (Preset::Quick, true) => (2, 3, 1),
            (Preset::Standard, true) => (3, 6, 2),
            (Preset::Full, true) => (10, 8, 3),
        };
        let task = NetworkTask::narrow(data, digital_epochs, array_epochs);
        Self {
            chip_seeds: settings.chip_seeds(chips),
            give_up_percent: 1.0,
            grids: Grids::resolve(settings.preset),
            cases: NetworkCase::of_processes(settings, task),
        }
    }

    /// Parameters that results can come of.
    ///
    /// # Errors
    /// [`ExperimentError::Parameter`] with the first that is none of these.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let checked = Checked(EXPERIMENT.name);
        checked.several("chip_seeds", &self.chip_seeds)?;
        checked.from("give_up_percent", self.give_up_percent, 0.0)?;
        checked.within("grids.mixtures", self.grids.mixtures, 0, MIXTURES_MAX)?;
        for (knob, values) in &self.grids.values {
            checked.distinct(&format!("grids.values: {}", knob.name()), values)?;
        }
        checked.cases(&self.cases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::to_toml;
    use crate::parameter_check::tests::{Refused, assert_refused};

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let settings = Settings::default();
        let data = StudyData::load(&settings).unwrap();
        let default = Parameters::resolve(&settings, &data);
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 17] = [
            |p| p.chip_seeds.push(99),
            |p| p.give_up_percent += 1.0,
            |p| p.grids.mixtures += 1,
            |p| p.grids.mixture_seed += 1,
            |p| p.grids.values.values_mut().for_each(|v| v.push(1.0)),
            |p| p.cases[0].name.push('s'),
            |p| p.cases[0].chip.noise.read_lsb += 1e-6,
            |p| p.cases[0].task.network.layers.truncate(1),
            |p| p.cases[0].task.budget.digital_epochs += 1,
            |p| p.cases[0].task.budget.array_epochs += 1,
            |p| p.cases[0].task.logits_per_lsb += 1e-6,
            |p| p.cases[0].task.training_samples -= 1,
            |p| p.cases[0].task.test_samples -= 1,
            |p| p.cases[0].task.deployment_samples -= 1,
            |p| p.cases[0].task.layer_vectors -= 1,
            |p| p.cases[0].task.layer_repeats -= 1,
            |p| p.cases.truncate(0),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = default.clone();
            change(&mut changed);
            assert_ne!(text(&changed), text(&default), "change {number}");
        }
    }

    #[test]
    fn what_no_result_can_come_of_is_refused_by_name() {
        let settings = Settings::default();
        let data = StudyData::load(&settings).unwrap();
        let default = Parameters::resolve(&settings, &data);
        let changes: [Refused<Parameters>; 8] = [
            (|p| p.chip_seeds.clear(), "chip_seeds: is empty"),
            (
                |p| p.chip_seeds = vec![1, 2, 1],
                "chip_seeds: 1 is there twice",
            ),
            (|p| p.cases.clear(), "cases: is empty"),
            (
                |p| p.cases[1].name = p.cases[0].name.clone(),
                "cases: \"typical\" is there twice",
            ),
            (
                |p| p.cases[1].task.test_samples = 0,
                "cases.1.task.test_samples: 0 is less than 1",
            ),
            (
                |p| p.give_up_percent = -1.0,
                "give_up_percent: -1 is not a number from 0",
            ),
            (
                |p| p.grids.mixtures = usize::MAX,
                "grids.mixtures: 18446744073709551615 is outside 0…10000",
            ),
            (
                |p| p.grids.values = [(Knob::Wait, vec![1.0, 1.0])].into(),
                "wait_between_events: 1.0 is there twice",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
