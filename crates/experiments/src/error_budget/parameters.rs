//! Every number that the experiment depends on.

use serde::{Deserialize, Serialize};

use super::{EXPERIMENT, Source};
use crate::parameter_check::Checked;
use crate::{
    ExperimentError, Meanwhile, NetworkCase, NetworkTask, OperatingPoint, Preset, Settings,
    StudyData,
};

/// Every number that the experiment depends on, besides its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips, and of the networks that come onto them.
    pub chip_seeds: Vec<u64>,
    /// What is switched.
    pub sources: Vec<Source>,
    /// What happens between calibration and use.
    pub meanwhile: Meanwhile,
    /// How chips are calibrated and used.
    pub point: OperatingPoint,
    /// What is computed on which chips.
    pub cases: Vec<NetworkCase>,
}

impl Parameters {
    /// The parameters for a preset and its data.
    pub fn resolve(settings: &Settings, data: &StudyData) -> Self {
        let from_files = data.description().from_files;
        let (chips, digital_epochs, array_epochs) = match (settings.preset, from_files) {
            (Preset::Quick, false) => (6, 20, 4),
            (Preset::Standard, false) => (12, 30, 10),
            (Preset::Full, false) => (24, 30, 20),
            (Preset::Quick, true) => (3, 3, 1),
            (Preset::Standard, true) => (5, 6, 2),
            (Preset::Full, true) => (10, 8, 3),
        };
        let task = NetworkTask::narrow(data, digital_epochs, array_epochs);
        Self {
            chip_seeds: settings.chip_seeds(chips),
            sources: Source::ALL.to_vec(),
            meanwhile: Meanwhile {
                warmer_kelvin: 5.0,
                hours: 24.0,
            },
            point: OperatingPoint {
                num_sends: 2,
                ..OperatingPoint::usual()
            },
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
        checked.several("sources", &self.sources)?;
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
        let changes: [fn(&mut Parameters); 8] = [
            |p| p.chip_seeds.push(99),
            |p| p.sources.truncate(3),
            |p| p.meanwhile.warmer_kelvin += 1.0,
            |p| p.meanwhile.hours += 1.0,
            |p| p.point.num_sends += 1,
            |p| p.cases[0].name.push('s'),
            |p| p.cases[0].chip.noise.read_lsb += 1e-6,
            |p| p.cases[0].task.budget.array_epochs += 1,
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
        let changes: [Refused<Parameters>; 7] = [
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
            (|p| p.sources.clear(), "sources: is empty"),
            (
                |p| p.sources.push(Source::Drift),
                "sources: Drift is there twice",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
