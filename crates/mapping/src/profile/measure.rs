//! Measuring a profile with nothing but weights in and results out.

use bss2_core::random::{derive_seed, keyed_stream};
use bss2_core::{
    ACTIVATION_MAX, ArrayGeometry, MacArray, NOMINAL_GAIN_LSB, Region, RunRequest, RunSettings,
    Trial, WEIGHT_MAX,
};
use ndarray::{Array1, Array2, Axis, s};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::fit::{Fit, median};
use super::{ArrayProfile, ColumnProfile, DriverProfile, HemisphereProfile, LINEARITY_LSB};
use crate::MappingError;

/// How a profile is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileProtocol {
    /// Random matrices of weights, 1…100. The spread of synapses averages out over them.
    pub matrices: usize,
    /// Random vectors per matrix, 8…10⁴; at most 2¹³ over all matrices.
    pub vectors: usize,
    /// Repetitions of each vector, 2…1000; at most 2¹⁴ vectors with their repetitions.
    pub repeats: usize,
    /// Gain that results are scaled for, in LSB per activation and weight unit and send.
    pub expected_gain_lsb: f32,
    /// Largest deviation of a working element's gain from the median, relative (assumption).
    pub gain_tolerance: f32,
    /// Largest offset of a working column, in LSB (assumption).
    pub offset_tolerance_lsb: f32,
    /// Largest noise of a working column, in multiples of the median (assumption).
    pub noise_tolerance: f32,
}

impl Default for ProfileProtocol {
    fn default() -> Self {
        Self {
            matrices: 4,
            vectors: 48,
            repeats: 8,
            expected_gain_lsb: NOMINAL_GAIN_LSB,
            gain_tolerance: 0.4,
            offset_tolerance_lsb: 40.0,
            noise_tolerance: 4.0,
        }
    }
}

/// Root mean square that random results are scaled to, in LSB: well above the noise, well within the
/// linear range.
const SIGNAL_LSB: f64 = 25.0;

/// Largest share of random results at the ends of their range: failed columns may stick there.
const SATURATION_MAX: f64 = 0.05;

/// Results of either sign at which linearity is measured, in LSB.
const LEVELS_LSB: [f64; 5] = [0.0, 25.0, 50.0, 75.0, 100.0];

/// A bend is small beside the noise: it is measured so many times as often as the rest.
const LINEARITY_REPEATS: usize = 4;

impl ProfileProtocol {
    /// Measures all columns and drivers of an array that takes signed weights.
    ///
    /// Random weights and activations tell gains and offset of columns (least squares of their results),
    /// gain of drivers (what is left, compared with what each contributed), noise (from repetition)
    /// and residual error (what is left then); equal weights on all rows tell linearity. Weights of
    /// the array are overwritten.
    ///
    /// # Errors
    /// [`MappingError::OptionOutOfRange`] or [`MappingError::ProfileNumber`] for a protocol outside its
    /// ranges; [`MappingError::ProfileSaturates`] if results reach the ends of their range;
    /// [`MappingError::NothingWorks`] if no column or no driver of a hemisphere can be used;
    /// [`MappingError::Array`] if the array refuses.
    pub fn measure(
        &self,
        array: &mut dyn MacArray,
        settings: RunSettings,
        seed: u64,
    ) -> Result<ArrayProfile, MappingError> {
        self.check()?;
        let geometry = array.geometry();
        let mut trial = Trial::new(derive_seed(seed, 1));
        let mut measured = Vec::with_capacity(geometry.hemispheres());
        for hemisphere in 0..geometry.hemispheres() {
            let mut bench = Bench {
                array: &mut *array,
                region: Region::whole(geometry, hemisphere),
                settings,
                trial: &mut trial,
            };
            let random = self.run_random(&mut bench, derive_seed(seed, 2 + hemisphere as u64))?;
            let mut found = random.evaluate(geometry);
            let gain_lsb = median(found.columns.iter().map(Column::gain).collect());
            found.linearity_lsb = self.measure_linearity(&mut bench, gain_lsb)?;
            measured.push(found);
        }
        let gains = measured
            .iter()
            .flat_map(|h| h.columns.iter().map(Column::gain));
        let gain_lsb = median(gains.collect());
        let profiles = measured
            .into_iter()
            .enumerate()
            .map(|(number, hemisphere)| {
                let profile = hemisphere.profile(gain_lsb, self);
                let works = profile.columns.iter().any(|c| c.works)
                    && profile.drivers.iter().any(|d| d.works);
                if works {
                    Ok(profile)
                } else {
                    Err(MappingError::NothingWorks { hemisphere: number })
                }
            });
        let hemispheres = profiles.collect::<Result<_, _>>()?;
        ArrayProfile::new(geometry, settings, gain_lsb as f32, hemispheres)
    }

    fn check(&self) -> Result<(), MappingError> {
        use crate::error::check_option;
        check_option("matrices", self.matrices as u64, 1, 100)?;
        check_option("vectors", self.vectors as u64, 8, 10_000)?;
        check_option("repeats", self.repeats as u64, 2, 1000)?;
        // What is kept of all matrices, and what a batch takes, stay below 200 MB.
        let kept = (self.matrices * self.vectors) as u64;
        check_option("matrices · vectors", kept, 8, 1 << 13)?;
        let batch = (self.vectors * self.repeats) as u64;
        check_option("vectors · repeats", batch, 16, 1 << 14)?;
        let positive = [
            ("expected_gain_lsb", self.expected_gain_lsb),
            ("gain_tolerance", self.gain_tolerance),
            ("offset_tolerance_lsb", self.offset_tolerance_lsb),
            ("noise_tolerance", self.noise_tolerance),
        ];
        for (what, value) in positive {
            super::check_number(what, value, value > 0.0)?;
        }
        Ok(())
    }

    fn gain_lsb(&self, settings: RunSettings) -> f64 {
        f64::from(self.expected_gain_lsb) * f64::from(settings.num_sends())
    }

    /// Random vectors through random weights.
    fn run_random(&self, bench: &mut Bench<'_>, seed: u64) -> Result<RandomRuns, MappingError> {
        let Region {
            inputs, columns, ..
        } = bench.region;
        let mut rng = keyed_stream(seed, 0);
        // Half of the inputs are silent on average: E[x²] = ½·31²/3, E[w²] = w²/3.
        let most = f64::from(ACTIVATION_MAX);
        let of_one = self.gain_lsb(bench.settings) * (inputs as f64 / 18.0).sqrt() * most;
        let largest = (SIGNAL_LSB / of_one).clamp(1.0, f64::from(WEIGHT_MAX)) as i8;
        let mut runs = Vec::with_capacity(self.matrices);
        for _ in 0..self.matrices {
            let weights = Array2::from_shape_simple_fn((inputs, columns), || {
                rng.random_range(-largest..=largest)
            });
            // Vectors of different activity tell offsets from gains that depend on the sign.
            let mut vectors = Array2::zeros((self.vectors, inputs));
            for mut vector in vectors.outer_iter_mut() {
                let active_share: f64 = rng.random();
                for activation in &mut vector {
                    if rng.random_bool(active_share) {
                        *activation = rng.random_range(1..=ACTIVATION_MAX);
                    }
                }
            }
            bench.array.load_weights(bench.region, weights.view())?;
            let repeated = ndarray::concatenate(Axis(0), &vec![vectors.view(); self.repeats]);
            let Ok(repeated) = repeated else {
                unreachable!("equal arrays can be stacked");
            };
            let results = bench.run(&repeated)?;
            check_saturation(&results)?;
            runs.push(RandomRun::new(&weights, &vectors, &results));
        }
        Ok(RandomRuns { runs })
    }

    /// How each column's results bend away from a line towards its ends.
    fn measure_linearity(
        &self,
        bench: &mut Bench<'_>,
        gain_lsb: f64,
    ) -> Result<Vec<f64>, MappingError> {
        let Region {
            inputs, columns, ..
        } = bench.region;
        let repeats = LINEARITY_REPEATS * self.repeats;
        let mut bends = vec![Fit::default(); columns];
        for sign in [-1, 1] {
            let levels = LEVELS_LSB.map(|level| level / gain_lsb.max(1e-9));
            let stimuli = levels.map(|sum| Stimulus::of(sum, inputs));
            let weight = stimuli
                .iter()
                .map(|stimulus| stimulus.weight)
                .max()
                .unwrap_or(1);
            let weights = Array2::from_elem((inputs, columns), weight * sign);
            bench.array.load_weights(bench.region, weights.view())?;
            let vectors = Array2::from_shape_fn((stimuli.len() * repeats, inputs), |(v, i)| {
                stimuli[v / repeats].activation(i, weight)
            });
            let results = bench.run(&vectors)?;
            for (vector, result) in vectors.outer_iter().zip(results.outer_iter()) {
                let total: f64 = vector.iter().map(|&x| f64::from(x)).sum();
                let expected = gain_lsb * total * f64::from(weight * sign);
                for (bend, &y) in bends.iter_mut().zip(result) {
                    let distance = expected / f64::from(LINEARITY_LSB);
                    bend.add([1.0, distance, distance.powi(3)], f64::from(y));
                }
            }
        }
        let cubic = |bend: &Fit| bend.solve().map_or(0.0, |[_, _, cubic]| cubic);
        Ok(bends.iter().map(cubic).collect())
    }
}

/// Refuses results of which more than a few are at the ends of their range.
fn check_saturation(results: &Array2<i8>) -> Result<(), MappingError> {
    let at_ends = results
        .iter()
        .filter(|&&y| y == i8::MIN || y == i8::MAX)
        .count();
    let share = at_ends as f64 / results.len().max(1) as f64;
    if share <= SATURATION_MAX {
        return Ok(());
    }
    Err(MappingError::ProfileSaturates { share })
}

/// Equal weights and activations that make a certain sum.
struct Stimulus {
    sum: f64,
    inputs: usize,
    weight: i8,
}

impl Stimulus {
    fn of(sum: f64, inputs: usize) -> Self {
        let all_active = inputs as f64 * f64::from(ACTIVATION_MAX);
        // Half the largest activation leaves room to meet the sum closely.
        let weight = (2.0 * sum / all_active)
            .ceil()
            .clamp(1.0, f64::from(WEIGHT_MAX));
        Self {
            sum,
            inputs,
            weight: weight as i8,
        }
    }

    /// The activation of an input such that all of them, with this weight, come close to the sum.
    fn activation(&self, input: usize, weight: i8) -> u8 {
        let total = (self.sum / f64::from(weight)).round() as usize;
        let each = total / self.inputs + usize::from(input < total % self.inputs);
        each.min(ACTIVATION_MAX.into()) as u8
    }
}

/// One hemisphere of an array.
struct Bench<'a> {
    array: &'a mut dyn MacArray,
    region: Region,
    settings: RunSettings,
    trial: &'a mut Trial,
}

impl Bench<'_> {
    fn run(&mut self, vectors: &Array2<u8>) -> Result<Array2<i8>, MappingError> {
        let mut results = Array2::zeros((vectors.nrows(), self.region.columns));
        let request = RunRequest {
            region: self.region,
            settings: self.settings,
            trial: self.trial.next_pass(),
        };
        self.array
            .run(&request, vectors.view(), results.view_mut())?;
        Ok(results)
    }
}

/// What came of one random matrix.
struct RandomRun {
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
    fn new(weights: &Array2<i8>, vectors: &Array2<u8>, results: &Array2<i8>) -> Self {
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

struct RandomRuns {
    runs: Vec<RandomRun>,
}

/// What was found of a hemisphere, in absolute units.
struct Measured {
    columns: Vec<Column>,
    /// Deviation of each driver from the mean, relative.
    drivers: Vec<f64>,
    noise_lsb: Vec<f64>,
    common_noise_lsb: f64,
    residual: Vec<f64>,
    linearity_lsb: Vec<f64>,
}

/// In LSB: y = offset + positive · Σ x·w over positive weights + negative · the same over negative ones.
#[derive(Clone, Copy, Default)]
struct Column {
    offset: f64,
    positive: f64,
    negative: f64,
}

impl Column {
    fn gain(&self) -> f64 {
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
    fn evaluate(&self, geometry: ArrayGeometry) -> Measured {
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
    fn profile(self, gain_lsb: f64, protocol: &ProfileProtocol) -> HemisphereProfile {
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
