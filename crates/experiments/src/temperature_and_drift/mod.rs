//! Temperatures other than that of the calibration, and time since it: what they cost networks that
//! were trained in different ways, and what refreshes win back.

use serde::Serialize;

use crate::configuration::to_toml;
use crate::experiment::each_chip;
use crate::{DataDescription, Experiment, ExperimentError, Outcome, Progress, Settings, StudyData};

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

/// Everything that the results depend on, as it is written beside them.
#[derive(Serialize)]
struct Configuration<'a> {
    #[serde(flatten)]
    parameters: &'a Parameters,
    data: &'a DataDescription,
}

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let parameters = Parameters::resolve(settings);
    let configuration = to_toml(&Configuration {
        parameters: &parameters,
        data: data.description(),
    })?;
    let chips = parameters.chip_seeds.len() as u64;
    let steps = StudyNetwork::STEPS + chips * ChipRun::steps(&parameters);
    let task = progress.begin(EXPERIMENT.name, steps);
    let network = StudyNetwork::trained(&parameters, &data, task.as_ref())?;
    let runs = each_chip(&parameters.chip_seeds, |seed| {
        ChipRun::run(seed, &parameters, &data, &network, task.as_ref())
    })?;
    let results = Results {
        parameters: &parameters,
        data: data.description(),
        network,
        runs,
    };
    findings::outcome(&results, configuration)
}
