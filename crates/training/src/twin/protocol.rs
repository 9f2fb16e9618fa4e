//! What is measured of an array to make its twin.

use bss2_core::random::{derive_seed, keyed_stream};
use bss2_core::{
    ACTIVATION_MAX, ArrayPass, ArrayRun, MacArray, NOMINAL_GAIN_LSB, Region, RunRequest,
    RunSettings, Trial, WEIGHT_MAX,
};
use ndarray::{
    Array4, Array5, ArrayView2, ArrayView4, ArrayViewMut1, ArrayViewMut2, ArrayViewMut3,
    ArrayViewMut4, Axis,
};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::Recording;
use super::check::check_number;
use crate::TrainingError;
use crate::error::check_option;

/// How an array is measured for its twin: random weights and activations such as layers have, whose
/// outputs cover the whole range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TwinProtocol {
    /// Random matrices of weights per hemisphere, 2…1000; default 24. Signs are balanced in every
    /// other one, and differ from column to column in the rest. What differs between synapses averages
    /// out over them.
    pub sets: usize,
    /// Random vectors per matrix, 8…10⁴; default 128.
    pub vectors: usize,
    /// Repetitions of each vector, which tell the noise, 2…1000; default 4.
    pub repeats: usize,
    /// Gain that outputs are scaled for, in LSB per activation and weight unit and send; default
    /// [`NOMINAL_GAIN_LSB`].
    pub expected_gain_lsb: f32,
    /// Seed of weights and activations; default 1.
    pub seed: u64,
}

impl Default for TwinProtocol {
    fn default() -> Self {
        Self {
            sets: 24,
            vectors: 128,
            repeats: 4,
            expected_gain_lsb: NOMINAL_GAIN_LSB,
            seed: 1,
        }
    }
}

/// Largest mean sum of a skewed column for a vector of usual strength, in LSB: strong vectors reach
/// well beyond the range of outputs.
const REACH_LSB: f64 = 160.0;

/// Root mean square of balanced sums, in LSB.
const SIGNAL_LSB: f64 = 45.0;

/// Largest spread of weights around a column's mean, in weight units, where signs are balanced; half
/// of it where they are not, to leave room for the mean.
const WEIGHT_SPREAD: f64 = 25.0;

/// Mean activation of a vector that is neither weak nor strong.
const USUAL_ACTIVATION: f64 = 5.0;

/// Root mean square of its activations.
const USUAL_STRENGTH: f64 = 9.0;

impl TwinProtocol {
    /// Measures all columns and drivers of an array that takes signed weights, all hemispheres
    /// together. Weights of the array are overwritten; noise is that of the trial's passes, which
    /// move on.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`] or [`TrainingError::TwinNumber`] for a protocol outside its
    /// ranges or one that asks for more than [`Recording::VALUES_MAX`] values, before anything is run;
    /// [`TrainingError::Array`] if the array refuses.
    pub fn measure(
        &self,
        array: &mut dyn MacArray,
        settings: RunSettings,
        trial: &mut Trial,
    ) -> Result<Recording, TrainingError> {
        self.check()?;
        let geometry = array.geometry();
        let (hemispheres, inputs) = (geometry.hemispheres(), geometry.inputs());
        let columns = geometry.columns();
        let batch = self.vectors * self.repeats;
        self.check_size(hemispheres * batch * columns.max(inputs))?;
        let mut weights = Array4::zeros((hemispheres, self.sets, inputs, columns));
        let mut activations = Array4::zeros((hemispheres, self.sets, self.vectors, inputs));
        self.draw(settings, weights.view_mut(), activations.view_mut());
        let shape = (hemispheres, self.sets, self.repeats, self.vectors, columns);
        let mut outputs = Array5::zeros(shape);
        for set in 0..self.sets {
            let mut measured = outputs.index_axis_mut(Axis(1), set);
            let sent: Vec<_> = (0..hemispheres)
                .map(|h| of_set(activations.view(), h, set))
                .map(|vectors| ndarray::concatenate(Axis(0), &vec![vectors; self.repeats]))
                .collect::<Result<_, _>>()
                .map_err(|error| TrainingError::RecordingArray {
                    array: "activations",
                    reason: error.to_string(),
                })?;
            let mut runs = Vec::with_capacity(hemispheres);
            for (hemisphere, (sent, outputs)) in
                sent.iter().zip(measured.outer_iter_mut()).enumerate()
            {
                let region = Region::whole(geometry, hemisphere);
                array.load_weights(region, of_set(weights.view(), hemisphere, set))?;
                runs.push(ArrayRun {
                    request: RunRequest {
                        region,
                        settings,
                        trial: trial.next_pass(),
                    },
                    activations: sent.view(),
                    outputs: flattened(outputs),
                });
            }
            array.run_passes(&mut [ArrayPass::of_runs(&mut runs)])?;
        }
        Recording::new(settings, weights, activations, outputs)
    }

    fn check(&self) -> Result<(), TrainingError> {
        check_option("sets", self.sets as f64, 2.0, 1000.0)?;
        check_option("vectors", self.vectors as f64, 8.0, 1e4)?;
        check_option("repeats", self.repeats as f64, 2.0, 1000.0)?;
        let gain = self.expected_gain_lsb;
        check_number("expected_gain_lsb", gain, gain > 0.0)
    }

    /// Refuses what would be refused once it was measured.
    fn check_size(&self, of_set: usize) -> Result<(), TrainingError> {
        let values = of_set.saturating_mul(self.sets);
        check_option("values", values as f64, 1.0, Recording::VALUES_MAX as f64)
    }

    fn draw(
        &self,
        settings: RunSettings,
        mut weights: ArrayViewMut4<'_, i8>,
        mut activations: ArrayViewMut4<'_, u8>,
    ) {
        let gain_lsb = f64::from(self.expected_gain_lsb) * f64::from(settings.num_sends());
        let hemispheres = weights.outer_iter_mut().zip(activations.outer_iter_mut());
        for (number, (weights, mut activations)) in hemispheres.enumerate() {
            let mut rng = keyed_stream(derive_seed(self.seed, number as u64), 0);
            draw_weights(&mut rng, gain_lsb, weights);
            for vectors in activations.outer_iter_mut() {
                draw_vectors(&mut rng, vectors);
            }
        }
    }
}

/// What one hemisphere is given in one set.
fn of_set<T>(values: ArrayView4<'_, T>, hemisphere: usize, set: usize) -> ArrayView2<'_, T> {
    values
        .index_axis_move(Axis(0), hemisphere)
        .index_axis_move(Axis(0), set)
}

/// Repeats × vectors × columns as one batch.
fn flattened(outputs: ArrayViewMut3<'_, i8>) -> ArrayViewMut2<'_, i8> {
    let (repeats, vectors, columns) = outputs.dim();
    match outputs.into_shape_with_order((repeats * vectors, columns)) {
        Ok(flat) => flat,
        Err(_) => unreachable!("outputs of a set lie side by side"),
    }
}

/// Weights of a hemisphere, sets × inputs × columns.
fn draw_weights(rng: &mut ChaCha8Rng, gain_lsb: f64, mut weights: ArrayViewMut3<'_, i8>) {
    let (_, inputs, columns) = weights.dim();
    let inputs = inputs as f64;
    let of_one = gain_lsb * inputs.sqrt() * USUAL_STRENGTH;
    let balanced = (SIGNAL_LSB / of_one).clamp(1.0, WEIGHT_SPREAD);
    let limit = f64::from(WEIGHT_MAX);
    let most = REACH_LSB / (gain_lsb * inputs * USUAL_ACTIVATION);
    let most = most.min(limit - 0.5 * balanced);
    for (number, mut set) in weights.outer_iter_mut().enumerate() {
        let (reach, spread) = if number % 2 == 1 {
            (most, 0.5 * balanced)
        } else {
            (0.0, balanced)
        };
        let means: Vec<f64> = (0..columns)
            .map(|_| reach * rng.random_range(-1.0..=1.0))
            .collect();
        for mut row in set.outer_iter_mut() {
            for (weight, mean) in row.iter_mut().zip(&means) {
                let normal: f64 = rng.sample(StandardNormal);
                *weight = (mean + spread * normal).round().clamp(-limit, limit) as i8;
            }
        }
    }
}

/// Vectors × inputs, of different strength and with different numbers of events.
fn draw_vectors(rng: &mut ChaCha8Rng, mut vectors: ArrayViewMut2<'_, u8>) {
    for vector in vectors.outer_iter_mut() {
        draw_vector(rng, vector);
    }
}

fn draw_vector(rng: &mut ChaCha8Rng, mut vector: ArrayViewMut1<'_, u8>) {
    let active_share: f64 = rng.random_range(0.05..=1.0);
    let strongest = rng.random_range(ACTIVATION_MAX / 4..=ACTIVATION_MAX);
    for activation in &mut vector {
        if rng.random_bool(active_share) {
            *activation = rng.random_range(1..=strongest);
        }
    }
}
