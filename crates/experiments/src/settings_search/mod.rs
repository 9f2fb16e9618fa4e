//! A search beyond the grid: calibration targets, mapping and run settings turned together, for the
//! highest accuracy within a chip time, judged on chips that the search has not seen.

use bss2_core::random::derive_seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::operating_point::{
    DigitalNetwork, FreshChip, Judged, Meanwhile, NetworkState, PointBench, ShiftsBy,
};
use crate::statistics::mean;
use crate::{Experiment, ExperimentError, OperatingPoint, Outcome, Settings, StudyData};

mod charts;
mod findings;
mod parameters;
mod records;
mod results;
mod search;
mod space;
mod strategy;
mod summary;
mod tables;
mod tried;

pub use parameters::{Aim, Parameters};
use results::Results;
use search::{Found, Search};
pub use space::Space;
pub use strategy::Strategy;

/// The experiment `settings-search`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "settings-search",
    about: "a search over calibration, mapping and run settings for accuracy within a chip time",
    records_file: "settings-search.csv",
    run,
};

/// What all searches begin with.
#[derive(Serialize, Deserialize)]
struct Start {
    /// Of the chips that settings are compared on, trained without the samples by which they are.
    networks: Vec<DigitalNetwork>,
    /// Of the chips that what was found is judged on.
    fresh_networks: Vec<DigitalNetwork>,
    /// The usual settings on the former, by state of the network and chip.
    usual: Vec<Vec<Judged>>,
    /// And on the latter.
    fresh_usual: Vec<Vec<Judged>>,
}

impl Start {
    /// The chip time that an input may take for an aim, in µs.
    fn limit_us(&self, aim: Aim) -> f64 {
        let usual = &self.usual[aim.state as usize];
        let times: Vec<f64> = usual.iter().map(|j| j.on_chip.inference_us).collect();
        aim.time_factor * mean(&times)
    }
}

#[derive(Serialize)]
struct SearchJob {
    aim: Aim,
    strategy: Strategy,
    seed: u64,
}

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let preset = Parameters::resolve(settings, &data);
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, data.facts("data")?)?;
    parameters.check()?;
    let held_back = data.with_test_from_training(parameters.case.task.training_samples)?;
    let lab = Lab {
        parameters: &parameters,
        for_search: parameters.case.fresh_chips(&parameters.search_chips)?,
        fresh: parameters.case.fresh_chips(&parameters.fresh_chips)?,
        data: &data,
        held_back: &held_back,
    };

    let chips = parameters.search_chips.len() + parameters.fresh_chips.len();
    let start = jobs.beforehand(EXPERIMENT.name, &configuration, &(), chips as u64, |task| {
        lab.start(task)
    })?;
    let mut keys = Vec::new();
    for &aim in &parameters.aims {
        for &strategy in &parameters.strategies {
            keys.extend(
                parameters
                    .search_seeds
                    .iter()
                    .take(strategy.most_searches())
                    .map(|&seed| SearchJob {
                        aim,
                        strategy,
                        seed,
                    }),
            );
        }
    }
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &keys,
        steps: &|_| 1,
    };
    let found = jobs.each(&list, |job, task| {
        let found = lab.search(&start, job);
        task.step(&format!("{} {}", job.strategy.name(), job.seed));
        Ok(found)
    })?;
    let searches = keys.into_iter().zip(found).map(|(job, found)| Search {
        aim: job.aim,
        strategy: job.strategy,
        seed: job.seed,
        found,
    });
    let results = Results {
        parameters: &parameters,
        start: &start,
        searches: searches.collect(),
    };
    findings::outcome(&results, data.description(), configuration)
}

/// What settings are tried on.
struct Lab<'a> {
    parameters: &'a Parameters,
    for_search: Vec<FreshChip>,
    fresh: Vec<FreshChip>,
    data: &'a StudyData,
    /// Samples of the training set alone.
    held_back: &'a StudyData,
}

impl Lab<'_> {
    fn start(&self, progress: &dyn crate::Task) -> Result<Start, ExperimentError> {
        let Parameters {
            case,
            search_chips,
            fresh_chips,
            ..
        } = self.parameters;
        let networks =
            DigitalNetwork::of_seeds(&case.task, self.held_back, search_chips, progress)?;
        let fresh_networks =
            DigitalNetwork::of_seeds(&case.task, self.data, fresh_chips, progress)?;
        let usual = |on: &[DigitalNetwork], is_fresh| {
            let of_state = |&state: &NetworkState| {
                self.judged(&OperatingPoint::usual(), state, on, is_fresh)
                    .map_err(|(_, error)| error)
            };
            NetworkState::BOTH
                .iter()
                .map(of_state)
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Start {
            usual: usual(&networks, false)?,
            fresh_usual: usual(&fresh_networks, true)?,
            networks,
            fresh_networks,
        })
    }

    fn search(&self, start: &Start, job: &SearchJob) -> Found {
        let parameters = self.parameters;
        let limit_us = start.limit_us(job.aim);
        let seed = derive_seed(job.seed, job.aim.time_factor.to_bits());
        let mut found = Found::default();
        for generation in 0..parameters.generations {
            let proposed = job.strategy.propose(
                &parameters.space,
                parameters.per_generation,
                &found.tried,
                limit_us,
                derive_seed(seed, generation as u64),
            );
            let judged: Vec<_> = proposed
                .par_iter()
                .map(|rungs| {
                    let point = parameters.space.point(rungs);
                    self.judged(&point, job.aim.state, &start.networks, false)
                        .map_err(|(seed, error)| format!("chip {seed}: {error}"))
                })
                .collect();
            found.add(proposed, judged);
        }
        if let Some(best) = found.best(limit_us) {
            let point = parameters.space.point(&best.rungs);
            let fresh = self.judged(&point, job.aim.state, &start.fresh_networks, true);
            found.fresh = fresh.ok();
        }
        found
    }

    /// A point on all chips of one kind.
    ///
    /// # Errors
    /// With the first chip that it cannot be used on: one that has no signal there, targets out of range,
    /// layers that do not fit the array so.
    fn judged(
        &self,
        point: &OperatingPoint,
        state: NetworkState,
        networks: &[DigitalNetwork],
        is_fresh: bool,
    ) -> Result<Vec<Judged>, (u64, ExperimentError)> {
        let case = &self.parameters.case;
        let (chips, data) = if is_fresh {
            (&self.fresh, self.data)
        } else {
            (&self.for_search, self.held_back)
        };
        let of_chips = chips.par_iter().zip(networks).map(|(chip, digital)| {
            let bench = PointBench {
                task: &case.task,
                digital,
                data,
                chip,
                meanwhile: Meanwhile::default(),
                shifts_by: ShiftsBy::Measured,
            };
            let judged = bench.judged(point, state);
            judged
                .and_then(|judged| judged.ok_or(ExperimentError::NoSignal))
                .map_err(|error| (chip.seed, error))
        });
        // The first error in the order of chips, not of time.
        let judged: Vec<Result<Judged, _>> = of_chips.collect();
        judged.into_iter().collect()
    }
}
