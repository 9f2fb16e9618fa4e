//! The smooth saturation that a recording shows.

use bss2_core::NOMINAL_GAIN_LSB;
use ndarray::{Array2, s};

use super::Recording;
use crate::{SmoothSaturation, TrainingError};

/// Sums up to here, in LSB, tell the gain at first.
const LINEAR_LSB: f64 = 40.0;

/// Range in which limits are looked for, in LSB: beyond it, outputs are straight.
const LIMITS_LSB: (f64, f64) = (64.0, 2048.0);

/// Steps of the search by golden sections: a factor of 10⁻⁴.
const STEPS: usize = 20;

/// How often limits and gain are found in turn.
const ROUNDS: usize = 4;

/// Sum of products and mean output.
type Point = (f64, f64);

impl SmoothSaturation {
    /// The gain and the limits with which y = L·tanh(gain·Σ x·w / L) comes closest to the mean
    /// outputs of a recording, all columns together, sends included (least squares).
    ///
    /// # Errors
    /// [`TrainingError::NoResponse`] if outputs do not rise with the sums.
    pub fn fit(recording: &Recording) -> Result<Self, TrainingError> {
        let points = points(recording);
        let mut gain = slope(points.iter());
        for _ in 0..ROUNDS {
            gain = slope(
                points
                    .iter()
                    .filter(|(sum, _)| (gain * sum).abs() <= LINEAR_LSB),
            );
        }
        if gain < LEAST_GAIN_LSB {
            return Err(TrainingError::NoResponse);
        }
        let mut limits = [0.0; 2];
        for _ in 0..ROUNDS {
            limits = [-1.0, 1.0].map(|sign| closest_limit(&points, gain * sign, sign));
            gain *= 1.0 + missing_gain(&points, gain, limits);
        }
        let [lowest, highest] = limits;
        Ok(Self {
            gain_lsb: gain as f32,
            lowest_lsb: -lowest as f32,
            highest_lsb: highest as f32,
        })
    }
}

/// Less than this, in LSB per activation and weight unit, is no response.
const LEAST_GAIN_LSB: f64 = 1e-3 * NOMINAL_GAIN_LSB as f64;

/// Slope of a straight line through points by least squares.
fn slope<'a>(points: impl Iterator<Item = &'a Point>) -> f64 {
    let (mut count, mut sums, mut outputs, mut products, mut squares) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for &(sum, y) in points {
        count += 1.0;
        sums += sum;
        outputs += y;
        products += sum * y;
        squares += sum * sum;
    }
    let spread = squares - sums * sums / f64::max(count, 1.0);
    let common = products - sums * outputs / f64::max(count, 1.0);
    if spread > 0.0 { common / spread } else { 0.0 }
}

/// By what part the gain is to grow, to first order.
fn missing_gain(points: &[Point], gain: f64, [lowest, highest]: [f64; 2]) -> f64 {
    let (mut products, mut squares) = (0.0, 0.0);
    for &(sum, y) in points {
        let line = gain * sum;
        let limit = if line < 0.0 { lowest } else { highest };
        let share = (line / limit).tanh();
        let growth = line * (1.0 - share * share);
        products += growth * (y - limit * share);
        squares += growth * growth;
    }
    if squares > 0.0 {
        products / squares
    } else {
        0.0
    }
}

/// The limit of one sign with the least squares, by golden sections of its logarithm.
fn closest_limit(points: &[Point], gain: f64, sign: f64) -> f64 {
    let side = points.iter().map(|&(sum, y)| (gain * sum, sign * y));
    let side: Vec<Point> = side.filter(|&(line, _)| line > 0.0).collect();
    let error = |logarithm: f64| {
        let limit = logarithm.exp();
        let of = |&(line, y): &Point| (limit * (line / limit).tanh() - y).powi(2);
        side.iter().map(of).sum::<f64>()
    };
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = (LIMITS_LSB.0.ln(), LIMITS_LSB.1.ln());
    for _ in 0..STEPS {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if error(left) <= error(right) {
            high = right;
        } else {
            low = left;
        }
    }
    (0.5 * (low + high)).exp()
}

/// Most points that are looked at.
const POINTS_MAX: usize = 1 << 15;

/// Every vector on every column whose outputs stay off their ends, or some of them, evenly spread.
fn points(recording: &Recording) -> Vec<Point> {
    let (hemispheres, sets, _, _, _) = recording.outputs().dim();
    let mut points = Vec::new();
    let all = recording.outputs.len() / recording.outputs.len_of(ndarray::Axis(2));
    let stride = all.div_ceil(POINTS_MAX);
    for (hemisphere, set) in (0..hemispheres).flat_map(|h| (0..sets).map(move |s| (h, s))) {
        let weights = recording.weights.slice(s![hemisphere, set, .., ..]);
        let activations = recording.activations.slice(s![hemisphere, set, .., ..]);
        let sums: Array2<f32> = activations.mapv(f32::from).dot(&weights.mapv(f32::from));
        for ((vector, column), &sum) in sums.indexed_iter() {
            if (vector + column) % stride != 0 {
                continue;
            }
            let outputs = recording
                .outputs
                .slice(s![hemisphere, set, .., vector, column]);
            let is_end = |&y: &i8| y == i8::MIN || y == i8::MAX;
            if !outputs.iter().any(is_end) {
                let total: f64 = outputs.iter().map(|&y| f64::from(y)).sum();
                points.push((f64::from(sum), total / outputs.len() as f64));
            }
        }
    }
    points
}
