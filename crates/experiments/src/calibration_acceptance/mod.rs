//! The real chip's own tests: how many calibrated chips pass each criterion, and how many others
//! fail.

use rayon::prelude::*;

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
    let jobs: Vec<(usize, u64)> = Process::jobs(&parameters.processes).collect();
    let task = progress.begin(EXPERIMENT.name, jobs.len() as u64 * ChipRun::STEPS);
    let runs: Vec<ChipRun> = jobs
        .par_iter()
        .map(|&(process, seed)| ChipRun::run(process, seed, &parameters, task.as_ref()))
        .collect::<Result<_, _>>()?;
    findings::outcome(&runs, &parameters, configuration)
}
