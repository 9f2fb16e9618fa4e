//! Measuring a profile with nothing but weights in and results out.

use bss2_core::random::{derive_seed, keyed_stream};
use bss2_core::{
    ACTIVATION_MAX, MacArray, NOMINAL_GAIN_LSB, Region, RunRequest, RunSettings, Trial, WEIGHT_MAX,
};
use ndarray::{Array2, Axis};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::evaluate::{Column, RandomRun, RandomRuns};
use super::fit::{Fit, median};
use super::{ArrayProfile, LINEARITY_LSB};
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
