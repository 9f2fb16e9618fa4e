//! Weights, vectors and the exact sums.

use bss2_core::random::keyed_stream;
use bss2_core::{ACTIVATION_MAX, ArrayGeometry, WEIGHT_MAX};
use ndarray::Array2;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::Stimuli;

/// Weights, vectors and the exact sums of a hemisphere.
pub(super) struct Stimulus {
    pub(super) weights: Array2<i8>,
    pub(super) vectors: Array2<u8>,
    /// Vectors × columns, in units of activation · weight.
    pub(super) sums: Array2<f64>,
}

/// Purposes of the random streams.
#[derive(Clone, Copy)]
enum Purpose {
    Layer,
    Ramp,
    Load,
}

impl Stimulus {
    fn new(weights: Array2<i8>, vectors: Array2<u8>) -> Self {
        let sums = vectors.mapv(f64::from).dot(&weights.mapv(f64::from));
        Self {
            weights,
            vectors,
            sums,
        }
    }

    /// A random layer: magnitudes and activations over their whole ranges, each weight with its
    /// opposite beside it, so that every column's sums vary around zero.
    pub(super) fn layer(geometry: ArrayGeometry, stimuli: &Stimuli) -> Self {
        let mut random = keyed_stream(0, Purpose::Layer as u64);
        let weights = opposites(geometry, &mut random, 0);
        let shape = (stimuli.layer_vectors, geometry.inputs());
        let vectors =
            Array2::from_shape_simple_fn(shape, || random.random_range(0..=ACTIVATION_MAX));
        Self::new(weights, vectors)
    }

    /// A sweep from the most negative to the most positive sum: weights are positive in every other
    /// row and negative in the rest, and activations grow in the ones as they shrink in the others.
    pub(super) fn ramp(geometry: ArrayGeometry, stimuli: &Stimuli) -> Self {
        let mut random = keyed_stream(0, Purpose::Ramp as u64);
        let (inputs, columns) = (geometry.inputs(), geometry.columns());
        let weights = Array2::from_shape_fn((inputs, columns), |(i, _)| {
            let magnitude = random.random_range(stimuli.ramp_least_weight..=WEIGHT_MAX);
            if i % 2 == 0 { magnitude } else { -magnitude }
        });
        let steps = stimuli.ramp_steps.max(2);
        let largest = f64::from(ACTIVATION_MAX);
        let vectors = Array2::from_shape_fn((steps, inputs), |(step, i)| {
            let rising = step as f64 / (steps - 1) as f64;
            let share = if i % 2 == 0 { rising } else { 1.0 - rising };
            let drawn: f64 = random.random();
            // Never zero, which would send no event and change the timing.
            (1.0 + (drawn * largest * share).floor()).min(largest) as u8
        });
        Self::new(weights, vectors)
    }

    /// Strong weights of both signs, each beside its opposite, so that both lines of a column carry
    /// much charge while their difference stays small; and the same with most of the weights zero.
    pub(super) fn load(geometry: ArrayGeometry, stimuli: &Stimuli) -> [Self; 2] {
        let mut random = keyed_stream(0, Purpose::Load as u64);
        let (inputs, columns) = (geometry.inputs(), geometry.columns());
        let dense = opposites(geometry, &mut random, stimuli.load_least_weight);
        // The pairs that keep their weights differ from column to column, so that all rows are alike.
        let thin = Array2::from_shape_fn((inputs, columns), |(i, c)| {
            if (i / 2 + c) % stimuli.load_thinned == 0 {
                dense[[i, c]]
            } else {
                0
            }
        });
        let vectors = Array2::from_shape_simple_fn((stimuli.load_vectors, inputs), || {
            random.random_range(1..=ACTIVATION_MAX)
        });
        [dense, thin].map(|weights| Self::new(weights, vectors.clone()))
    }

    /// Single rows, evenly spaced, one after the other.
    pub(super) fn single_rows(geometry: ArrayGeometry, stimuli: &Stimuli) -> Self {
        let (inputs, columns) = (geometry.inputs(), geometry.columns());
        let weights = Array2::from_elem((inputs, columns), stimuli.single_weight);
        let rows = stimuli.single_rows;
        let vectors = Array2::from_shape_fn((rows, inputs), |(v, i)| {
            if i == v * inputs / rows {
                stimuli.single_activation
            } else {
                0
            }
        });
        Self::new(weights, vectors)
    }
}

/// Weights of random magnitude and sign, each with its opposite in the next row.
fn opposites(geometry: ArrayGeometry, random: &mut ChaCha8Rng, least_magnitude: i8) -> Array2<i8> {
    let (inputs, columns) = (geometry.inputs(), geometry.columns());
    let pairs = Array2::from_shape_simple_fn((inputs.div_ceil(2), columns), || {
        let magnitude = random.random_range(least_magnitude..=WEIGHT_MAX);
        if random.random() {
            magnitude
        } else {
            -magnitude
        }
    });
    Array2::from_shape_fn((inputs, columns), |(i, c)| {
        let weight: i8 = pairs[[i / 2, c]];
        if i % 2 == 0 { weight } else { -weight }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_have_the_same_vectors_and_small_sums() {
        let [dense, thin] = Stimulus::load(ArrayGeometry::BSS2, &Stimuli::default());
        assert_eq!(dense.vectors, thin.vectors);
        let charge = |s: &Stimulus| s.weights.mapv(|w| f64::from(w).abs()).sum();
        assert!((charge(&thin) / charge(&dense) - 0.125).abs() < 1e-3);
        assert!(dense.sums.mapv(f64::abs).mean().unwrap() < 0.1 * charge(&dense) * 16.0 / 256.0);
    }

    #[test]
    fn ramps_rise_and_never_fall_silent() {
        let ramp = Stimulus::ramp(ArrayGeometry::BSS2, &Stimuli::default());
        assert!(
            ramp.vectors
                .iter()
                .all(|&x| (1..=ACTIVATION_MAX).contains(&x))
        );
        let means = ramp.sums.mean_axis(ndarray::Axis(1)).unwrap();
        assert!(means[0] < -30_000.0 && means[means.len() - 1] > 30_000.0);
    }
}
