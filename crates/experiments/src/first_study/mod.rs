//! From a simulated chip to a trained network's accuracy, in eight stages.
//!
//! For each chip seed a network is trained digitally, brought onto the array, and evaluated on the
//! ideal array, on the mock, on the uncalibrated and on the calibrated chip. It is then retrained
//! with each of these (but the mock) in the loop, all in the same way, to compare fairly.

use serde::Serialize;

use crate::configuration::to_toml;
use crate::experiment::each_chip;
use crate::{DataDescription, Experiment, ExperimentError, Outcome, Progress, Settings, StudyData};

mod calibration_rows;
mod charts;
mod chip_run;
mod findings;
mod parameters;
mod records;
mod stage;
mod statistics;
mod summary;

use chip_run::ChipRun;
pub use parameters::Parameters;

/// The experiment `first-study`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "first-study",
    about: "accuracy of one network: float, ideal, mock, fresh chip, calibrated chip, chip in the loop",
    records_file: "first-study.csv",
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
    let parameters = Parameters::resolve(settings)?;
    let configuration = to_toml(&Configuration {
        parameters: &parameters,
        data: data.description(),
    })?;
    let steps = parameters.chip_seeds.len() as u64 * ChipRun::steps(&parameters);
    let task = progress.begin(EXPERIMENT.name, steps);
    let runs = each_chip(&parameters.chip_seeds, |seed| {
        ChipRun::run(seed, &parameters, &data, task.as_ref())
    })?;
    findings::outcome(&runs, &parameters, data.description(), configuration)
}
