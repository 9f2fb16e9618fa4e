//! Every single number of one chip, as rows of tables.

use serde::Serialize;

use super::EXPERIMENT;
use super::chip_run::ChipRun;
use super::summary;
use super::trace::Trace;
use crate::{CsvFile, ExperimentError, Record};

/// The files with the points of the figures.
pub(super) const TRACE_FILE: &str = "circuit-trace.csv";
pub(super) const DRIVERS_FILE: &str = "circuit-drivers.csv";
pub(super) const SWING_FILE: &str = "circuit-swing.csv";
pub(super) const LINE_FILE: &str = "circuit-line-saturation.csv";
pub(super) const VALIDITY_FILE: &str = "circuit-validity.csv";

#[derive(Serialize)]
struct TraceRow {
    chip_seed: u64,
    time_us: f64,
    membrane_lsb: f32,
    excitatory_line_lsb: f32,
    inhibitory_line_lsb: f32,
}

#[derive(Serialize)]
struct DriverRow {
    chip_seed: u64,
    driver: usize,
    activation: usize,
    fresh_lsb: f64,
    trimmed_lsb: f64,
}

#[derive(Serialize)]
struct SwingRow {
    chip_seed: u64,
    predicted_lsb: f64,
    mean_lsb: f64,
    column_deviation_lsb: f64,
}

#[derive(Serialize)]
struct LineRow {
    chip_seed: u64,
    weight: i8,
    wait_between_events: u32,
    lost_transient_percent: f64,
    lost_lumped_percent: f64,
    doubtful_percent: f64,
}

#[derive(Serialize)]
struct ValidityRow {
    chip_seed: u64,
    order: &'static str,
    largest_weight: i8,
    num_sends: u32,
    wait_between_events: u32,
    least_activation: u8,
    density: f64,
    drive: f64,
    compared: usize,
    within_1_lsb: usize,
    beyond_3_lsb: usize,
    largest_difference_lsb: f64,
    doubtful: u64,
}

/// The points of the figures, of all chips.
pub(super) fn tables(runs: &[ChipRun]) -> Result<Vec<CsvFile>, ExperimentError> {
    Ok(vec![
        CsvFile::of(TRACE_FILE, runs.iter().flat_map(trace_rows))?,
        CsvFile::of(DRIVERS_FILE, runs.iter().flat_map(driver_rows))?,
        CsvFile::of(SWING_FILE, runs.iter().flat_map(swing_rows))?,
        CsvFile::of(LINE_FILE, runs.iter().flat_map(line_rows))?,
        CsvFile::of(VALIDITY_FILE, runs.iter().flat_map(validity_rows))?,
    ])
}

fn trace_rows(run: &ChipRun) -> impl Iterator<Item = TraceRow> {
    let Trace {
        times_us,
        voltages_lsb: [membrane, excitatory, inhibitory],
        ..
    } = &run.trace;
    times_us
        .iter()
        .enumerate()
        .map(|(sample, &time_us)| TraceRow {
            chip_seed: run.seed,
            time_us,
            membrane_lsb: membrane[sample],
            excitatory_line_lsb: excitatory[sample],
            inhibitory_line_lsb: inhibitory[sample],
        })
}

fn driver_rows(run: &ChipRun) -> impl Iterator<Item = DriverRow> {
    let fresh = run.drivers.fresh.indexed_iter();
    fresh.map(|((driver, activation), &fresh_lsb)| DriverRow {
        chip_seed: run.seed,
        driver,
        activation,
        fresh_lsb,
        trimmed_lsb: run.drivers.trimmed[[driver, activation]],
    })
}

fn swing_rows(run: &ChipRun) -> impl Iterator<Item = SwingRow> {
    run.swing.points.iter().map(|point| SwingRow {
        chip_seed: run.seed,
        predicted_lsb: point.predicted,
        mean_lsb: point.mean,
        column_deviation_lsb: point.deviation,
    })
}

fn line_rows(run: &ChipRun) -> impl Iterator<Item = LineRow> {
    run.line.iter().map(|point| LineRow {
        chip_seed: run.seed,
        weight: point.weight,
        wait_between_events: point.wait,
        lost_transient_percent: point.transient_percent,
        lost_lumped_percent: point.lumped_percent,
        doubtful_percent: point.doubtful_percent,
    })
}

fn validity_rows(run: &ChipRun) -> impl Iterator<Item = ValidityRow> {
    run.validity.iter().map(|comparison| ValidityRow {
        chip_seed: run.seed,
        order: comparison.order.name(),
        largest_weight: comparison.magnitude,
        num_sends: comparison.stimulus.num_sends,
        wait_between_events: comparison.stimulus.wait,
        least_activation: comparison.stimulus.least_activation,
        density: comparison.stimulus.density,
        drive: comparison.drive,
        compared: comparison.compared,
        within_1_lsb: comparison.close,
        beyond_3_lsb: comparison.far,
        largest_difference_lsb: comparison.largest_lsb,
        doubtful: comparison.doubtful,
    })
}

/// The rows of one chip in the tidy table.
pub(super) fn of(run: &ChipRun) -> Vec<Record> {
    let record = |figure: summary::Figure| {
        let value = (figure.value)(run);
        value.map(|value| Record {
            experiment: EXPERIMENT.name,
            dataset: String::new(),
            chip_seed: run.seed,
            stage: figure.stage.to_owned(),
            metric: figure.name,
            index: None,
            value,
            unit: figure.unit.to_owned(),
        })
    };
    summary::figures().into_iter().filter_map(record).collect()
}
