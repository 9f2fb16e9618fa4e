//! Ways of mapping one network onto calibrated chips, beside each other: what each costs and what
//! error and accuracy it leaves, and what placement that knows the chip is worth.

use serde::Serialize;

use crate::configuration::to_toml;
use crate::experiment::each_chip;
use crate::{DataDescription, Experiment, ExperimentError, Outcome, Progress, Settings, StudyData};

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

/// Everything that the results depend on, as it is written beside them.
#[derive(Serialize)]
struct Configuration<'a> {
    #[serde(flatten)]
    parameters: &'a Parameters,
    data: &'a DataDescription,
}

/// What all chips share and what was measured on each.
struct Results<'a> {
    parameters: &'a Parameters,
    data: &'a DataDescription,
    network: StudyNetwork,
    choices: Vec<Choice>,
    runs: Vec<ChipRun>,
}

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let parameters = Parameters::resolve(settings)?;
    let configuration = to_toml(&Configuration {
        parameters: &parameters,
        data: data.description(),
    })?;
    let choices = Choice::all(&parameters)?;
    let chips = parameters.chip_seeds.len() as u64;
    let steps = StudyNetwork::steps(&parameters) + chips * ChipRun::steps(&choices);
    let task = progress.begin(EXPERIMENT.name, steps);
    let network = StudyNetwork::trained(&parameters, &data, task.as_ref())?;
    let runs = each_chip(&parameters.chip_seeds, |seed| {
        ChipRun::run(seed, &parameters, &data, &network, &choices, task.as_ref())
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
