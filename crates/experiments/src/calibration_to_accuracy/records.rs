//! Every single number, as rows of the table.

use serde::Serialize;

use super::case_results::CaseResults;
use super::imperfection::IMPERFECTIONS;
use super::{EXPERIMENT, Parameters};
use crate::operating_point::NetworkState;
use crate::{CsvFile, ExperimentError, Record};

/// The file with every point on every chip.
pub(super) const POINTS_FILE: &str = "calibration-to-accuracy-points.csv";

#[derive(Serialize)]
struct PointRow<'a> {
    case: &'a str,
    chip_seed: u64,
    point: String,
    settings: String,
    float_percent: f64,
    ideal_percent: f64,
    deployed_percent: f64,
    trained_percent: f64,
    gain_lsb: Option<f64>,
    signal_lsb: Option<f64>,
    noise_percent: Option<f64>,
    gain_spread_percent: Option<f64>,
    offset_spread_percent: Option<f64>,
    deviation_percent: Option<f64>,
    error_percent: Option<f64>,
    clipped_percent: f64,
    working_percent: Option<f64>,
    calibration_ms: f64,
    training_s: f64,
    inference_us: f64,
    inference_uj: f64,
}

/// Left open where there is none: relative to a signal of zero, or where nothing was calibrated.
fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

/// The table with columns of its own.
pub(super) fn points(results: &[CaseResults<'_>]) -> Result<CsvFile, ExperimentError> {
    let rows = results.iter().flat_map(|case| {
        let points = case.points.iter().zip(&case.measured);
        points.flat_map(move |(point, chips)| {
            let chips = case.chip_seeds.iter().zip(case.networks).zip(chips);
            chips.map(move |((&chip_seed, network), measured)| PointRow {
                case: &case.case.name,
                chip_seed,
                point: point.text(),
                settings: point.values_text(),
                float_percent: network.float_percent,
                ideal_percent: network.ideal_percent,
                deployed_percent: measured.deployed.percent,
                trained_percent: measured.trained.percent,
                gain_lsb: finite(measured.gain_lsb()),
                signal_lsb: finite(measured.signal_lsb()),
                noise_percent: finite(measured.noise_percent()),
                gain_spread_percent: finite(measured.gain_spread_percent()),
                offset_spread_percent: finite(measured.offset_spread_percent()),
                deviation_percent: finite(measured.deviation_percent()),
                error_percent: finite(measured.error_percent()),
                clipped_percent: measured.deployed.clipped_percent,
                working_percent: finite(measured.working_percent),
                calibration_ms: measured.calibration_ms,
                training_s: measured.training_s,
                inference_us: measured.trained.inference_us,
                inference_uj: measured.trained.inference_uj,
            })
        })
    });
    CsvFile::of(POINTS_FILE, rows)
}

/// Accuracies and correlations as tidy rows.
pub(super) fn tidy(
    results: &[CaseResults<'_>],
    parameters: &Parameters,
    dataset: &str,
) -> Vec<Record> {
    let mut records = Vec::new();
    for case in results {
        let mut add = |chip_seed: u64, metric: String, value: f64, unit: &str| {
            records.push(Record {
                experiment: EXPERIMENT.name,
                dataset: dataset.to_owned(),
                chip_seed,
                stage: case.case.name.clone(),
                metric,
                index: None,
                value,
                unit: unit.to_owned(),
            });
        };
        for (&seed, network) in parameters.chip_seeds.iter().zip(case.networks) {
            add(
                seed,
                "accuracy/float".to_owned(),
                network.float_percent,
                "%",
            );
            add(
                seed,
                "accuracy/ideal array".to_owned(),
                network.ideal_percent,
                "%",
            );
        }
        for network in NetworkState::BOTH {
            for imperfection in IMPERFECTIONS {
                let correlations = case.correlations(imperfection, network);
                // One per chip, unless ranks do not vary on one.
                if correlations.len() == parameters.chip_seeds.len() {
                    for (&seed, value) in parameters.chip_seeds.iter().zip(correlations) {
                        let name = network.name();
                        add(
                            seed,
                            format!("rank correlation/{}, {name}", imperfection.name),
                            value,
                            "",
                        );
                    }
                }
            }
        }
    }
    records
}
