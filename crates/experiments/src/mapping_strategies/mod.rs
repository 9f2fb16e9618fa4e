//! Ways of mapping one network onto calibrated chips, beside each other: what each costs and what
//! error and accuracy it leaves, and what placement that knows the chip is worth.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::{DataDescription, Experiment, ExperimentError, Outcome, Settings, StudyData};

mod bench;
mod charts;
mod chip_run;
mod choice;
mod findings;
mod measured;
mod network;
mod parameters;
mod placement_gain;
mod records;
mod remains;
mod resident;
mod signed_layer;
mod strategy_results;
mod summary;
mod tables;
mod tuned_time;

use chip_run::ChipRun;
use choice::Choice;
use network::StudyNetwork;
pub use parameters::Parameters;

/// The experiment `mapping-strategies`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "mapping-strategies",
    about: "one network mapped in every way: error, accuracy, chip time and energy, worth of placement",
    records_file: "mapping-strategies.csv",
    run,
};

/// What all chips share and what was measured on each.
struct Results<'a> {
    parameters: &'a Parameters,
    data: &'a DataDescription,
    network: StudyNetwork,
    choices: Vec<Choice>,
    runs: Vec<ChipRun>,
}

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let preset = Parameters::resolve(settings)?;
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, data.facts("data")?)?;
    parameters.check()?;
    let choices = Choice::all(&parameters)?;
    let steps = StudyNetwork::steps(&parameters);
    let network = jobs.beforehand(EXPERIMENT.name, &configuration, &(), steps, |task| {
        StudyNetwork::trained(&parameters, &data, task)
    })?;
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &parameters.chip_seeds,
        steps: &|_| ChipRun::steps(&choices),
    };
    let runs = jobs.each(&list, |&seed, task| {
        ChipRun::run(seed, &parameters, &data, &network, &choices, task)
    })?;
    let results = Results {
        parameters: &parameters,
        data: data.description(),
        network,
        choices,
        runs,
    };
    findings::outcome(&results, configuration)
}
