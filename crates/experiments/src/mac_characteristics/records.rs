//! Every single number of one chip, as rows of tables.

use serde::Serialize;

use super::EXPERIMENT;
use super::chip_run::ChipRun;
use super::fixed_stimulus::Stimulus;
use super::state::State;
use crate::{CsvFile, ExperimentError, Record};

/// The file with the points of the transfer curves.
pub(super) const TRANSFER_FILE: &str = "mac-characteristics-transfer.csv";
/// The file with every column's answers to the published stimuli.
pub(super) const COLUMNS_FILE: &str = "mac-characteristics-columns.csv";
/// The file with what settings and biases change.
pub(super) const SETTINGS_FILE: &str = "mac-characteristics-settings.csv";

#[derive(Serialize)]
struct TransferRow {
    chip_seed: u64,
    state: &'static str,
    weight: i8,
    activation: u8,
    mean_lsb: f64,
    column_deviation_lsb: f64,
    trial_deviation_lsb: f64,
}

#[derive(Serialize)]
struct ColumnRow {
    chip_seed: u64,
    state: &'static str,
    stimulus: &'static str,
    vector: usize,
    column: usize,
    mean_lsb: f64,
    trial_deviation_lsb: f64,
}

#[derive(Serialize)]
struct SettingRow {
    chip_seed: u64,
    state: &'static str,
    setting: &'static str,
    value: f64,
    load: &'static str,
    gain_lsb: f64,
    gain_spread_percent: f64,
    offset_spread_lsb: f64,
    noise_lsb: f64,
    chip_time_us: f64,
}

/// The tables with columns of their own.
pub(super) fn tables(runs: &[ChipRun]) -> Result<Vec<CsvFile>, ExperimentError> {
    Ok(vec![
        CsvFile::of(TRANSFER_FILE, in_each_state(runs, transfer_rows))?,
        CsvFile::of(COLUMNS_FILE, in_each_state(runs, column_rows))?,
        CsvFile::of(SETTINGS_FILE, in_each_state(runs, setting_rows))?,
    ])
}

fn in_each_state<R>(
    runs: &[ChipRun],
    rows: fn(&ChipRun, State) -> Vec<R>,
) -> impl Iterator<Item = R> {
    let states = runs
        .iter()
        .flat_map(|run| State::ALL.map(|state| (run, state)));
    states.flat_map(move |(run, state)| rows(run, state))
}

fn transfer_rows(run: &ChipRun, state: State) -> Vec<TransferRow> {
    let points = run.at(state).transfer.points.iter();
    let row = |point: &super::transfer::Point| TransferRow {
        chip_seed: run.seed,
        state: state.name(),
        weight: point.weight,
        activation: point.activation,
        mean_lsb: point.mean_lsb,
        column_deviation_lsb: point.column_deviation_lsb,
        trial_deviation_lsb: point.trial_deviation_lsb,
    };
    points.map(row).collect()
}

fn column_rows(run: &ChipRun, state: State) -> Vec<ColumnRow> {
    let row = |stimulus: Stimulus, answer: &super::fixed_stimulus::ColumnAnswer| ColumnRow {
        chip_seed: run.seed,
        state: state.name(),
        stimulus: stimulus.name(),
        vector: answer.vector,
        column: answer.column,
        mean_lsb: answer.mean_lsb,
        trial_deviation_lsb: answer.trial_deviation_lsb,
    };
    let stimuli = Stimulus::ALL.into_iter();
    stimuli
        .flat_map(|stimulus| {
            let answers = run.at(state).fixed(stimulus).answers.iter();
            answers.map(move |answer| row(stimulus, answer))
        })
        .collect()
}

fn setting_rows(run: &ChipRun, state: State) -> Vec<SettingRow> {
    let effects = run.at(state).effects.iter();
    let row = |effect: &super::effects::Effect| SettingRow {
        chip_seed: run.seed,
        state: state.name(),
        setting: effect.knob.name(),
        value: effect.value,
        load: effect.load.name(),
        gain_lsb: effect.gain_lsb,
        gain_spread_percent: effect.gain_spread_percent,
        offset_spread_lsb: effect.offset_spread_lsb,
        noise_lsb: effect.noise_lsb,
        chip_time_us: effect.chip_time_us,
    };
    effects.map(row).collect()
}

/// The rows of one chip in the tidy table.
pub(super) fn of(run: &ChipRun) -> Vec<Record> {
    let mut records = Vec::new();
    let mut add = |stage: &str, metric: &str, value: f64, unit: &str| {
        records.push(Record {
            experiment: EXPERIMENT.name,
            dataset: String::new(),
            chip_seed: run.seed,
            stage: stage.to_owned(),
            metric: metric.to_owned(),
            index: None,
            value,
            unit: unit.to_owned(),
        });
    };
    for state in State::ALL {
        let measured = run.at(state);
        let asymmetry = measured.transfer.asymmetry_percent();
        add(
            state.name(),
            "excitatory slope above inhibitory",
            asymmetry,
            "%",
        );
        for stimulus in Stimulus::ALL {
            let (fixed, name) = (measured.fixed(stimulus), stimulus.name());
            let mut add = |metric: &str, value, unit| {
                add(state.name(), &format!("{metric}: {name}"), value, unit);
            };
            add("mean", fixed.mean_lsb(), "LSB");
            add("column spread", fixed.spread_percent(), "%");
            add("noise", fixed.noise_lsb(), "LSB");
        }
    }
    add("calibration", "chip time", run.calibration_ms, "ms");
    add(
        "chip",
        "columns that answer nothing",
        run.dead_columns as f64,
        "columns",
    );
    records
}
