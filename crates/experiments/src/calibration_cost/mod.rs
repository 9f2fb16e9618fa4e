//! What calibrations cost and what they leave: the known, nested procedure beside the joint one,
//! searches beside each other, and what a part of a calibration is worth once a chip has drifted.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::process::Process;
use crate::{Experiment, ExperimentError, Outcome, Settings};

mod charts;
mod chip_run;
mod convergence;
mod findings;
mod parameters;
mod records;
mod refreshes;
mod residual;
mod searches;
mod shared_chip;
mod summary;

use chip_run::ChipRun;
pub use parameters::Parameters;

/// The experiment `calibration-cost`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "calibration-cost",
    about: "residual mismatch against measurements and chip time: nested, joint, searches, refreshes",
    records_file: "calibration-cost.csv",
    run,
};

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let preset = Parameters::resolve(settings);
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, toml::Table::new())?;
    parameters.check()?;
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &Process::jobs(&parameters.processes),
        steps: &|_| ChipRun::STEPS,
    };
    let runs = jobs.each(&list, |chip, task| ChipRun::run(chip, &parameters, task))?;
    findings::outcome(&runs, &parameters, configuration)
}
