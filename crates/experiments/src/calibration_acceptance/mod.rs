//! The real chip's own tests: how many calibrated chips pass each criterion, and how many others
//! fail.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::parameter_check::Checked;
use crate::process::Process;
use crate::{Experiment, ExperimentError, Outcome, Settings};

mod charts;
mod chip_run;
mod findings;
mod parameters;
mod records;
mod summary;
mod tables;

use chip_run::ChipRun;
pub use parameters::Parameters;

/// The experiment `calibration-acceptance`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "calibration-acceptance",
    about: "the real chip's own acceptance tests: calibrated, fresh, overwritten and reapplied",
    records_file: "calibration-acceptance.csv",
    run,
};

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let preset = Parameters::resolve(settings);
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, toml::Table::new())?;
    Checked(EXPERIMENT.name).processes(&parameters.processes)?;
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &Process::jobs(&parameters.processes),
        steps: &|_| ChipRun::STEPS,
    };
    let runs = jobs.each(&list, |chip, task| ChipRun::run(chip, &parameters, task))?;
    findings::outcome(&runs, &parameters, configuration)
}
