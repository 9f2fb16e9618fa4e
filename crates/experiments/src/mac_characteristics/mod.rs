//! How the multiply-accumulate behaves, on fresh chips and on the same chips calibrated.
//!
//! For each chip and state: results against weights and activations, with the spread over columns
//! and the trial-to-trial noise; every column's answer to two published stimuli; and what the
//! settings of a run and the chip's biases change.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::{Experiment, ExperimentError, Outcome, Settings};

mod charts;
mod chip_run;
mod effects;
mod findings;
mod fixed_stimulus;
mod parameters;
mod records;
mod state;
mod summary;
mod transfer;

use chip_run::ChipRun;
pub use parameters::Parameters;

/// The experiment `mac-characteristics`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "mac-characteristics",
    about: "the multiply-accumulate before and after calibration: transfer, noise, spread, settings",
    records_file: "mac-characteristics.csv",
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
        keys: &parameters.chip_seeds,
        steps: &|_| ChipRun::STEPS,
    };
    let runs = jobs.each(&list, |&seed, task| ChipRun::run(seed, &parameters, task))?;
    findings::outcome(&runs, &parameters, configuration)
}
