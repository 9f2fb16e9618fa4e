//! Gain and noise of an array, by the protocol of the existing software stack's mock mode.

use bss2_core::random::keyed_stream;
use bss2_core::{
    ACTIVATION_MAX, ArrayGeometry, MacArray, NOMINAL_GAIN_LSB, Region, RunRequest, RunSettings,
    Trial, WEIGHT_MAX,
};
use ndarray::Array2;
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::Twin;
use super::check::check_number;
use crate::TrainingError;
use crate::error::check_option;

/// How gain and noise of an array are measured: random normal weights, constant inputs, many
/// repeats. Source: hxtorch's `measure_mock_parameter`.
///
/// Many sends would drive most columns out of the range of outputs: weights and activation are lowered
/// alike, as far as needed for sums of 40 LSB (root mean square) on an array of nominal gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MockProtocol {
    /// Largest standard deviation of the weights, 1…63; default 20 (assumption).
    pub weight_spread: f32,
    /// Largest activation of all inputs, 1…31; default 15 (assumption).
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
/// (standard deviation over the repeats, averaged over the columns). Columns of which an output touches
/// the ends of its range tell neither and are left out. Weights of the array are overwritten.
///
/// # Errors
/// [`TrainingError::TooFewColumns`] unless one column in sixteen stays within the range;
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
    let protocol = protocol.lowered_for(settings, geometry.inputs());
    let activation = f32::from(protocol.activation) * settings.num_sends() as f32;
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
            if outputs.iter().any(|&y| y == i8::MIN || y == i8::MAX) {
                continue;
            }
            let outputs = outputs.mapv(f32::from);
            let sum = activation * weights.iter().map(|&w| f32::from(w)).sum::<f32>();
            if sum != 0.0 {
                ratios.push(outputs.sum() / outputs.len() as f32 / sum);
            }
            deviations.push(outputs.std(1.0));
        }
    }
    let columns = geometry.hemispheres() * geometry.columns();
    let needed = columns.div_ceil(LEAST_SHARE);
    if ratios.len() < needed {
        return Err(TrainingError::TooFewColumns {
            left: ratios.len(),
            columns,
            needed,
        });
    }
    Ok(MockParameters {
        noise_lsb: deviations.iter().sum::<f32>() / deviations.len() as f32,
        gain_lsb: median(ratios),
    })
}

/// Root mean square of the sums on an array of nominal gain, in LSB: a third of the range.
const SIGNAL_LSB: f32 = 40.0;

/// One column in so many must tell the gain.
const LEAST_SHARE: usize = 16;

impl MockProtocol {
    fn check(self) -> Result<(), TrainingError> {
        let (weight_max, activation_max) = (f64::from(WEIGHT_MAX), f64::from(ACTIVATION_MAX));
        check_number("weight_spread", self.weight_spread, true)?;
        check_option("weight_spread", self.weight_spread.into(), 1.0, weight_max)?;
        check_option("activation", self.activation.into(), 1.0, activation_max)?;
        check_option("repeats", self.repeats as f64, 2.0, 1e4)
    }

    /// The same with weaker weights and activations where there are many sends.
    fn lowered_for(mut self, settings: RunSettings, inputs: usize) -> Self {
        let of_one = (inputs as f32).sqrt() * settings.num_sends() as f32 * NOMINAL_GAIN_LSB;
        let excess = |protocol: Self| {
            of_one * protocol.weight_spread * f32::from(protocol.activation) / SIGNAL_LSB
        };
        if excess(self) > 1.0 {
            let activation = f32::from(self.activation) / excess(self).sqrt();
            self.activation = (activation as u8).max(1);
            self.weight_spread = (self.weight_spread / excess(self).max(1.0)).max(1.0);
        }
        self
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

fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}
