//! Ways of training a network for a chip, beside each other: what accuracy each reaches on chips
//! without and with calibration, and what it costs on the chip; and what models of the chip's
//! derivative are worth in the loop.

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::parameter_check::Checked;
use crate::{
    DataChoice, DataDescription, Experiment, ExperimentError, Outcome, Settings, StudyData,
};

mod bench;
mod case;
mod charts;
mod chip_run;
mod chip_state;
mod comparison;
mod digital;
mod findings;
mod gradient_models;
mod known;
mod measured;
mod parameters;
mod records;
mod subject;
mod summary;
mod tables;
mod targets;
mod way;

pub use case::{Case, CaseData};
use chip_run::ChipRun;
pub use chip_state::ChipState;
pub use parameters::Parameters;

/// The experiment `training-methods`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "training-methods",
    about: "every method of training: accuracy on uncalibrated and calibrated chips against chip time",
    records_file: "training-methods.csv",
    run,
};

/// What all chips share and what was measured on each.
struct Results<'a> {
    parameters: &'a Parameters,
    data: &'a DataDescription,
    /// In the order of the parameters' cases.
    cases: Vec<CaseResults<'a>>,
}

/// What was measured of a case.
struct CaseResults<'a> {
    case: &'a Case,
    data: &'a DataDescription,
    /// One per chip.
    runs: Vec<ChipRun>,
}

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let yin_yang = StudyData::of(&DataChoice::YinYang, settings.seed)?;
    let mut facts = data.facts("data")?;
    facts.extend(yin_yang.facts("yin_yang")?);
    let preset = Parameters::resolve(settings, &data);
    let (parameters, configuration) = configured(EXPERIMENT.name, settings, preset, facts)?;
    let names: Vec<&str> = parameters
        .cases
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    let checked = Checked(EXPERIMENT.name);
    checked.distinct("cases", &names)?;
    checked.several("chip_seeds", &parameters.chip_seeds)?;
    let data_of = |case: &Case| match case.data {
        CaseData::Study => &data,
        CaseData::YinYang => &yin_yang,
    };
    let seeds = &parameters.chip_seeds;
    let numbers = 0..parameters.cases.len();
    let keys: Vec<(usize, u64)> = numbers
        .flat_map(|case| seeds.iter().map(move |&seed| (case, seed)))
        .collect();
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &keys,
        steps: &|&(case, _)| ChipRun::steps(&parameters.cases[case]),
    };
    let runs = jobs.each(&list, |&(case, seed), task| {
        let case = &parameters.cases[case];
        ChipRun::run(seed, &parameters, case, data_of(case), task)
    })?;
    let mut runs = runs.into_iter();
    let cases = parameters.cases.iter().map(|case| CaseResults {
        case,
        data: data_of(case).description(),
        runs: runs.by_ref().take(seeds.len()).collect(),
    });
    let results = Results {
        parameters: &parameters,
        data: data.description(),
        cases: cases.collect(),
    };
    findings::outcome(&results, configuration)
}
