//! How the multiply-accumulate behaves, on fresh chips and on the same chips calibrated.
//!
//! For each chip and state: results against weights and activations, with the spread over columns
//! and the trial-to-trial noise; every column's answer to two published stimuli; and what the
//! settings of a run and the chip's biases change.

use crate::configuration::to_toml;
use crate::experiment::each_chip;
use crate::{Experiment, ExperimentError, Outcome, Progress, Settings};

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

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Outcome, ExperimentError> {
    let parameters = Parameters::resolve(settings);
    let configuration = to_toml(&parameters)?;
    let steps = parameters.chip_seeds.len() as u64 * ChipRun::STEPS;
    let task = progress.begin(EXPERIMENT.name, steps);
    let runs = each_chip(&parameters.chip_seeds, |seed| {
        ChipRun::run(seed, &parameters, task.as_ref())
    })?;
    findings::outcome(&runs, &parameters, configuration)
}
