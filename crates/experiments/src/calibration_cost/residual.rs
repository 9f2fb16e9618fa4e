//! The mismatch that a chip shows, measured through multiplications alone.

use bss2_core::random::keyed_stream;
use bss2_core::{Baseline, ChipControl, RunSettings, WEIGHT_MAX};
use bss2_hardware::SimulatedChip;
use ndarray::{Array2, Axis};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::Parameters;
use crate::ExperimentError;
use crate::bench::Bench;
use crate::statistics::{deviation, mean, median, root_mean_square};

/// How far columns and drivers lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Residual {
    /// Standard deviation of the columns' gains, in % of their mean.
    pub(super) columns_percent: f64,
    /// Standard deviation of the drivers' amplitudes, mean over activations, in % of their mean.
    pub(super) drivers_percent: f64,
    /// Standard deviation of the columns' offsets above their measured baseline, in LSB.
    pub(super) offsets_lsb: f64,
    /// Root mean square of the results without events, above the constant baseline, in LSB.
    pub(super) baselines_lsb: f64,
}

impl Residual {
    /// Measures a chip, whose weights and pending registers it changes: once settled, as it is for
    /// multiplications above a measured baseline.
    pub(super) fn of(
        mut chip: SimulatedChip,
        trial_seed: u64,
        parameters: &Parameters,
    ) -> Result<Self, ExperimentError> {
        chip.settle()?;
        let mut bench = Bench::new(chip, trial_seed);
        let (mut gains, mut offsets, mut amplitudes) = (Vec::new(), Vec::new(), Vec::new());
        let mut baselines = Vec::new();
        for hemisphere in 0..bench.geometry().hemispheres() {
            for (slope, intercept) in columns(&mut bench, hemisphere, parameters)? {
                gains.push(slope);
                offsets.push(intercept);
            }
            amplitudes.extend(drivers(&mut bench, hemisphere, parameters)?);
            let silence = Array2::zeros((SILENT_RUNS, bench.geometry().inputs()));
            let results = bench.run(hemisphere, RunSettings::default(), silence.view())?;
            let means = results
                .mapv(f64::from)
                .mean_axis(Axis(0))
                .unwrap_or_default();
            baselines.extend(means);
        }
        let least = parameters.least_share * median(gains.iter().copied());
        let works = |gain: &f64| *gain > least;
        let offsets = gains.iter().zip(offsets).filter(|(gain, _)| works(gain));
        let offsets: Vec<f64> = offsets.map(|(_, offset)| offset).collect();
        Ok(Self {
            columns_percent: spread_percent(&gains, parameters),
            drivers_percent: spread_percent(&amplitudes, parameters),
            offsets_lsb: deviation(&offsets),
            baselines_lsb: root_mean_square(&baselines),
        })
    }
}

/// Standard deviation of those that work at all, in % of their mean.
fn spread_percent(values: &[f64], parameters: &Parameters) -> f64 {
    let least = parameters.least_share * median(values.iter().copied());
    let working: Vec<f64> = values.iter().copied().filter(|v| *v > least).collect();
    100.0 * deviation(&working) / mean(&working)
}

/// Slope and intercept of each column's results against the exact products of random vectors with
/// random weights.
fn columns(
    bench: &mut Bench,
    hemisphere: usize,
    parameters: &Parameters,
) -> Result<Vec<(f64, f64)>, ExperimentError> {
    let geometry = bench.geometry();
    let mut random = keyed_stream(hemisphere as u64, STIMULI);
    let shape = (geometry.inputs(), geometry.columns());
    let weights =
        Array2::from_shape_simple_fn(shape, || random.random_range(-WEIGHT_MAX..=WEIGHT_MAX));
    let shape = (parameters.gain_vectors, geometry.inputs());
    let vectors = Array2::from_shape_simple_fn(shape, || random.random_range(0..=31_u8));
    bench.load(hemisphere, weights.view())?;
    let settings = RunSettings::default().with_baseline(Baseline::Measured);
    let outputs = bench.run(hemisphere, settings, vectors.view())?;
    let exact = vectors.mapv(f64::from).dot(&weights.mapv(f64::from));
    let columns = exact.columns().into_iter().zip(outputs.columns());
    Ok(columns
        .map(|(exact, outputs)| {
            let points = exact.iter().zip(outputs).map(|(x, &y)| (*x, y));
            crate::statistics::line(&points.collect::<Vec<_>>())
        })
        .collect())
}

/// Runs without events that are averaged.
const SILENT_RUNS: usize = 32;

/// Key of the random stimuli, the same for all chips.
const STIMULI: u64 = 0xca11;

/// Amplitude of each driver alone at full weight, mean over activations and columns, in LSB.
fn drivers(
    bench: &mut Bench,
    hemisphere: usize,
    parameters: &Parameters,
) -> Result<Vec<f64>, ExperimentError> {
    let drivers = bench.geometry().inputs();
    bench.load_uniform(hemisphere, WEIGHT_MAX)?;
    let settings = RunSettings::new(
        parameters.driver_sends,
        RunSettings::default().wait_between_events(),
    )?
    .with_baseline(Baseline::Measured);
    let mut amplitudes = vec![0.0; drivers];
    for &activation in &parameters.driver_activations {
        let each_alone = Array2::from_diag_elem(drivers, activation);
        let outputs = bench.run(hemisphere, settings, each_alone.view())?;
        let means = outputs
            .mapv(f64::from)
            .mean_axis(Axis(1))
            .unwrap_or_default();
        for (amplitude, mean) in amplitudes.iter_mut().zip(means) {
            *amplitude += mean / parameters.driver_activations.len() as f64;
        }
    }
    Ok(amplitudes)
}
