//! From the targets of a calibration to the accuracy of a network: which imperfection of the
//! multiplication predicts what is lost, what training in the loop wins back, where effort stops
//! paying, and which settings are to be recommended.

use serde::Serialize;

use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::operating_point::{
    DigitalNetwork, FreshChip, Meanwhile, Measured, PointBench, ShiftsBy,
};
use crate::{
    Experiment, ExperimentError, NetworkCase, OperatingPoint, Outcome, Settings, StudyData,
};

mod case_results;
mod charts;
mod findings;
mod imperfection;
mod parameters;
mod point;
mod recommended;
mod records;
mod summary;
mod tables;

use case_results::CaseResults;
pub use parameters::{Grids, Parameters};
use point::{Group, Point};

/// The experiment `calibration-to-accuracy`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "calibration-to-accuracy",
    about: "from calibration targets to accuracy: what predicts the loss, what training wins back",
    records_file: "calibration-to-accuracy.csv",
    run,
};

/// A point on a chip.
#[derive(Serialize)]
struct PointJob<'a> {
    case: &'a str,
    chip_seed: u64,
    at: &'a OperatingPoint,
    #[serde(skip)]
    of: (
        &'a NetworkCase,
        &'a FreshChip,
        &'a DigitalNetwork,
        &'a Point,
    ),
}

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let preset = Parameters::resolve(settings, &data);
    let (parameters, configuration) =
        configured(EXPERIMENT.name, settings, preset, data.facts("data")?)?;
    parameters.check()?;
    let seeds = &parameters.chip_seeds;
    let points = parameters.grids.points();
    // Which points there are changes none of them.
    let mut basis = configuration.clone();
    basis.remove("grids");

    let steps = (parameters.cases.len() * seeds.len()) as u64;
    let networks = jobs.beforehand(EXPERIMENT.name, &basis, seeds, steps, |task| {
        DigitalNetwork::of_cases(&parameters.cases, &data, seeds, task)
    })?;
    DigitalNetwork::check_count(&networks, parameters.cases.len(), seeds.len())?;
    let cases = parameters.cases.iter();
    let chips = cases.map(|case| case.fresh_chips(seeds));
    let chips = chips.collect::<Result<Vec<_>, _>>()?;
    let mut keys = Vec::new();
    for ((case, chips), networks) in parameters.cases.iter().zip(&chips).zip(&networks) {
        for point in &points {
            let on_chips = chips.iter().zip(networks);
            keys.extend(on_chips.map(|(chip, network)| PointJob {
                case: &case.name,
                chip_seed: chip.seed,
                at: &point.at,
                of: (case, chip, network, point),
            }));
        }
    }
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &basis,
        keys: &keys,
        steps: &|_| 1,
    };
    let measured = jobs.each(&list, |job, task| {
        let (case, chip, digital, point) = job.of;
        let bench = PointBench {
            task: &case.task,
            digital,
            data: &data,
            chip,
            meanwhile: Meanwhile::default(),
            shifts_by: ShiftsBy::Measured,
        };
        let measured = bench.measured(job.at)?;
        task.step(&format!(
            "{} chip {}: {}",
            job.case,
            job.chip_seed,
            point.text()
        ));
        Ok(measured)
    })?;
    let mut measured = measured.into_iter();
    let results: Vec<CaseResults<'_>> = parameters
        .cases
        .iter()
        .zip(&networks)
        .map(|(case, networks)| {
            let on_chips = points.iter().map(|point| {
                let chips: Vec<Option<Measured>> = measured.by_ref().take(seeds.len()).collect();
                (point, chips.into_iter().collect())
            });
            let give_up_percent = parameters.give_up_percent;
            let results = CaseResults::new(case, networks, seeds, give_up_percent, on_chips);
            // All others are compared with it.
            if results.has_some_of(Group::Usual) {
                Ok(results)
            } else {
                Err(ExperimentError::NoSignal)
            }
        })
        .collect::<Result<_, _>>()?;
    findings::outcome(&results, &parameters, data.description(), configuration)
}
