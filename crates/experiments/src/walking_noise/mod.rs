//! Noise on the outputs of one layer at a time and of all layers: how much of it networks bear, and
//! what training with noise changes.

use rayon::prelude::*;
use serde::Serialize;

use crate::configuration::to_toml;
use crate::{DataDescription, Experiment, ExperimentError, Outcome, Progress, Settings, StudyData};

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

/// Everything that the results depend on, as it is written beside them.
#[derive(Serialize)]
struct Configuration<'a> {
    #[serde(flatten)]
    parameters: &'a Parameters,
    data: &'a DataDescription,
}

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let (_, rows, columns) = data.image();
    let parameters = Parameters::resolve(settings, (rows, columns));
    let configuration = to_toml(&Configuration {
        parameters: &parameters,
        data: data.description(),
    })?;
    let jobs: Vec<(Architecture, u64)> = Architecture::ALL
        .into_iter()
        .flat_map(|architecture| {
            let seeds = parameters.network_seeds.iter();
            seeds.map(move |&seed| (architecture, seed))
        })
        .collect();
    let task = progress.begin(EXPERIMENT.name, jobs.len() as u64);
    let runs = jobs
        .into_par_iter()
        .map(|(architecture, seed)| {
            let run = NetworkRun::run(architecture, seed, &parameters, &data)?;
            task.step(&format!("{} {seed}", architecture.name()));
            Ok(run)
        })
        .collect::<Result<_, ExperimentError>>()?;
    let results = Results {
        parameters: &parameters,
        data: data.description(),
        runs,
    };
    findings::outcome(&results, configuration)
}
