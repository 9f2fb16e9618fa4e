//! Noise on the outputs of one layer at a time and of all layers: how much of it networks bear, and
//! what training with noise changes.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::{Experiment, ExperimentError, Outcome, Settings, StudyData};

mod architecture;
mod charts;
mod findings;
mod midpoint;
mod network_run;
mod parameters;
mod place;
mod records;
mod results;
mod summary;
mod tables;
mod trained;

use architecture::Architecture;
use network_run::NetworkRun;
pub use parameters::{ConvolutionalNetwork, Parameters};
use results::Results;

/// The experiment `walking-noise`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "walking-noise",
    about: "noise on one layer at a time and on all: how much networks bear, with and without noise in training",
    records_file: "walking-noise.csv",
    run,
};

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let (_, rows, columns) = data.image();
    let preset = Parameters::resolve(settings, (rows, columns));
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, data.facts("data")?)?;
    parameters.check()?;
    let networks: Vec<(Architecture, u64)> = Architecture::ALL
        .into_iter()
        .flat_map(|architecture| {
            let seeds = parameters.network_seeds.iter();
            seeds.map(move |&seed| (architecture, seed))
        })
        .collect();
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &networks,
        steps: &|_| 1,
    };
    let runs = jobs.each(&list, |&(architecture, seed), task| {
        let run = NetworkRun::run(architecture, seed, &parameters, &data)?;
        task.step(&format!("{} {seed}", architecture.name()));
        Ok(run)
    })?;
    let results = Results {
        parameters: &parameters,
        data: data.description(),
        runs,
    };
    findings::outcome(&results, configuration)
}
