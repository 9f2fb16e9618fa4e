//! The real chip's own tests: how many calibrated chips pass each criterion, and how many others
//! fail.

use crate::configuration::to_toml;
use crate::process::Process;
use crate::{Experiment, ExperimentError, Outcome, Progress, Settings};

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

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Outcome, ExperimentError> {
    let parameters = Parameters::resolve(settings);
    let configuration = to_toml(&parameters)?;
    let chips = Process::jobs(&parameters.processes).len() as u64;
    let task = progress.begin(EXPERIMENT.name, chips * ChipRun::STEPS);
    let runs = Process::each_chip(&parameters.processes, |job| {
        ChipRun::run(job, &parameters, task.as_ref())
    })?;
    findings::outcome(&runs, &parameters, configuration)
}
