//! An array that does what a twin says.

use std::sync::Arc;

use bss2_core::product::Onto;
use bss2_core::random::NoiseStream;
use bss2_core::{
    ArrayError, ArrayGeometry, Buffer, MacArray, Region, RunReport, RunRequest, Trial,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};

use super::Twin;
use super::response::Response;
use crate::TrainingError;
use crate::error::check_option;
use crate::product::multiply;

/// How much of its noise a [`TwinArray`] shows.
///
/// The standard deviation of each vector is σ·`factor`·max(0, 1 + `spread`·g), with a standard normal
/// g of its own: training on noise of varying strength makes networks tolerate more of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseInjection {
    /// By what the twin's noise is multiplied, 0…100; default 1.
    pub factor: f32,
    /// Standard deviation of that from vector to vector, relative, 0…10; default 0.
    pub spread: f32,
}

impl Default for NoiseInjection {
    fn default() -> Self {
        Self {
            factor: 1.0,
            spread: 0.0,
        }
    }
}

impl NoiseInjection {
    /// Exact means, rounded.
    pub const NONE: Self = Self {
        factor: 0.0,
        spread: 0.0,
    };

    fn check(self) -> Result<(), TrainingError> {
        check_option("factor", self.factor.into(), 0.0, 100.0)?;
        check_option("spread", self.spread.into(), 0.0, 10.0)
    }
}

/// An array with the response and the noise of a [`Twin`]; it knows the twin's settings only.
#[derive(Clone, Debug)]
pub struct TwinArray {
    twin: Arc<Twin>,
    noise: NoiseInjection,
    hemispheres: Vec<Hemisphere>,
    amplitudes: Buffer<f32>,
    sums: Buffer<f32>,
    events: Vec<f32>,
    normals: Vec<f32>,
}

#[derive(Clone, Debug)]
struct Hemisphere {
    response: Response,
    /// Weights as their columns count them, inputs × columns.
    weights: Array2<f32>,
    /// Variances without events and per event, by column, in LSB².
    variance: Vec<f32>,
    event_variance: Vec<f32>,
}

/// Purposes of random numbers.
#[derive(Clone, Copy)]
enum Source {
    Noise,
    Strength,
}

impl TwinArray {
    /// An array with zero weights, and the twin's own noise.
    pub fn new(twin: impl Into<Arc<Twin>>) -> Self {
        let twin = twin.into();
        let geometry = twin.geometry();
        let responses = Response::of(&twin).into_iter();
        let hemispheres = responses.zip(twin.hemispheres());
        Self {
            noise: NoiseInjection::default(),
            hemispheres: hemispheres
                .map(|(response, of_twin)| Hemisphere {
                    response,
                    weights: Array2::zeros((geometry.inputs(), geometry.columns())),
                    variance: of_twin
                        .columns
                        .iter()
                        .map(|c| c.noise_lsb.powi(2))
                        .collect(),
                    event_variance: of_twin
                        .columns
                        .iter()
                        .map(|c| c.event_variance_lsb2)
                        .collect(),
                })
                .collect(),
            amplitudes: Buffer::new(),
            sums: Buffer::new(),
            events: Vec::new(),
            normals: vec![0.0; geometry.columns()],
            twin,
        }
    }

    /// The twin.
    pub fn twin(&self) -> &Arc<Twin> {
        &self.twin
    }

    /// How much noise it shows.
    pub const fn noise(&self) -> NoiseInjection {
        self.noise
    }

    /// Shows more or less noise from now on.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`] for a factor outside 0…100 or a spread outside 0…10.
    pub fn set_noise(&mut self, noise: NoiseInjection) -> Result<(), TrainingError> {
        noise.check()?;
        self.noise = noise;
        Ok(())
    }
}

impl MacArray for TwinArray {
    fn geometry(&self) -> ArrayGeometry {
        self.twin.geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(self.geometry(), weights)?;
        let Hemisphere {
            response,
            weights: held,
            ..
        } = &mut self.hemispheres[region.hemisphere];
        let shares = response.positive.iter().zip(&response.negative);
        let shares = shares.skip(region.first_column);
        let mut held = held.slice_mut(s![region.input_range(), region.column_range()]);
        for (mut held, weights) in held.outer_iter_mut().zip(weights.outer_iter()) {
            let synapses = held.iter_mut().zip(weights).zip(shares.clone());
            for ((to, &weight), (positive, negative)) in synapses {
                let share = if weight < 0 { negative } else { positive };
                *to = share * f32::from(weight);
            }
        }
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let region = request.region;
        region.check_run(self.geometry(), activations, outputs.dim())?;
        if request.settings != self.twin.settings() {
            return Err(ArrayError::OtherSettings {
                held: self.twin.settings(),
                asked: request.settings,
            });
        }
        let hemisphere = &self.hemispheres[region.hemisphere];
        let mut amplitudes = self.amplitudes.shaped(activations.dim());
        self.events.clear();
        let vectors = amplitudes.outer_iter_mut().zip(activations.outer_iter());
        for (mut to, vector) in vectors {
            let Some(to) = to.as_slice_mut() else {
                unreachable!("rows of a buffer are slices");
            };
            let vector = vector.iter().copied();
            let events = hemisphere
                .response
                .amplitudes(region.first_input, vector, to);
            self.events.push(events);
        }
        let mut sums = self.sums.shaped(outputs.dim());
        let place = s![region.input_range(), region.column_range()];
        let weights = hemisphere.weights.slice(place);
        multiply(
            amplitudes.view(),
            weights.view(),
            Onto::Nothing,
            sums.view_mut(),
        );

        let noise = VectorNoise::new(self.noise, request.trial, region.hemisphere);
        let normals = &mut self.normals[..region.columns];
        let vectors = outputs.outer_iter_mut().zip(sums.outer_iter_mut());
        for (number, ((mut to, mut sums), &events)) in vectors.zip(&self.events).enumerate() {
            let Some(sums) = sums.as_slice_mut() else {
                unreachable!("rows of a buffer are slices");
            };
            hemisphere.respond(region.first_column, events, sums);
            let strength = noise.strength(number);
            if strength > 0.0 {
                noise.fill(number, region.first_column, normals);
                hemisphere.add_noise(region.first_column, events, strength, normals, sums);
            }
            for (to, &y) in to.iter_mut().zip(&*sums) {
                *to = rounded(y);
            }
        }
        Ok(RunReport::default())
    }
}

impl Hemisphere {
    /// Sums of a vector, before their columns' gains, into outputs in LSB.
    fn respond(&self, first_column: usize, events: f32, sums: &mut [f32]) {
        let response = &self.response;
        for (sum, gain) in sums.iter_mut().zip(&response.gain[first_column..]) {
            *sum *= gain;
        }
        if let Some(of_event) = &response.event {
            for (sum, event) in sums.iter_mut().zip(&of_event[first_column..]) {
                *sum += event * events;
            }
        }
        for (column, sum) in (first_column..).zip(sums) {
            *sum = response.curves.output(column, *sum);
        }
    }

    fn add_noise(
        &self,
        first_column: usize,
        events: f32,
        strength: f32,
        normals: &[f32],
        outputs: &mut [f32],
    ) {
        let variances = self.variance[first_column..]
            .iter()
            .zip(&self.event_variance[first_column..]);
        for ((y, (variance, of_event)), normal) in outputs.iter_mut().zip(variances).zip(normals) {
            *y += strength * (variance + events * of_event).sqrt() * normal;
        }
    }
}

/// The noise of one run.
struct VectorNoise {
    injection: NoiseInjection,
    first_vector: u64,
    normals: NoiseStream,
    strengths: NoiseStream,
}

impl VectorNoise {
    fn new(injection: NoiseInjection, trial: Trial, hemisphere: usize) -> Self {
        let stream = |source| NoiseStream::new(trial, hemisphere, source as u64);
        Self {
            injection,
            first_vector: trial.first_vector,
            normals: stream(Source::Noise),
            strengths: stream(Source::Strength),
        }
    }

    fn vector(&self, number: usize) -> u64 {
        self.first_vector.wrapping_add(number as u64)
    }

    /// By what the noise of a vector is multiplied.
    fn strength(&self, number: usize) -> f32 {
        let NoiseInjection { factor, spread } = self.injection;
        if factor == 0.0 || spread == 0.0 {
            return factor;
        }
        let mut normal = [0.0];
        self.strengths.fill(self.vector(number), 0, &mut normal);
        factor * (1.0 + spread * normal[0]).max(0.0)
    }

    fn fill(&self, number: usize, first_column: usize, normals: &mut [f32]) {
        self.normals
            .fill(self.vector(number), first_column, normals);
    }
}

/// Rounds to even and saturates. Near 1.5·2²³, whole numbers are all that `f32` can hold: the sum
/// rounds without a call to the library, which most processors' baseline would need.
#[inline(always)]
fn rounded(y: f32) -> i8 {
    const WHOLE: f32 = 12_582_912.0;
    ((y.clamp(f32::from(i8::MIN), f32::from(i8::MAX)) + WHOLE) - WHOLE) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_that_of_the_library() {
        for step in -1200..=1200_i16 {
            let y = f32::from(step) * 0.125;
            assert_eq!(rounded(y), y.round_ties_even() as i8, "{y}");
        }
    }
}
