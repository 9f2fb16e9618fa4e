//! Every single number, as rows of tables.

use serde::Serialize;

use super::chip_run::ChipRun;
use super::convergence::Convergence;
use super::refreshes::{Remedy, measurements};
use super::{EXPERIMENT, Parameters};
use crate::{CsvFile, ExperimentError, Record};

/// The file with what a chip shows after each part of a procedure.
pub(super) const CONVERGENCE_FILE: &str = "calibration-cost-convergence.csv";
/// The file with how the residual fell in every search.
pub(super) const SEARCHES_FILE: &str = "calibration-cost-searches.csv";
/// The file with the cost of every routine.
pub(super) const ROUTINES_FILE: &str = "calibration-cost-routines.csv";

#[derive(Serialize)]
struct StopRow<'a> {
    process: &'a str,
    chip_seed: u64,
    procedure: &'static str,
    measurements: u64,
    readouts: u64,
    settles: u64,
    chip_time_ms: f64,
    columns_percent: f64,
    drivers_percent: f64,
    offsets_lsb: f64,
    baselines_lsb: f64,
}

#[derive(Serialize)]
struct SearchRow<'a> {
    process: &'a str,
    chip_seed: u64,
    routine: &'static str,
    search: &'a str,
    measurements: u64,
    chip_time_ms: f64,
    residual: Option<f64>,
    unit: &'static str,
}

#[derive(Serialize)]
struct RoutineRow<'a> {
    process: &'a str,
    chip_seed: u64,
    procedure: &'static str,
    number: usize,
    routine: &'a str,
    register: &'static str,
    measurements: u64,
    readouts: u64,
    settles: u64,
    register_writes: u64,
    chip_time_ms: f64,
    spread_before: f64,
    spread_after: f64,
    unit: &'a str,
    success_percent: f64,
}

/// Both procedures of a chip, by name.
pub(super) fn procedures(run: &ChipRun) -> [(&'static str, &Convergence); 2] {
    [("nested", &run.nested), ("joint", &run.joint)]
}

/// The tables with columns of their own.
pub(super) fn tables(
    runs: &[ChipRun],
    parameters: &Parameters,
) -> Result<Vec<CsvFile>, ExperimentError> {
    let stops = runs.iter().flat_map(|run| stop_rows(run, parameters));
    let searches = runs.iter().flat_map(|run| search_rows(run, parameters));
    let routines = runs.iter().flat_map(|run| routine_rows(run, parameters));
    Ok(vec![
        CsvFile::of(CONVERGENCE_FILE, stops)?,
        CsvFile::of(SEARCHES_FILE, searches)?,
        CsvFile::of(ROUTINES_FILE, routines)?,
    ])
}

/// Name of the process of a chip.
fn process<'a>(run: &ChipRun, parameters: &'a Parameters) -> &'a str {
    let process = parameters.processes.get(run.process);
    process.map_or("", |process| &process.name)
}

fn stop_rows<'a>(run: &'a ChipRun, parameters: &'a Parameters) -> Vec<StopRow<'a>> {
    let stops = procedures(run)
        .into_iter()
        .flat_map(|(name, convergence)| convergence.stops.iter().map(move |stop| (name, stop)));
    stops
        .map(|(procedure, stop)| StopRow {
            process: process(run, parameters),
            chip_seed: run.seed,
            procedure,
            measurements: stop.measurements,
            readouts: stop.cost.readouts,
            settles: stop.cost.settles,
            chip_time_ms: parameters.chip_time_ms(&stop.cost),
            columns_percent: stop.residual.columns_percent,
            drivers_percent: stop.residual.drivers_percent,
            offsets_lsb: stop.residual.offsets_lsb,
            baselines_lsb: stop.residual.baselines_lsb,
        })
        .collect()
}

fn search_rows<'a>(run: &'a ChipRun, parameters: &'a Parameters) -> Vec<SearchRow<'a>> {
    let steps = run
        .searches
        .iter()
        .flat_map(|trial| trial.course.iter().map(move |step| (trial, step)));
    steps
        .map(|(trial, step)| SearchRow {
            process: process(run, parameters),
            chip_seed: run.seed,
            routine: trial.task.name(),
            search: &trial.search,
            measurements: step.measurements,
            chip_time_ms: parameters.chip_time_ms(&step.cost),
            residual: step.residual,
            unit: trial.task.unit(),
        })
        .collect()
}

fn routine_rows<'a>(run: &'a ChipRun, parameters: &'a Parameters) -> Vec<RoutineRow<'a>> {
    let routines = procedures(run).into_iter().flat_map(|(name, convergence)| {
        let routines = convergence.result.routines.iter().enumerate();
        routines.map(move |(number, routine)| (name, number, routine))
    });
    routines
        .map(|(procedure, number, routine)| RoutineRow {
            process: process(run, parameters),
            chip_seed: run.seed,
            procedure,
            number,
            routine: &routine.name,
            register: routine.register.name(),
            measurements: routine.measurements,
            readouts: routine.cost.readouts,
            settles: routine.cost.settles,
            register_writes: routine.cost.register_writes,
            chip_time_ms: parameters.chip_time_ms(&routine.cost),
            spread_before: routine.spread_before(),
            spread_after: routine.spread_after(),
            unit: &routine.unit,
            success_percent: 100.0 * routine.success_rate(),
        })
        .collect()
}

/// The rows of one chip in the tidy table.
pub(super) fn of(run: &ChipRun, parameters: &Parameters) -> Vec<Record> {
    let mut records = Vec::new();
    let mut add = |stage: &str, metric: &str, value: f64, unit: &str| {
        records.push(Record {
            experiment: EXPERIMENT.name,
            dataset: String::new(),
            chip_seed: run.seed,
            stage: format!("{}: {stage}", process(run, parameters)),
            metric: metric.to_owned(),
            index: None,
            value,
            unit: unit.to_owned(),
        });
    };
    for (name, convergence) in procedures(run) {
        let residual = convergence.residual();
        add(name, "column mismatch", residual.columns_percent, "%");
        add(name, "driver mismatch", residual.drivers_percent, "%");
        add(name, "offsets", residual.offsets_lsb, "LSB");
        add(name, "measurements", convergence.measurements(), "1");
        let chip_time_ms = parameters.chip_time_ms(&convergence.result.cost);
        add(name, "chip time", chip_time_ms, "ms");
    }
    for (name, result) in ["synaptic lines", "converted to lines"]
        .iter()
        .zip(&run.lines)
    {
        add(name, "measurements", measurements(result) as f64, "1");
        add(
            name,
            "chip time",
            parameters.chip_time_ms(&result.cost),
            "ms",
        );
    }
    for (remedy, remedied) in Remedy::ALL.into_iter().zip(&run.remedied) {
        let stage = format!("after drift, {}", remedy.name());
        add(&stage, "baselines", remedied.residual.baselines_lsb, "LSB");
        add(
            &stage,
            "column mismatch",
            remedied.residual.columns_percent,
            "%",
        );
        add(&stage, "offsets", remedied.residual.offsets_lsb, "LSB");
        add(
            &stage,
            "chip time",
            parameters.chip_time_ms(&remedied.cost),
            "ms",
        );
    }
    records
}
