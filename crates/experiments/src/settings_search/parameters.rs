//! Every number that the experiment depends on.

use bss2_core::random::derive_seed;
use serde::{Deserialize, Serialize};

use super::{EXPERIMENT, Space, Strategy};
use crate::operating_point::NetworkState;
use crate::parameter_check::Checked;
use crate::{ExperimentError, Knob, NetworkCase, NetworkTask, Preset, Settings, StudyData};

/// Every number that the experiment depends on, besides its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips on which settings are compared, and of the networks that come onto them.
    pub search_chips: Vec<u64>,
    /// Seeds of the chips on which what was found is judged, and of their networks.
    pub fresh_chips: Vec<u64>,
    /// Seeds of the searches.
    pub search_seeds: Vec<u64>,
    /// What is searched for.
    pub aims: Vec<Aim>,
    /// How.
    pub strategies: Vec<Strategy>,
    /// How often settings are proposed.
    pub generations: usize,
    /// How many at once.
    pub per_generation: usize,
    /// What can be chosen.
    pub space: Space,
    /// What is computed, on which chips.
    pub case: NetworkCase,
}

/// What is searched for: the highest accuracy of a network within a chip time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aim {
    /// Whether the network is trained in the loop.
    pub state: NetworkState,
    /// The chip time that an input may take, relative to that with the usual settings.
    pub time_factor: f64,
}

struct Work {
    search_chips: u64,
    fresh_chips: usize,
    searches: u64,
    generations: usize,
    per_generation: usize,
    digital_epochs: usize,
    array_epochs: usize,
}

impl Work {
    const fn of(preset: Preset, from_files: bool) -> Self {
        let (search_chips, fresh_chips, searches, generations, per_generation) =
            match (preset, from_files) {
                (Preset::Quick, false) => (3, 6, 2, 4, 8),
                (Preset::Standard, false) => (4, 10, 3, 12, 10),
                (Preset::Full, false) => (5, 20, 5, 20, 12),
                (Preset::Quick, true) => (2, 3, 1, 4, 6),
                (Preset::Standard, true) => (2, 5, 2, 8, 8),
                (Preset::Full, true) => (2, 10, 2, 10, 8),
            };
        let (digital_epochs, array_epochs) = match (preset, from_files) {
            (Preset::Quick, false) => (20, 4),
            (Preset::Standard | Preset::Full, false) => (30, 10),
            (Preset::Quick, true) => (3, 1),
            (Preset::Standard, true) => (6, 2),
            (Preset::Full, true) => (8, 3),
        };
        Self {
            search_chips,
            fresh_chips,
            searches,
            generations,
            per_generation,
            digital_epochs,
            array_epochs,
        }
    }
}

/// Most generations, and most settings of each.
const GENERATIONS_MAX: usize = 1000;

impl Parameters {
    /// The parameters for a preset and its data.
    pub fn resolve(settings: &Settings, data: &StudyData) -> Self {
        /// So that seeds have no more than 53 bits.
        const SHIFT: u32 = 11;
        let from_files = data.description().from_files;
        let work = Work::of(settings.preset, from_files);
        let task = NetworkTask::narrow(data, work.digital_epochs, work.array_epochs);
        let aim = |state, time_factor| Aim { state, time_factor };
        Self {
            search_chips: (0..work.search_chips)
                .map(|number| derive_seed(settings.seed, number) >> SHIFT)
                .collect(),
            fresh_chips: settings.chip_seeds(work.fresh_chips),
            search_seeds: (1..=work.searches).collect(),
            aims: match settings.preset {
                Preset::Quick => vec![
                    aim(NetworkState::Trained, 1.0),
                    aim(NetworkState::Trained, 0.5),
                ],
                Preset::Standard | Preset::Full => NetworkState::BOTH
                    .iter()
                    .flat_map(|&state| [1.0, 0.5].map(|factor| aim(state, factor)))
                    .collect(),
            },
            strategies: Strategy::ALL.to_vec(),
            generations: work.generations,
            per_generation: work.per_generation,
            space: usual_space(),
            case: NetworkCase::of_study(settings, task),
        }
    }

    /// Parameters that results can come of.
    ///
    /// # Errors
    /// [`ExperimentError::Parameter`] with the first that is none of these.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let checked = Checked(EXPERIMENT.name);
        checked.several("search_chips", &self.search_chips)?;
        checked.several("fresh_chips", &self.fresh_chips)?;
        let mut chips = self.search_chips.iter();
        if let Some(seed) = chips.find(|seed| self.fresh_chips.contains(seed)) {
            return Err(checked.refused("search_chips", format!("{seed} is among fresh_chips")));
        }
        checked.several("search_seeds", &self.search_seeds)?;
        checked.several("aims", &self.aims)?;
        for (number, aim) in self.aims.iter().enumerate() {
            checked.positive(&format!("aims.{number}.time_factor"), aim.time_factor)?;
        }
        checked.several("strategies", &self.strategies)?;
        checked.within("generations", self.generations, 1, GENERATIONS_MAX)?;
        checked.within("per_generation", self.per_generation, 1, GENERATIONS_MAX)?;
        if self.space.knobs().next().is_none() {
            return Err(checked.refused("space", "no knob has values"));
        }
        // Some to learn from, and some held back.
        checked.at_least(
            "case.task.training_samples",
            self.case.task.training_samples,
            2,
        )?;
        checked.case("case", &self.case)
    }
}

/// Finer than the grid of `calibration-to-accuracy`.
fn usual_space() -> Space {
    let steps =
        |from: i32, to: i32, step: usize| (from..=to).step_by(step).map(f64::from).collect();
    Space::new([
        (Knob::OtaBias, steps(150, 1000, 50)),
        (
            Knob::DacBias,
            vec![250.0, 400.0, 550.0, 700.0, 850.0, 1022.0],
        ),
        (Knob::CadcRange, steps(150, 450, 25)),
        (Knob::TargetNoise, vec![0.0, 1.4, 1.7, 2.0, 2.5]),
        (
            Knob::Wait,
            vec![1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0],
        ),
        (Knob::NumSends, steps(1, 16, 1)),
        (Knob::RowRepetition, vec![1.0, 2.0, 3.0, 4.0]),
        (Knob::ColumnCopies, vec![1.0, 2.0, 3.0, 4.0, 6.0, 8.0]),
        (
            Knob::WeightQuantile,
            vec![0.95, 0.97, 0.98, 0.99, 0.995, 0.999],
        ),
        (
            Knob::OutputQuantile,
            vec![0.85, 0.9, 0.94, 0.97, 0.98, 0.99, 0.999],
        ),
        (Knob::Layout, vec![0.0, 1.0, 2.0]),
        // The nested searches take long and leave more mismatch than the joint procedure.
        (Knob::Effort, vec![0.0, 1.0, 2.0, 3.0]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OperatingPoint;
    use crate::configuration::to_toml;
    use crate::parameter_check::tests::{Refused, assert_refused};

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let settings = Settings::default();
        let data = StudyData::load(&settings).unwrap();
        let default = Parameters::resolve(&settings, &data);
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 10] = [
            |p| p.search_chips.push(99),
            |p| p.fresh_chips.push(99),
            |p| p.search_seeds.push(99),
            |p| p.aims[0].time_factor += 0.1,
            |p| p.aims[0].state = NetworkState::Deployed,
            |p| p.strategies.truncate(1),
            |p| p.generations += 1,
            |p| p.per_generation += 1,
            |p| p.space = Space::new([(Knob::Wait, vec![1.0])]),
            |p| p.case.task.budget.array_epochs += 1,
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = default.clone();
            change(&mut changed);
            assert_ne!(text(&changed), text(&default), "change {number}");
        }
    }

    #[test]
    fn the_usual_settings_are_in_the_space() {
        let space = usual_space();
        assert_eq!(space.point(&space.usual()), OperatingPoint::usual());
    }

    #[test]
    fn the_chips_of_the_search_are_not_those_of_the_judgement() {
        let settings = Settings::default();
        let data = StudyData::load(&settings).unwrap();
        let parameters = Parameters::resolve(&settings, &data);
        let shared = |seed| parameters.fresh_chips.contains(seed);
        assert!(!parameters.search_chips.iter().any(shared));
        assert!(parameters.search_chips.iter().all(|&seed| seed < 1 << 53));
    }

    #[test]
    fn what_no_result_can_come_of_is_refused_by_name() {
        let settings = Settings::default();
        let data = StudyData::load(&settings).unwrap();
        let default = Parameters::resolve(&settings, &data);
        let changes: [Refused<Parameters>; 20] = [
            (|p| p.search_chips.clear(), "search_chips: is empty"),
            (
                |p| p.search_chips = vec![5, 5],
                "search_chips: 5 is there twice",
            ),
            (|p| p.fresh_chips.clear(), "fresh_chips: is empty"),
            (
                |p| p.fresh_chips = vec![5, 5],
                "fresh_chips: 5 is there twice",
            ),
            (|p| p.search_seeds.clear(), "search_seeds: is empty"),
            (
                |p| p.search_seeds = vec![5, 5],
                "search_seeds: 5 is there twice",
            ),
            (
                |p| p.search_chips = p.fresh_chips.clone(),
                "is among fresh_chips",
            ),
            (|p| p.aims.clear(), "aims: is empty"),
            (|p| p.aims = vec![p.aims[0], p.aims[0]], "aims: Aim"),
            (
                |p| p.aims[1].time_factor = -1.0,
                "aims.1.time_factor: -1 is not a number above 0",
            ),
            (
                |p| p.aims[0].time_factor = f64::INFINITY,
                "aims.0.time_factor: inf",
            ),
            (|p| p.strategies.clear(), "strategies: is empty"),
            (
                |p| p.strategies.push(Strategy::Random),
                "strategies: Random is there twice",
            ),
            (|p| p.generations = 0, "generations: 0 is outside 1…1000"),
            (|p| p.generations = usize::MAX, "generations: 18446744073"),
            (
                |p| p.per_generation = 0,
                "per_generation: 0 is outside 1…1000",
            ),
            (
                |p| p.per_generation = usize::MAX,
                "per_generation: 18446744073",
            ),
            (
                |p| p.space = Space::new([(Knob::Wait, vec![])]),
                "space: no knob has values",
            ),
            (
                |p| p.case.task.test_samples = 0,
                "case.task.test_samples: 0",
            ),
            (
                |p| p.case.task.training_samples = 1,
                "case.task.training_samples: 1 is less than 2",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
