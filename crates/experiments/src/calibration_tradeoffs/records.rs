//! Every single number, as rows of tables.

use serde::Serialize;

use super::EXPERIMENT;
use super::quality::Quality;
use super::results::{AtPoint, Results};
use super::tradeoff::Found;
use crate::{CsvFile, ExperimentError, Record};

/// The file with what every point shows on every chip.
pub(super) const POINTS_FILE: &str = "calibration-tradeoffs-points.csv";

#[derive(Serialize)]
struct PointRow {
    chip_seed: u64,
    knob: &'static str,
    value: f64,
    gain_lsb: Option<f64>,
    noise_lsb: Option<f64>,
    gain_spread_percent: Option<f64>,
    offset_spread_lsb: Option<f64>,
    deviation_lsb: Option<f64>,
    signal_lsb: Option<f64>,
    error_lsb: Option<f64>,
    non_linearity_lsb: Option<f64>,
    clipped_percent: Option<f64>,
    lost_percent: Option<f64>,
    synapse_spread_percent: Option<f64>,
    membrane_tau_us: Option<f64>,
    long_gain_percent: Option<f64>,
    vector_us: Option<f64>,
    calibration_ms: Option<f64>,
    calibrated_percent: Option<f64>,
    doubtful_percent: Option<f64>,
}

impl PointRow {
    fn of(chip_seed: u64, at: &AtPoint<'_>, quality: &Quality) -> Self {
        // Taken apart, so that a quantity that is left out does not compile.
        let Quality {
            gain_lsb,
            noise_lsb,
            gain_spread_percent,
            offset_spread_lsb,
            deviation_lsb,
            signal_lsb,
            error_lsb,
            non_linearity_lsb,
            clipped_percent,
            lost_percent,
            synapse_spread_percent,
            membrane_tau_us,
            long_gain_percent,
            vector_us,
            calibration_ms,
            calibrated_percent,
            doubtful_percent,
        } = *quality;
        // An empty field where something was not measured.
        let measured = |value: f64| value.is_finite().then_some(value);
        Self {
            chip_seed,
            knob: at.point.knob.name(),
            value: at.point.value,
            gain_lsb: measured(gain_lsb),
            noise_lsb: measured(noise_lsb),
            gain_spread_percent: measured(gain_spread_percent),
            offset_spread_lsb: measured(offset_spread_lsb),
            deviation_lsb: measured(deviation_lsb),
            signal_lsb: measured(signal_lsb),
            error_lsb: measured(error_lsb),
            non_linearity_lsb: measured(non_linearity_lsb),
            clipped_percent: measured(clipped_percent),
            lost_percent: measured(lost_percent),
            synapse_spread_percent: measured(synapse_spread_percent),
            membrane_tau_us: measured(membrane_tau_us),
            long_gain_percent: measured(long_gain_percent),
            vector_us: measured(vector_us),
            calibration_ms: measured(calibration_ms),
            calibrated_percent: measured(calibrated_percent),
            doubtful_percent: measured(doubtful_percent),
        }
    }
}

/// The table with columns of its own.
pub(super) fn points(results: &Results) -> Result<CsvFile, ExperimentError> {
    let rows = results.all().flat_map(|at| {
        let chips = results.chip_seeds.iter().zip(at.qualities);
        chips.map(move |(&seed, quality)| PointRow::of(seed, &at, quality))
    });
    CsvFile::of(POINTS_FILE, rows)
}

/// Every expectation on every chip.
pub(super) fn tradeoffs(results: &Results, found: &[Found<'_>]) -> Vec<Record> {
    let rows = found.iter().flat_map(|found| {
        let chips = results.chip_seeds.iter().zip(&found.changes);
        chips.map(|(&chip_seed, &value)| Record {
            experiment: EXPERIMENT.name,
            dataset: String::new(),
            chip_seed,
            stage: format!("{} to {}", found.from.point.text(), found.to.point.text()),
            metric: found.tradeoff.figure(),
            index: None,
            value,
            unit: found.tradeoff.unit().to_owned(),
        })
    });
    rows.filter(|row| row.value.is_finite()).collect()
}
