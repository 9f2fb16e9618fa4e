//! What calibrations cost and what they leave: the known, nested procedure beside the joint one,
//! searches beside each other, and what a part of a calibration is worth once a chip has drifted.

use crate::configuration::to_toml;
use crate::process::Process;
use crate::{Experiment, ExperimentError, Outcome, Progress, Settings};

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
