//! Temperatures other than that of the calibration, and time since it: what they cost networks that
//! were trained in different ways, and what refreshes win back.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::{Experiment, ExperimentError, Outcome, Settings, StudyData};

mod bench;
mod charts;
mod chip_run;
mod drift;
mod findings;
mod layer_state;
mod network;
mod parameters;
mod policy;
mod records;
mod results;
mod summary;
mod tables;
mod temperatures;
mod trends;

use chip_run::ChipRun;
use network::StudyNetwork;
pub use parameters::{DriftParameters, Parameters, TouchUp};
use results::Results;

/// The experiment `temperature-and-drift`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "temperature-and-drift",
    about: "chips at other temperatures and days later: errors and accuracy by training method and refresh",
    records_file: "temperature-and-drift.csv",
    run,
};

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let preset = Parameters::resolve(settings, &data);
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, data.facts("data")?)?;
    parameters.check()?;
    let steps = StudyNetwork::STEPS;
    let network = jobs.beforehand(EXPERIMENT.name, &configuration, &(), steps, |task| {
        StudyNetwork::trained(&parameters, &data, task)
    })?;
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &parameters.chip_seeds,
        steps: &|_| ChipRun::steps(&parameters),
    };
    let runs = jobs.each(&list, |&seed, task| {
        ChipRun::run(seed, &parameters, &data, &network, task)
    })?;
    let results = Results {
        parameters: &parameters,
        data: data.description(),
        network,
        runs,
    };
    findings::outcome(&results, configuration)
}
