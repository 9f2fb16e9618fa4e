//! What the targets of a calibration and the settings of a run trade against each other.
//!
//! One knob at a time is turned around the default: targets of the calibration, with a calibration
//! for every value, and settings of the runs. Each time the same stimuli show signal, noise, spread,
//! linearity, clipping, memory and cost, through nothing but what a chip delivers. What is known of
//! real chips is written down as expectations, with the direction in which a quantity should move;
//! whether it does is left to the model.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::{Experiment, ExperimentError, Outcome, Settings};

mod chip;
mod dense_load;
mod findings;
mod knob;
mod layer;
mod limits;
mod memory;
mod panel_charts;
mod parameters;
mod point;
mod quality;
mod quantity;
mod ramp;
mod records;
mod results;
mod scatter_charts;
mod single_rows;
mod stimulus;
mod summary;
mod tables;
mod tradeoff;

use chip::Setup;
pub use parameters::{Grids, Parameters, Stimuli};
use results::Results;

/// The experiment `calibration-tradeoffs`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "calibration-tradeoffs",
    about: "what calibration targets and run settings trade: signal, noise, spread, clipping, cost",
    records_file: "calibration-tradeoffs.csv",
    run,
};

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let preset = Parameters::resolve(settings);
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, toml::Table::new())?;
    parameters.check()?;
    run_with(&parameters, configuration, jobs)
}

fn run_with(
    parameters: &Parameters,
    configuration: toml::Table,
    jobs: &Jobs<'_>,
) -> Result<Outcome, ExperimentError> {
    let points = parameters.points()?;
    let setups = Setup::of_all(&points);
    let chips = &parameters.chip_seeds;
    let on_chips: Vec<(u64, &Setup)> = chips
        .iter()
        .flat_map(|&seed| setups.iter().map(move |setup| (seed, setup)))
        .collect();
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &on_chips,
        steps: &|(_, setup)| setup.points().len() as u64,
    };
    let measured = jobs.each(&list, |(seed, setup), task| {
        setup.measure(*seed, &points, parameters, task)
    })?;
    let results = Results::new(chips.clone(), points, measured.into_iter().flatten());
    findings::outcome(&results, parameters, configuration)
}

#[cfg(test)]
mod tests;
