//! The published trends over temperature, judged by what was measured.

use super::Results;
use super::chip_run::AtCalibration;
use crate::plot::fixed;
use crate::statistics::{Interval, line, mean};

/// A trend.
pub(super) struct Trend {
    /// As published.
    pub(super) claim: &'static str,
    /// What was measured for it.
    pub(super) quantity: &'static str,
    pub(super) unit: &'static str,
    pub(super) decimals: usize,
    /// One number for each chip, the mean over calibrations.
    pub(super) values: Vec<f64>,
    /// The claim is that the number lies above, or below.
    pub(super) expected: Expected,
}

#[derive(Clone, Copy)]
pub(super) enum Expected {
    Above(f64),
    Below(f64),
}

impl Trend {
    /// All that was published.
    pub(super) fn all(results: &Results<'_>) -> Vec<Self> {
        let per_kelvin = |of: fn(&super::temperatures::AtTemperature) -> f64| {
            results.over_calibrations(|_, at| relative_slope(results, at, of))
        };
        let zero = |is_rising| {
            if is_rising {
                Expected::Above(0.0)
            } else {
                Expected::Below(0.0)
            }
        };
        vec![
            Self {
                claim: "gain falls",
                quantity: "change per kelvin of the layers' slope",
                unit: "%",
                decimals: 3,
                values: per_kelvin(|at| at.network.relative_gain),
                expected: zero(false),
            },
            Self {
                claim: "gain falls",
                quantity: "change per kelvin by the published protocol",
                unit: "%",
                decimals: 3,
                values: per_kelvin(|at| f64::from(at.mock.gain_lsb)),
                expected: zero(false),
            },
            Self {
                claim: "σ of the noise falls",
                quantity: "change per kelvin by the published protocol",
                unit: "%",
                decimals: 3,
                values: per_kelvin(|at| f64::from(at.mock.noise_lsb)),
                expected: zero(false),
            },
            Self {
                claim: "noise-to-signal rises slightly",
                quantity: "change per kelvin in the layers",
                unit: "%",
                decimals: 3,
                values: per_kelvin(|at| at.network.noise_to_signal),
                expected: zero(true),
            },
            Self {
                claim: "noise-to-signal rises slightly",
                quantity: "change per kelvin by the published protocol",
                unit: "%",
                decimals: 3,
                values: per_kelvin(|at| f64::from(at.mock.noise_lsb / at.mock.gain_lsb)),
                expected: zero(true),
            },
            Self {
                claim: "error-to-signal rises",
                quantity: "change per kelvin away from the calibration",
                unit: "%",
                decimals: 2,
                values: results.over_calibrations(|number, at| rise(results, number, at)),
                expected: zero(true),
            },
            Self {
                claim: "error-to-signal is least near the calibration temperature",
                quantity: "distance of the least error from it",
                unit: "K",
                decimals: 1,
                values: results.over_calibrations(|number, at| distance(results, number, at)),
                expected: Expected::Below(step(results)),
            },
            Self {
                claim: "systematic shifts dominate",
                quantity: "share in what the squared error grows by, at the temperature farthest away",
                unit: "%",
                decimals: 1,
                values: results.over_calibrations(|number, at| systematic(results, number, at)),
                expected: Expected::Above(50.0),
            },
        ]
    }

    /// Whether the claim holds; `None` if the 95 % interval of the mean leaves it open.
    pub(super) fn holds(&self) -> Option<bool> {
        let interval = Interval::of_mean(&self.values)?;
        let (is_sure, is_refuted) = match self.expected {
            Expected::Above(limit) => (interval.low > limit, interval.high <= limit),
            Expected::Below(limit) => (interval.high < limit, interval.low >= limit),
        };
        match (is_sure, is_refuted) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// The same in a word.
    pub(super) fn verdict(&self) -> &'static str {
        match self.holds() {
            Some(true) => "holds",
            Some(false) => "does not hold",
            None => "is left open",
        }
    }

    /// Mean and interval in words.
    pub(super) fn text(&self) -> String {
        let number = |value| fixed(value, self.decimals);
        let interval = Interval::of_mean(&self.values).map_or_else(String::new, |interval| {
            format!(" ({}…{})", number(interval.low), number(interval.high))
        });
        format!("{}{interval} {}", number(mean(&self.values)), self.unit)
    }
}

/// On how many calibrated chips a number falls from every temperature to the next, and how many there
/// are.
pub(super) fn always_falls(
    results: &Results<'_>,
    of: impl Fn(&super::temperatures::AtTemperature) -> f64,
) -> (usize, usize) {
    let calibrations: Vec<_> = results
        .runs
        .iter()
        .flat_map(|run| &run.calibrations)
        .collect();
    let falls = |at: &&&AtCalibration| {
        let mut steps = at.points.windows(2);
        steps.all(|pair| of(&pair[1]) < of(&pair[0]))
    };
    (
        calibrations.iter().filter(falls).count(),
        calibrations.len(),
    )
}

/// Slope over the temperature relative to the value at the first, in percent per kelvin.
fn relative_slope(
    results: &Results<'_>,
    at: &AtCalibration,
    of: impl Fn(&super::temperatures::AtTemperature) -> f64,
) -> f64 {
    let celsius = results.parameters.celsius.iter().map(|&c| f64::from(c));
    let points: Vec<(f64, f64)> = celsius.zip(at.points.iter().map(of)).collect();
    100.0 * line(&points).0 / points[0].1
}

fn errors(at: &AtCalibration) -> impl Iterator<Item = f64> {
    at.points.iter().map(|point| point.network.error_to_signal)
}

/// By how many kelvin each temperature differs from that of a calibration.
fn distances(results: &Results<'_>, calibration: usize) -> Vec<f64> {
    let own = results.parameters.calibration_celsius[calibration];
    let celsius = results.parameters.celsius.iter();
    celsius
        .map(|&celsius| f64::from((celsius - own).abs()))
        .collect()
}

/// Slope of the error over the distance, relative to the least error, in percent per kelvin.
fn rise(results: &Results<'_>, calibration: usize, at: &AtCalibration) -> f64 {
    let distances = distances(results, calibration);
    let points: Vec<(f64, f64)> = distances.into_iter().zip(errors(at)).collect();
    let least = errors(at).fold(f64::INFINITY, f64::min);
    100.0 * line(&points).0 / least
}

/// How far from the calibration the error is least.
fn distance(results: &Results<'_>, calibration: usize, at: &AtCalibration) -> f64 {
    let distances = distances(results, calibration);
    let points = distances.into_iter().zip(errors(at));
    let least = points.min_by(|a, b| a.1.total_cmp(&b.1));
    least.map_or(f64::NAN, |(distance, _)| distance)
}

/// The step between temperatures: no distance can be told more exactly.
fn step(results: &Results<'_>) -> f64 {
    let steps = results.parameters.celsius.windows(2);
    steps
        .map(|pair| f64::from((pair[1] - pair[0]).abs()))
        .fold(0.0, f64::max)
}

/// Share of systematic differences in what the squared error grows by, from the temperature nearest
/// to that of the calibration to the one farthest away, in percent.
fn systematic(results: &Results<'_>, calibration: usize, at: &AtCalibration) -> f64 {
    let distances = distances(results, calibration);
    let points = || distances.iter().zip(&at.points);
    let nearest = points().min_by(|a, b| a.0.total_cmp(b.0));
    let farthest = points().max_by(|a, b| a.0.total_cmp(b.0));
    let (Some((_, near)), Some((_, far))) = (nearest, farthest) else {
        return f64::NAN;
    };
    let growth = |of: fn(&super::layer_state::NetworkState) -> f64| {
        of(&far.network).powi(2) - of(&near.network).powi(2)
    };
    100.0 * growth(|n| n.systematic_to_signal) / growth(|n| n.error_to_signal)
}
