//! Figures that explain the circuit, drawn from the simulated chip.
//!
//! One multiplication in time, the drivers' transfer curves, the ends of the swing, the saturation of
//! the OTAs, and where the lumped model agrees with the transient one. `docs/circuit.md` shows the
//! figures of the first chip.

use crate::configuration::to_toml;
use crate::experiment::each_chip;
use crate::{Experiment, ExperimentError, Outcome, Progress, Settings};

mod charts;
mod chip_run;
mod drivers;
mod findings;
mod line_saturation;
mod parameters;
mod records;
mod summary;
mod swing;
mod trace;
mod validity;

use chip_run::ChipRun;
pub use parameters::Parameters;

/// The experiment `circuit`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "circuit",
    about: "the circuit explained: a trace, drivers, swing, saturation, validity of the lumped model",
    records_file: "circuit.csv",
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
