//! From a simulated chip to a trained network's accuracy, in eight stages.
//!
//! For each chip seed a network is trained digitally, brought onto the array, and evaluated on the
//! ideal array, on the mock, on the uncalibrated and on the calibrated chip. It is then retrained
//! with each of these (but the mock) in the loop, all in the same way, to compare fairly.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::parameter_check::Checked;
use crate::{Experiment, ExperimentError, Outcome, Settings, StudyData};

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

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let preset = Parameters::resolve(settings)?;
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, data.facts("data")?)?;
    Checked(EXPERIMENT.name).several("chip_seeds", &parameters.chip_seeds)?;
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &parameters.chip_seeds,
        steps: &|_| ChipRun::steps(&parameters),
    };
    let runs = jobs.each(&list, |&seed, task| {
        ChipRun::run(seed, &parameters, &data, task)
    })?;
    findings::outcome(&runs, &parameters, data.description(), configuration)
}
