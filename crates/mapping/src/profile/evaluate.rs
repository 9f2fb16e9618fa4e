//! What results say of columns and drivers.

use bss2_core::ArrayGeometry;
use ndarray::{Array1, Array2, Axis, s};

use super::fit::{Fit, median};
use super::{ColumnProfile, DriverProfile, HemisphereProfile, ProfileProtocol};

/// What came of one random matrix.
pub(super) struct RandomRun {
    weights: Array2<f64>,
    activations: Array2<f64>,
    /// Mean results over repetitions.
    means: Array2<f64>,
    /// Variance over repetitions by column, averaged over vectors.
    variances: Vec<f64>,
    /// Variance over repetitions of the mean of all columns.
    common_variance: f64,
    repeats: usize,
}

impl RandomRun {
    pub(super) fn new(weights: &Array2<i8>, vectors: &Array2<u8>, results: &Array2<i8>) -> Self {
        let count = vectors.nrows();
        let repeats = results.nrows() / count;
        let results = results.mapv(f64::from);
        let mut means = Array2::zeros((count, weights.ncols()));
        let mut variances = vec![0.0; weights.ncols()];
        let mut common_variance = 0.0;
        for (vector, mut mean) in means.outer_iter_mut().enumerate() {
            let of_vector = results.slice(s![vector..;count, ..]);
            mean.assign(&(of_vector.sum_axis(Axis(0)) / repeats as f64));
            for (total, variance) in variances.iter_mut().zip(of_vector.var_axis(Axis(0), 1.0)) {
                *total += variance / count as f64;
            }
            let of_all: Vec<f64> = of_vector
                .outer_iter()
                .filter_map(|row| row.mean())
                .collect();
            common_variance += Array1::from(of_all).var(1.0) / count as f64;
        }
        Self {
            weights: weights.mapv(f64::from),
            activations: vectors.mapv(f64::from),
            means,
            variances,
            common_variance,
            repeats,
        }
    }
}

pub(super) struct RandomRuns {
    pub(super) runs: Vec<RandomRun>,
}

/// What was found of a hemisphere, in absolute units.
pub(super) struct Measured {
    pub(super) columns: Vec<Column>,
    /// Deviation of each driver from the mean, relative.
    drivers: Vec<f64>,
    noise_lsb: Vec<f64>,
    common_noise_lsb: f64,
    residual: Vec<f64>,
    pub(super) linearity_lsb: Vec<f64>,
}

/// In LSB: y = offset + positive · Σ x·w over positive weights + negative · the same over negative ones.
#[derive(Clone, Copy, Default)]
pub(super) struct Column {
    offset: f64,
    positive: f64,
    negative: f64,
}

impl Column {
    pub(super) fn gain(&self) -> f64 {
        0.5 * (self.positive + self.negative)
    }

    /// A weight in LSB per activation unit.
    fn weighed(&self, weight: f64) -> f64 {
        weight
            * if weight > 0.0 {
                self.positive
            } else {
                self.negative
            }
    }
}

impl RandomRuns {
    pub(super) fn evaluate(&self, geometry: ArrayGeometry) -> Measured {
        let count = self.runs.len() as f64;
        let mean_of =
            |value: &dyn Fn(&RandomRun) -> f64| self.runs.iter().map(value).sum::<f64>() / count;
        let columns = geometry.columns();
        let variances = (0..columns).map(|column| mean_of(&|run| run.variances[column]));
        let variances: Vec<f64> = variances.collect();
        // The mean of all columns keeps a share of the noise that is each column's own.
        let own = variances.iter().sum::<f64>() / (columns * columns) as f64;
        let common = (mean_of(&|run| run.common_variance) - own).max(0.0);

        let columns = self.columns(columns);
        let explained: Vec<Explained> = self
            .runs
            .iter()
            .map(|run| run.explained(&columns))
            .collect();
        let drivers = self.drivers(geometry, &explained);
        Measured {
            residual: self.residuals(&explained, &drivers, &variances),
            columns,
            drivers,
            noise_lsb: variances.iter().map(|variance| variance.sqrt()).collect(),
            common_noise_lsb: common.sqrt(),
            linearity_lsb: Vec::new(),
        }
    }

    /// Offset and gains of each column.
    fn columns(&self, count: usize) -> Vec<Column> {
        let mut fits = vec![Fit::default(); count];
        for run in &self.runs {
            let positive = run.activations.dot(&run.weights.map(|w| w.max(0.0)));
            let negative = run.activations.dot(&run.weights.map(|w| w.min(0.0)));
            for ((vector, column), &y) in run.means.indexed_iter() {
                let sums = [positive[[vector, column]], negative[[vector, column]]];
                fits[column].add([1.0, sums[0], sums[1]], y);
            }
        }
        let column = |fit: &Fit| {
            let [offset, positive, negative] = fit.solve().unwrap_or_default();
            Column {
                offset,
                positive,
                negative,
            }
        };
        fits.iter().map(column).collect()
    }

    /// How much more each driver contributes than it should: what columns deviate from what they
    /// should show, in proportion to what the driver sends them.
    fn drivers(&self, geometry: ArrayGeometry, explained: &[Explained]) -> Vec<f64> {
        let mut products = vec![0.0; geometry.inputs()];
        let mut squares = vec![0.0; geometry.inputs()];
        for (run, Explained { weighed, errors }) in self.runs.iter().zip(explained) {
            // Σ over vectors and columns of error · contribution, as a matrix product.
            let pulled = run.activations.t().dot(errors);
            let power = run.activations.map(|x| x * x).sum_axis(Axis(0));
            for driver in 0..geometry.inputs() {
                let weights = weighed.row(driver);
                products[driver] += pulled.row(driver).dot(&weights);
                squares[driver] += power[driver] * weights.dot(&weights);
            }
        }
        let deviations = products.into_iter().zip(squares);
        deviations
            .map(|(product, square)| ratio(product, square))
            .collect()
    }

    /// Error of single products, relative, from what columns, drivers and noise leave unexplained.
    fn residuals(&self, explained: &[Explained], drivers: &[f64], variances: &[f64]) -> Vec<f64> {
        let drivers = Array1::from(drivers.to_vec());
        let mut left = vec![0.0; variances.len()];
        let mut single = vec![0.0; variances.len()];
        for (run, Explained { weighed, errors }) in self.runs.iter().zip(explained) {
            let by_drivers = (&run.activations * &drivers).dot(weighed);
            let squares = run.activations.map(|x| x * x).dot(&weighed.map(|w| w * w));
            for ((vector, column), &error) in errors.indexed_iter() {
                let error: f64 = error - by_drivers[[vector, column]];
                left[column] += error * error - variances[column] / run.repeats as f64;
                single[column] += squares[[vector, column]];
            }
        }
        let relative = left.into_iter().zip(single);
        relative
            .map(|(left, single)| ratio(left, single).max(0.0).sqrt())
            .collect()
    }
}

/// A quotient, 0 where there is nothing to divide by.
fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

/// What columns should show of a random run.
struct Explained {
    /// Weights in LSB per activation unit.
    weighed: Array2<f64>,
    /// Results less what they should be, vectors × columns.
    errors: Array2<f64>,
}

impl RandomRun {
    fn explained(&self, columns: &[Column]) -> Explained {
        let mut weighed = self.weights.clone();
        for mut row in weighed.outer_iter_mut() {
            for (weight, column) in row.iter_mut().zip(columns) {
                *weight = column.weighed(*weight);
            }
        }
        let offsets = Array1::from_iter(columns.iter().map(|column| column.offset));
        let errors = &self.means - &self.activations.dot(&weighed) - offsets;
        Explained { weighed, errors }
    }
}

impl Measured {
    pub(super) fn profile(self, gain_lsb: f64, protocol: &ProfileProtocol) -> HemisphereProfile {
        let usual_noise = median(self.noise_lsb.clone());
        let tolerance = f64::from(protocol.gain_tolerance);
        let columns = self.columns.iter().enumerate().map(|(column, found)| {
            let gain = found.gain() / gain_lsb;
            let noise_lsb = self.noise_lsb[column];
            let works = (gain - 1.0).abs() <= tolerance
                && found.offset.abs() <= f64::from(protocol.offset_tolerance_lsb)
                && noise_lsb <= f64::from(protocol.noise_tolerance) * usual_noise.max(0.1);
            ColumnProfile {
                gain_positive: (found.positive / gain_lsb) as f32,
                gain_negative: (found.negative / gain_lsb) as f32,
                offset_lsb: found.offset as f32,
                noise_lsb: noise_lsb as f32,
                residual: self.residual[column] as f32,
                linearity_lsb: self.linearity_lsb[column] as f32,
                works,
            }
        });
        let drivers = self.drivers.iter().map(|&deviation| DriverProfile {
            gain: (1.0 + deviation) as f32,
            works: deviation.abs() <= tolerance,
        });
        HemisphereProfile {
            columns: columns.collect(),
            drivers: drivers.collect(),
            common_noise_lsb: self.common_noise_lsb as f32,
        }
    }
}
