//! What a layer does on a chip as it is at present.

use bss2_core::{MacArray, Trial};
use ndarray::{Array2, Zip};
use serde::{Deserialize, Serialize};

use crate::ExperimentError;
use crate::sample::Sample;
use crate::statistics::root_mean_square;

/// Results of a layer beside the exact products, all in LSB of a single send.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct LayerState {
    /// Slope of the results over the exact products, saturation included.
    pub(super) gain: f64,
    /// Root mean square of the exact products at the gain that the network was scaled for.
    pub(super) signal: f64,
    /// Root mean square of what separates results from that.
    pub(super) error: f64,
    /// Root mean square of what differs from repeat to repeat.
    pub(super) noise: f64,
    /// Root mean square of what the slope's difference from that gain makes of the signal.
    pub(super) gain_error: f64,
}

impl LayerState {
    /// Runs a layer several times.
    pub(super) fn of(
        sample: &Sample,
        array: &mut dyn MacArray,
        gain_per_send_lsb: f64,
        repeats: usize,
        seed: u64,
    ) -> Result<Self, ExperimentError> {
        let exact = sample.exact_products();
        let mut trial = Trial::new(seed);
        let mut sums = Array2::<f64>::zeros(exact.dim());
        let mut squares = sums.clone();
        let mut squared_error = 0.0;
        for _ in 0..repeats {
            let outputs = sample.outputs_lsb(array, &mut trial)?;
            Zip::from(&mut sums)
                .and(&mut squares)
                .and(&outputs)
                .and(&exact)
                .for_each(|sum, square, &y, &exact| {
                    *sum += y;
                    *square += y * y;
                    squared_error += (y - gain_per_send_lsb * exact).powi(2);
                });
        }
        let (count, repeats) = (exact.len() as f64, repeats as f64);
        let means = &sums / repeats;
        let scatter = squares.sum() - repeats * means.mapv(|mean| mean * mean).sum();
        let power = exact.mapv(|exact| exact * exact).sum();
        let gain = (&means * &exact).sum() / power;
        let exact_rms = (power / count).sqrt();
        Ok(Self {
            gain,
            signal: gain_per_send_lsb * exact_rms,
            error: (squared_error / (count * repeats)).sqrt(),
            noise: (scatter / (count * (repeats - 1.0))).sqrt(),
            gain_error: (gain - gain_per_send_lsb).abs() * exact_rms,
        })
    }

    /// The noise relative to what the signal is at the present gain.
    fn noise_to_signal(self, gain_per_send_lsb: f64) -> f64 {
        self.noise / self.signal * gain_per_send_lsb / self.gain
    }
}

/// The layers of a network together: root mean squares over layers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct NetworkState {
    pub(super) error_to_signal: f64,
    pub(super) noise_to_signal: f64,
    /// What stays from repeat to repeat, relative to the signal.
    pub(super) systematic_to_signal: f64,
    /// What a gain other than that of the calibration makes of it.
    pub(super) gain_error_to_signal: f64,
    /// Mean over layers of the slope relative to the gain that they were scaled for.
    pub(super) relative_gain: f64,
}

impl NetworkState {
    pub(super) fn of(layers: &[LayerState], gain_per_send_lsb: f64) -> Self {
        let over = |of: &dyn Fn(&LayerState) -> f64| {
            let values: Vec<f64> = layers.iter().map(of).collect();
            root_mean_square(&values)
        };
        let systematic = |layer: &LayerState| {
            let squares = layer.error.powi(2) - layer.noise.powi(2);
            squares.max(0.0).sqrt() / layer.signal
        };
        let gains = layers.iter().map(|layer| layer.gain / gain_per_send_lsb);
        Self {
            error_to_signal: over(&|layer| layer.error / layer.signal),
            noise_to_signal: over(&|layer| layer.noise_to_signal(gain_per_send_lsb)),
            systematic_to_signal: over(&systematic),
            gain_error_to_signal: over(&|layer| layer.gain_error / layer.signal),
            relative_gain: crate::statistics::mean(&gains.collect::<Vec<_>>()),
        }
    }
}
