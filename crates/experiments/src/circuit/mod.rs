//! Figures that explain the circuit, drawn from the simulated chip.
//!
//! One multiplication in time, the drivers' transfer curves, the ends of the swing, the saturation of
//! the OTAs, and where the lumped model agrees with the transient one. `docs/circuit.md` shows the
//! figures of the first chip.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::{Experiment, ExperimentError, Outcome, Settings};

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
