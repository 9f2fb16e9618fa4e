//! Every single number, as rows of the tidy tables.

use serde::Serialize;

use super::chip_run::ChipRun;
use super::network::StudyNetwork;
use super::{EXPERIMENT, Results};
use crate::{CsvFile, ExperimentError, Record};

/// The file with every layer of every strategy.
pub(super) const LAYERS_FILE: &str = "mapping-strategies-layers.csv";

#[derive(Serialize)]
struct LayerRow<'a> {
    chip_seed: u64,
    strategy: &'a str,
    layer: usize,
    error_lsb: f64,
    signal_lsb: f64,
    expected_error_lsb: Option<f64>,
    expected_signal_lsb: Option<f64>,
    num_sends: u32,
    wait_between_events: u32,
    row_repetition: usize,
    column_copies: usize,
    vectors_at_once: usize,
    passes: usize,
    array_runs: usize,
    utilisation: f64,
    failed_in_use: usize,
}

/// The table of layers.
pub(super) fn layers(results: &Results<'_>) -> Result<CsvFile, ExperimentError> {
    let rows = results.runs.iter().flat_map(|run| {
        let strategies = results.choices.iter().zip(&run.strategies);
        strategies.flat_map(move |(choice, measured)| {
            let layers = measured.iter().flat_map(|measured| &measured.layers);
            layers.enumerate().map(move |(number, layer)| LayerRow {
                chip_seed: run.seed,
                strategy: &choice.name,
                layer: number + 1,
                error_lsb: layer.found.error_lsb,
                signal_lsb: layer.found.signal_lsb,
                expected_error_lsb: layer.expected.map(|expected| expected.error_lsb),
                expected_signal_lsb: layer.expected.map(|expected| expected.signal_lsb),
                num_sends: layer.plan.settings().num_sends(),
                wait_between_events: layer.plan.settings().wait_between_events(),
                row_repetition: layer.plan.coding().row_repetition,
                column_copies: layer.plan.coding().column_copies,
                vectors_at_once: layer.plan.coding().vectors_at_once,
                passes: layer.plan.passes().len(),
                array_runs: layer.plan.runs().count(),
                utilisation: layer.plan.utilisation(),
                failed_in_use: layer.failed_in_use,
            })
        })
    });
    CsvFile::of(LAYERS_FILE, rows)
}

/// The rows of all chips, after those of the network that they share.
pub(super) fn of(results: &Results<'_>) -> Vec<Record> {
    let mut rows = Rows {
        results,
        records: Vec::new(),
    };
    let seed = results.parameters.network_seed;
    let network = &results.network;
    rows.add(seed, "float", "accuracy", None, network.float_percent, "%");
    let ideal = network.ideal_percent;
    rows.add(seed, "ideal array", "accuracy", None, ideal, "%");
    for run in &results.runs {
        rows.add_chip(run);
    }
    rows.records
}

struct Rows<'a> {
    results: &'a Results<'a>,
    records: Vec<Record>,
}

impl Rows<'_> {
    fn add(
        &mut self,
        chip_seed: u64,
        stage: &str,
        metric: &str,
        index: Option<usize>,
        value: f64,
        unit: &str,
    ) {
        self.records.push(Record {
            experiment: EXPERIMENT.name,
            dataset: self.results.data.name.clone(),
            chip_seed,
            stage: stage.to_owned(),
            metric: metric.to_owned(),
            index,
            value,
            unit: unit.to_owned(),
        });
    }

    fn add_chip(&mut self, run: &ChipRun) {
        let seed = run.seed;
        let mut add = |stage: &str, metric: &str, value: f64, unit: &str| {
            self.add(seed, stage, metric, None, value, unit);
        };
        add("profile", "gain per send", run.gain_lsb, "LSB");
        add("profile", "failed rows and columns", run.failed as f64, "1");
        add("profile", "chip time of one timing", run.profile_ms, "ms");
        add("profile", "chip time of all timings", run.profiles_ms, "ms");
        for (choice, measured) in self.results.choices.iter().zip(&run.strategies) {
            let Some(measured) = measured else { continue };
            let mut add = |metric: &str, value: f64, unit: &str| {
                self.add(seed, &choice.name, metric, None, value, unit);
            };
            add("relative error", 100.0 * measured.relative_error(), "%");
            add("accuracy", measured.accuracy_percent, "%");
            add("chip time per image", measured.image_us, "µs");
            add("energy per image", measured.image_uj, "µJ");
            add("chip time of a single image", measured.single_us, "µs");
            add("passes", measured.passes() as f64, "1");
            add("array runs", measured.array_runs() as f64, "1");
            add("utilisation", 100.0 * measured.utilisation(), "%");
            let failed = measured.failed_in_use() as f64;
            add("failed rows and columns in use", failed, "1");
        }
        for remains in &run.remains {
            for (state, value) in [("in order", remains.in_order), ("placed", remains.placed)] {
                let stage = format!("expected of {} alone", remains.cause.name());
                let metric = format!("relative error {state}");
                self.add(seed, &stage, &metric, None, 100.0 * value, "%");
            }
        }
        for result in &run.signed_layer {
            let stage = result.name();
            self.add(
                seed,
                &stage,
                "relative error",
                None,
                100.0 * result.error,
                "%",
            );
            self.add(
                seed,
                &stage,
                "chip time per vector",
                None,
                result.vector_us,
                "µs",
            );
        }
    }
}

/// Layers of all strategies on all chips with what was expected and what was found, relative to the
/// signal, layer by layer.
pub(super) fn expected_and_found(results: &Results<'_>) -> Vec<(String, Vec<(f64, f64)>)> {
    let layers = 0..results.network.layers.len();
    let of_layer = |number: usize| {
        let runs = results.runs.iter();
        let measured = runs.flat_map(|run| run.strategies.iter().flatten());
        let points = measured.filter_map(|measured| {
            let layer = measured.layers.get(number)?;
            let expected = layer.expected?.relative();
            Some((100.0 * expected, 100.0 * layer.found.relative()))
        });
        (StudyNetwork::layer_name(number), points.collect())
    };
    layers.map(of_layer).collect()
}
