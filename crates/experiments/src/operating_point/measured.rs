//! What a chip shows at an operating point.

use serde::{Deserialize, Serialize};

use crate::mac_quality::MacQuality;
use crate::statistics::{mean, root_mean_square};

/// What one chip shows at an operating point.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Chip time of the calibration, in ms.
    pub(crate) calibration_ms: f64,
    /// Share of columns whose calibration succeeded, in percent.
    pub(crate) working_percent: f64,
    /// How well each layer of the network is multiplied, on inputs of its own.
    pub(crate) layers: Vec<MacQuality>,
    /// Sends of each vector.
    pub(crate) num_sends: u32,
    /// The network as it was trained digitally.
    pub(crate) deployed: OnChip,
    /// The same trained further in the loop.
    pub(crate) trained: OnChip,
    /// Chip time of that training, in s.
    pub(crate) training_s: f64,
}

/// A network on a chip.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct OnChip {
    /// Test accuracy in percent.
    pub(crate) percent: f64,
    /// Share of the array's outputs at the ends of their range, in percent.
    pub(crate) clipped_percent: f64,
    /// Chip time per input, in µs.
    pub(crate) inference_us: f64,
    /// Energy per input, in µJ.
    pub(crate) inference_uj: f64,
}

impl Measured {
    fn over_layers(&self, of: impl Fn(&MacQuality) -> f64) -> Vec<f64> {
        self.layers.iter().map(of).collect()
    }

    /// Slope of results against exact sums per send, in LSB; mean over layers.
    pub(crate) fn gain_lsb(&self) -> f64 {
        mean(&self.over_layers(|layer| layer.slope_lsb)) / f64::from(self.num_sends)
    }

    /// Standard deviation of noise-free results, in LSB; mean over layers.
    pub(crate) fn signal_lsb(&self) -> f64 {
        mean(&self.over_layers(|layer| layer.signal_lsb))
    }

    /// Trial-to-trial noise in % of the signal.
    pub(crate) fn noise_percent(&self) -> f64 {
        self.relative(|layer| layer.noise_lsb)
    }

    /// Spread of gains over columns in % of the gain.
    pub(crate) fn gain_spread_percent(&self) -> f64 {
        root_mean_square(&self.over_layers(|layer| layer.gain_spread_percent))
    }

    /// Spread of offsets over columns in % of the signal.
    pub(crate) fn offset_spread_percent(&self) -> f64 {
        self.relative(|layer| layer.offset_spread_lsb)
    }

    /// What noise-free results depart from their column's line, in % of the signal: synapses, drivers,
    /// non-linearity.
    pub(crate) fn deviation_percent(&self) -> f64 {
        self.relative(|layer| layer.deviation_lsb)
    }

    /// What separates single results from one line for all columns, in % of the signal.
    pub(crate) fn error_percent(&self) -> f64 {
        self.relative(|layer| layer.error_lsb)
    }

    /// In % of the signal, root mean square over layers.
    fn relative(&self, of: impl Fn(&MacQuality) -> f64) -> f64 {
        root_mean_square(&self.over_layers(|layer| 100.0 * of(layer) / layer.signal_lsb))
    }
}
