//! Every single number, as rows of the tables.

use serde::Serialize;

use super::results::Results;
use super::{EXPERIMENT, tables};
use crate::{CsvFile, ExperimentError, Record};

/// The file with every setting that was tried.
pub(super) const TRIALS_FILE: &str = "settings-search-trials.csv";

#[derive(Serialize)]
struct TrialRow<'a> {
    network: &'static str,
    time_factor: f64,
    limit_us: f64,
    strategy: &'static str,
    search_seed: u64,
    trial: usize,
    is_within_limit: bool,
    accuracy_percent: Option<f64>,
    inference_us: Option<f64>,
    inference_uj: Option<f64>,
    settings: &'a str,
    /// Why nothing came of it.
    reason: &'a str,
}

/// Every trial.
pub(super) fn trials(results: &Results<'_>) -> Result<CsvFile, ExperimentError> {
    let texts: Vec<(usize, usize, String)> = results
        .searches
        .iter()
        .enumerate()
        .flat_map(|(place, search)| {
            let tried = search.found.tried.iter().enumerate();
            tried.map(move |(trial, tried)| (place, trial, tables::settings_text(results, tried)))
        })
        .collect();
    let rows = texts.iter().map(|(place, trial, settings)| {
        let search = &results.searches[*place];
        let limit_us = results.limit_us(search.aim);
        let tried = &search.found.tried[*trial];
        TrialRow {
            network: search.aim.state.name(),
            time_factor: search.aim.time_factor,
            limit_us,
            strategy: search.strategy.name(),
            search_seed: search.seed,
            trial: trial + 1,
            is_within_limit: tried.is_within(limit_us),
            accuracy_percent: tried.mean(|on| on.percent),
            inference_us: tried.mean(|on| on.inference_us),
            inference_uj: tried.mean(|on| on.inference_uj),
            settings,
            reason: tried.chips.as_ref().err().map_or("", String::as_str),
        }
    });
    CsvFile::of(TRIALS_FILE, rows)
}

/// Accuracies on fresh chips as tidy rows.
pub(super) fn tidy(results: &Results<'_>, dataset: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut add = |chip_seed, stage: String, metric: &str, index, value, unit: &str| {
        records.push(Record {
            experiment: EXPERIMENT.name,
            dataset: dataset.to_owned(),
            chip_seed,
            stage,
            metric: metric.to_owned(),
            index,
            value,
            unit: unit.to_owned(),
        });
    };
    let chips = &results.parameters.fresh_chips;
    for &aim in &results.parameters.aims {
        let of_usual = (
            format!("{}: usual", aim.text()),
            None,
            Some(results.fresh_usual(aim)),
        );
        let searches = results.searches.iter().filter(|search| search.aim == aim);
        let of_searches = searches.map(|search| {
            let stage = format!("{}: {}", aim.text(), search.strategy.name());
            (
                stage,
                Some(search.seed as usize),
                search.found.fresh.as_deref(),
            )
        });
        for (stage, index, judged) in [of_usual].into_iter().chain(of_searches) {
            for (&seed, judged) in chips.iter().zip(judged.into_iter().flatten()) {
                let on = judged.on_chip;
                add(seed, stage.clone(), "accuracy", index, on.percent, "%");
                add(
                    seed,
                    stage.clone(),
                    "chip time",
                    index,
                    on.inference_us,
                    "µs",
                );
                add(seed, stage.clone(), "energy", index, on.inference_uj, "µJ");
                let ms = judged.calibration_ms;
                add(seed, stage.clone(), "calibration time", index, ms, "ms");
            }
        }
    }
    records
}
