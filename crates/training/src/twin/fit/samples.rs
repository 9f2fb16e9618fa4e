//! What a recording says of one hemisphere.

use bss2_core::ACTIVATION_MAX;
use ndarray::{Array2, ArrayView3, Axis, s};

use super::super::curve::{Curves, Knots};
use super::super::{HemisphereTwin, Recording};
use super::HemisphereFit;
use crate::product::{laid_out, product};

/// Means and variances of a hemisphere's outputs, with what made them.
pub(super) struct Samples {
    pub(super) inputs: usize,
    pub(super) columns: usize,
    pub(super) repeats: usize,
    pub(super) sets: Vec<Set>,
}

/// One matrix of weights.
pub(super) struct Set {
    /// Inputs × columns: positive weights, and magnitudes of negative ones.
    pub(super) positive: Array2<f32>,
    pub(super) negative: Array2<f32>,
    /// Vectors × inputs.
    pub(super) activations: Array2<u8>,
    /// Events by vector.
    pub(super) events: Vec<f32>,
    /// Vectors × columns, in LSB; NaN where an output was at an end of its range.
    pub(super) means: Array2<f32>,
    /// The same, those included.
    pub(super) all_means: Array2<f32>,
    /// Vectors × columns, over the repeats, in LSB².
    pub(super) variances: Array2<f32>,
}

/// Sums of amplitudes and weights of one sign, vectors × columns.
pub(super) struct Sums {
    pub(super) positive: Array2<f32>,
    pub(super) negative: Array2<f32>,
}

/// Means beyond these could be those of outputs of which one was about to saturate.
const HIGHEST_MEAN_LSB: f32 = 122.0;

impl Samples {
    pub(super) fn new(recording: &Recording, hemisphere: usize) -> Self {
        let (_, sets, repeats, _, columns) = recording.outputs.dim();
        let set = |number| {
            let weights = recording.weights.slice(s![hemisphere, number, .., ..]);
            let activations = recording.activations.slice(s![hemisphere, number, .., ..]);
            let outputs = recording.outputs.slice(s![hemisphere, number, .., .., ..]);
            let events = activations.outer_iter();
            let events = events.map(|v| v.iter().filter(|&&x| x > 0).count() as f32);
            let [all_means, means, variances] = statistics(outputs);
            Set {
                positive: weights.mapv(|w| f32::from(w.max(0))),
                negative: weights.mapv(|w| f32::from(-w.min(0))),
                activations: activations.to_owned(),
                events: events.collect(),
                means,
                all_means,
                variances,
            }
        };
        Self {
            inputs: recording.geometry().inputs(),
            columns,
            repeats,
            sets: (0..sets).map(set).collect(),
        }
    }

    /// What a column puts out on average, ends of the range included.
    pub(super) fn mean_output(&self, column: usize) -> f32 {
        let (mut total, mut count) = (0.0, 0.0_f32);
        for set in &self.sets {
            for &mean in set.all_means.column(column) {
                total += mean;
                count += 1.0;
            }
        }
        total / count.max(1.0)
    }

    /// How the twin's means differ from those measured.
    pub(super) fn compare(&self, knots: Knots, twin: &HemisphereTwin) -> HemisphereFit {
        let curves = Curves::new(knots, twin);
        let mut columns = vec![Comparison::default(); self.columns];
        for set in &self.sets {
            let sums = set.sums(twin);
            for ((v, c), &mean) in set.means.indexed_iter() {
                if mean.is_nan() {
                    continue;
                }
                let sum = twin.sum(c, sums.at(v, c), set.events[v]);
                columns[c].add(mean, curves.output(c, sum), set.variances[[v, c]]);
            }
        }
        let total = columns.iter().map(|c| c.count).sum::<f64>();
        let possible: usize = self.sets.iter().map(|set| set.means.len()).sum();
        let errors: f64 = columns.iter().map(|c| c.squares).sum();
        let mean = columns.iter().map(|c| c.mean).sum::<f64>() / total.max(1.0);
        let square = columns.iter().map(|c| c.mean_square).sum::<f64>() / total.max(1.0);
        let signal = total * (square - mean * mean);
        let root = |sum: f64, count: f64| (sum / count.max(1.0)).sqrt() as f32;
        let dead = |works: Vec<bool>| (0..works.len()).filter(|&i| !works[i]).collect();
        HemisphereFit {
            rms_error_lsb: columns.iter().map(|c| root(c.squares, c.count)).collect(),
            noise_of_means_lsb: columns
                .iter()
                .map(|c| root(c.variance, c.count * self.repeats as f64))
                .collect(),
            explained: (1.0 - errors / signal.max(f64::MIN_POSITIVE)) as f32,
            used: (total / possible.max(1) as f64) as f32,
            dead_columns: dead(twin.columns.iter().map(|c| c.works).collect()),
            dead_drivers: dead(twin.drivers.iter().map(|d| d.works).collect()),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Comparison {
    count: f64,
    squares: f64,
    variance: f64,
    mean: f64,
    mean_square: f64,
}

impl Comparison {
    fn add(&mut self, measured: f32, predicted: f32, variance: f32) {
        let measured = f64::from(measured);
        self.count += 1.0;
        self.squares += (measured - f64::from(predicted)).powi(2);
        self.variance += f64::from(variance);
        self.mean += measured;
        self.mean_square += measured * measured;
    }
}

impl Set {
    /// Sums with the amplitudes of a twin.
    pub(super) fn sums(&self, twin: &HemisphereTwin) -> Sums {
        let mut amplitudes = Array2::zeros(self.activations.dim());
        for (mut amplitudes, activations) in amplitudes
            .outer_iter_mut()
            .zip(self.activations.outer_iter())
        {
            let sent = activations.iter().zip(&twin.drivers);
            for (amplitude, (&x, driver)) in amplitudes.iter_mut().zip(sent) {
                *amplitude = driver.amplitudes[usize::from(x.min(ACTIVATION_MAX))];
            }
        }
        Sums {
            positive: product(&amplitudes, &laid_out(self.positive.view())),
            negative: product(&amplitudes, &laid_out(self.negative.view())),
        }
    }
}

impl Sums {
    /// Sums of positive and negative weights of a vector on a column.
    #[inline(always)]
    pub(super) fn at(&self, vector: usize, column: usize) -> [f32; 2] {
        [
            self.positive[[vector, column]],
            self.negative[[vector, column]],
        ]
    }
}

impl HemisphereTwin {
    /// The linear sum of a column, in LSB.
    #[inline(always)]
    pub(super) fn sum(&self, column: usize, [positive, negative]: [f32; 2], events: f32) -> f32 {
        let column = &self.columns[column];
        column.excitatory_lsb * positive - column.inhibitory_lsb * negative
            + column.event_lsb * events
    }
}

/// Means, means of outputs that are all off their ends, and variances, of outputs (repeats × vectors ×
/// columns).
fn statistics(outputs: ArrayView3<'_, i8>) -> [Array2<f32>; 3] {
    let repeats = outputs.len_of(Axis(0)) as f32;
    let (_, vectors, columns) = outputs.dim();
    let mut means = Array2::<f32>::zeros((vectors, columns));
    let mut squares = Array2::<f32>::zeros((vectors, columns));
    for outputs in outputs.outer_iter() {
        means.zip_mut_with(&outputs, |mean, &y| *mean += f32::from(y) / repeats);
    }
    for outputs in outputs.outer_iter() {
        ndarray::Zip::from(&mut squares)
            .and(&means)
            .and(&outputs)
            .for_each(|square, &mean, &y| *square += (f32::from(y) - mean).powi(2));
    }
    squares /= (repeats - 1.0).max(1.0);
    let all_means = means.clone();
    for outputs in outputs.outer_iter() {
        means.zip_mut_with(&outputs, |mean, &y| {
            if y == i8::MIN || y == i8::MAX || mean.abs() > HIGHEST_MEAN_LSB {
                *mean = f32::NAN;
            }
        });
    }
    [all_means, means, squares]
}
