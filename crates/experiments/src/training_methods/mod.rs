//! Ways of training a network for a chip, beside each other: what accuracy each reaches on chips
//! without and with calibration, and what it costs on the chip; and what models of the chip's
//! derivative are worth in the loop.

use rayon::prelude::*;
use serde::Serialize;

use crate::configuration::to_toml;
use crate::{
    DataChoice, DataDescription, Experiment, ExperimentError, Outcome, Progress, Settings,
    StudyData,
};

mod bench;
mod case;
mod charts;
mod chip_run;
mod chip_state;
mod comparison;
mod digital;
mod ends;
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

/// Everything that the results depend on, as it is written beside them.
#[derive(Serialize)]
struct Configuration<'a> {
    #[serde(flatten)]
    parameters: &'a Parameters,
    data: &'a DataDescription,
    yin_yang: &'a DataDescription,
}

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

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let yin_yang = StudyData::of(&DataChoice::YinYang, settings.seed)?;
    let parameters = Parameters::resolve(settings, &data);
    let configuration = to_toml(&Configuration {
        parameters: &parameters,
        data: data.description(),
        yin_yang: yin_yang.description(),
    })?;
    let data_of = |case: &Case| match case.data {
        CaseData::Study => &data,
        CaseData::YinYang => &yin_yang,
    };
    let seeds = &parameters.chip_seeds;
    let steps = parameters.cases.iter().map(ChipRun::steps);
    let steps = seeds.len() as u64 * steps.sum::<u64>();
    let task = progress.begin(EXPERIMENT.name, steps);
    let jobs: Vec<(&Case, u64)> = parameters
        .cases
        .iter()
        .flat_map(|case| seeds.iter().map(move |&seed| (case, seed)))
        .collect();
    let runs = jobs
        .par_iter()
        .with_max_len(1)
        .map(|&(case, seed)| ChipRun::run(seed, &parameters, case, data_of(case), task.as_ref()))
        .collect::<Result<Vec<_>, _>>()?;
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
