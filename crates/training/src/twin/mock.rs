//! Gain and noise of an array, by the protocol of the existing software stack's mock mode.

use bss2_core::random::keyed_stream;
use bss2_core::{
    ACTIVATION_MAX, ArrayGeometry, MacArray, Region, RunRequest, RunSettings, Trial, WEIGHT_MAX,
};
use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::Twin;
use super::check::check_number;
use crate::TrainingError;
use crate::error::check_option;

/// How gain and noise of an array are measured: random normal weights, constant inputs, many
/// repeats. Source: hxtorch's `measure_mock_parameter`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MockProtocol {
    /// Standard deviation of the weights, 1…63; default 20 (assumption).
    pub weight_spread: f32,
    /// The activation of all inputs, 1…31; default 15 (assumption).
    pub activation: u8,
    /// Repeats, 2…10⁴; default 100.
    pub repeats: usize,
    /// Seed of the weights; default 1.
    pub seed: u64,
}

impl Default for MockProtocol {
    fn default() -> Self {
        Self {
            weight_spread: 20.0,
            activation: 15,
            repeats: 100,
            seed: 1,
        }
    }
}

/// What the mock of an array takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MockParameters {
    /// Gain in LSB per activation and weight unit and send.
    pub gain_lsb: f32,
    /// Standard deviation of an output from trial to trial, in LSB.
    pub noise_lsb: f32,
}

impl MockParameters {
    /// The twin of a mock with these parameters.
    ///
    /// # Errors
    /// As [`Twin::mock`].
    pub fn twin(
        self,
        geometry: ArrayGeometry,
        settings: RunSettings,
    ) -> Result<Twin, TrainingError> {
        Twin::mock(geometry, self.gain_lsb, self.noise_lsb, settings)
    }
}

/// Measures gain (median over the columns of mean outputs divided by exact sums, per send) and noise
/// (standard deviation over the repeats, averaged over the columns). Weights of the array are
/// overwritten.
///
/// # Errors
/// [`TrainingError::OptionOutOfRange`] or [`TrainingError::TwinNumber`] for a protocol outside its
/// ranges; [`TrainingError::Array`] if the array refuses.
pub fn measure_mock(
    array: &mut dyn MacArray,
    settings: RunSettings,
    protocol: MockProtocol,
    trial: &mut Trial,
) -> Result<MockParameters, TrainingError> {
    protocol.check()?;
    let geometry = array.geometry();
    let shape = (geometry.inputs(), geometry.columns());
    let mut ratios = Vec::new();
    let mut deviations = Vec::new();
    for hemisphere in 0..geometry.hemispheres() {
        let weights = protocol.weights(hemisphere, shape);
        let region = Region::whole(geometry, hemisphere);
        array.load_weights(region, weights.view())?;
        let vectors = Array2::from_elem((protocol.repeats, shape.0), protocol.activation);
        let mut outputs = Array2::zeros((protocol.repeats, shape.1));
        let request = RunRequest {
            region,
            settings,
            trial: trial.next_pass(),
        };
        array.run(&request, vectors.view(), outputs.view_mut())?;
        for (weights, outputs) in weights.columns().into_iter().zip(outputs.columns()) {
            let weights = weights.iter().map(|&w| f32::from(w)).sum::<f32>();
            let sum = weights * f32::from(protocol.activation) * settings.num_sends() as f32;
            let mean = outputs.iter().map(|&y| f32::from(y)).sum::<f32>() / outputs.len() as f32;
            if sum != 0.0 {
                ratios.push(mean / sum);
            }
        }
        deviations.push(mean_deviation(outputs.view()));
    }
    Ok(MockParameters {
        gain_lsb: median(ratios),
        noise_lsb: deviations.iter().sum::<f32>() / deviations.len() as f32,
    })
}

impl MockProtocol {
    fn check(self) -> Result<(), TrainingError> {
        let (weight_max, activation_max) = (f64::from(WEIGHT_MAX), f64::from(ACTIVATION_MAX));
        check_number("weight_spread", self.weight_spread, true)?;
        check_option("weight_spread", self.weight_spread.into(), 1.0, weight_max)?;
        check_option("activation", self.activation.into(), 1.0, activation_max)?;
        check_option("repeats", self.repeats as f64, 2.0, 1e4)
    }

    fn weights(self, hemisphere: usize, shape: (usize, usize)) -> Array2<i8> {
        let mut rng = keyed_stream(self.seed, hemisphere as u64);
        let limit = f32::from(WEIGHT_MAX);
        Array2::from_shape_simple_fn(shape, || {
            let normal: f32 = rng.sample(StandardNormal);
            (self.weight_spread * normal).round().clamp(-limit, limit) as i8
        })
    }
}

/// Standard deviation of each column's outputs (repeats × columns), averaged.
fn mean_deviation(outputs: ArrayView2<'_, i8>) -> f32 {
    let outputs = outputs.mapv(f32::from);
    outputs.std_axis(Axis(0), 1.0).mean().unwrap_or(0.0)
}

fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}
