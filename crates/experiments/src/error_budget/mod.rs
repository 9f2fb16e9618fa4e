//! Where the error of a multiplication comes from, and the accuracy that is lost by it: every source
//! switched off alone and on alone, before and after calibration, before and after training in the loop.

use bss2_hardware::ChipConfig;
use serde::Serialize;

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::operating_point::{DigitalNetwork, FreshChip, PointBench, ShiftsBy};
use crate::{Experiment, ExperimentError, NetworkCase, Outcome, Settings, StudyData};

mod budget;
mod charts;
mod findings;
mod parameters;
mod records;
mod source;
mod state;
mod summary;
mod tables;
mod variant;

use budget::Budget;
pub use parameters::Parameters;
pub use source::Source;
use state::State;
use variant::Variant;

/// The experiment `error-budget`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "error-budget",
    about: "each source of error off alone and on alone: what it costs, what remains and why",
    records_file: "error-budget.csv",
    run,
};

/// A variant of a chip in a state.
#[derive(Serialize)]
struct VariantJob<'a> {
    case: &'a str,
    chip_seed: u64,
    state: State,
    variant: Variant,
    #[serde(skip)]
    of: (&'a NetworkCase, &'a DigitalNetwork, ChipConfig),
}

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let preset = Parameters::resolve(settings, &data);
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, data.facts("data")?)?;
    parameters.check()?;
    let seeds = &parameters.chip_seeds;
    let steps = (parameters.cases.len() * seeds.len()) as u64;
    let networks = jobs.beforehand(EXPERIMENT.name, &configuration, seeds, steps, |task| {
        DigitalNetwork::of_cases(&parameters.cases, &data, seeds, task)
    })?;
    DigitalNetwork::check_count(&networks, parameters.cases.len(), seeds.len())?;
    let variants = Variant::all(&parameters.sources);
    let mut keys = Vec::new();
    for (case, networks) in parameters.cases.iter().zip(&networks) {
        for state in State::ALL {
            for &variant in &variants {
                let config = variant.of(&case.chip);
                keys.extend(
                    seeds
                        .iter()
                        .zip(networks)
                        .map(|(&chip_seed, network)| VariantJob {
                            case: &case.name,
                            chip_seed,
                            state,
                            variant,
                            of: (case, network, config.clone()),
                        }),
                );
            }
        }
    }
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &keys,
        steps: &|_| 1,
    };
    let measured = jobs.each(&list, |job, task| {
        let (case, digital, config) = &job.of;
        let bench = PointBench {
            task: &case.task,
            digital,
            data: &data,
            chip: &FreshChip::new(&config.clone().check()?, job.chip_seed),
            meanwhile: parameters.meanwhile,
            shifts_by: ShiftsBy::Nominal,
        };
        let measured = bench.measured(&job.state.point(&parameters.point))?;
        let measured = measured.ok_or(ExperimentError::NoSignal)?;
        let (state, variant) = (job.state.name(), job.variant.text());
        task.step(&format!(
            "{} chip {}: {state}, {variant}",
            job.case, job.chip_seed
        ));
        Ok(measured)
    })?;
    let mut measured = measured.into_iter();
    let budgets: Vec<Budget<'_>> = parameters
        .cases
        .iter()
        .zip(&networks)
        .map(|(case, networks)| {
            let of_states = State::ALL.map(|_| {
                let of_variants = variants.iter();
                of_variants
                    .map(|_| measured.by_ref().take(seeds.len()).collect())
                    .collect()
            });
            Budget {
                case,
                networks,
                chip_seeds: seeds,
                variants: &variants,
                measured: of_states,
            }
        })
        .collect();
    findings::outcome(&budgets, &parameters, data.description(), configuration)
}
