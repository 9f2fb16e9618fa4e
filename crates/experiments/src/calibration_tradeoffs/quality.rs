//! Everything that one point shows on one chip.

use bss2_core::RunSettings;
use serde::{Deserialize, Serialize};

use super::dense_load::DenseLoad;
use super::layer::Layer;
use super::ramp::Ramp;

/// Everything that one point shows on one chip; NaN where it was not measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Quality {
    /// Slope of results against exact sums per send, in LSB.
    pub(super) gain_lsb: f64,
    /// Trial-to-trial standard deviation.
    pub(super) noise_lsb: f64,
    /// Standard deviation of gains over columns.
    pub(super) gain_spread_percent: f64,
    /// Standard deviation of offsets over columns.
    pub(super) offset_spread_lsb: f64,
    /// Distance of noise-free results of the layer from their column's line.
    pub(super) deviation_lsb: f64,
    /// Standard deviation of noise-free results of the layer.
    pub(super) signal_lsb: f64,
    /// Distance of single results of the layer from one line for all columns.
    pub(super) error_lsb: f64,
    /// Distance of noise-free results of the ramp from their column's line.
    pub(super) non_linearity_lsb: f64,
    /// Share of the ramp's results that are clipped.
    pub(super) clipped_percent: f64,
    /// How much smaller the gain is under dense load.
    pub(super) lost_percent: f64,
    /// Standard deviation of the synapses of a row.
    pub(super) synapse_spread_percent: f64,
    /// Time constant with which a signal fades on the membrane.
    pub(super) membrane_tau_us: f64,
    /// Gain of the layer sent slowly, relative to the usual pace.
    pub(super) long_gain_percent: f64,
    /// Chip time of the layer per vector.
    pub(super) vector_us: f64,
    /// Chip time of the calibration.
    pub(super) calibration_ms: f64,
    /// Share of columns whose calibration succeeded.
    pub(super) calibrated_percent: f64,
    /// Share of outputs for which the simulation is in doubt.
    pub(super) doubtful_percent: f64,
}

impl Quality {
    /// What the layer, the ramp and the load show.
    pub(super) fn new(layer: &Layer, ramp: &Ramp, load: &DenseLoad, settings: RunSettings) -> Self {
        Self {
            gain_lsb: layer.mac.slope_lsb / f64::from(settings.num_sends()),
            noise_lsb: layer.mac.noise_lsb,
            gain_spread_percent: layer.mac.gain_spread_percent,
            offset_spread_lsb: layer.mac.offset_spread_lsb,
            deviation_lsb: layer.mac.deviation_lsb,
            signal_lsb: layer.mac.signal_lsb,
            error_lsb: layer.mac.error_lsb,
            non_linearity_lsb: ramp.non_linearity_lsb,
            clipped_percent: ramp.clipped_percent,
            lost_percent: load.lost_percent,
            synapse_spread_percent: f64::NAN,
            membrane_tau_us: f64::NAN,
            long_gain_percent: f64::NAN,
            vector_us: layer.vector_us,
            calibration_ms: f64::NAN,
            calibrated_percent: f64::NAN,
            doubtful_percent: f64::NAN,
        }
    }

    /// Signal over trial-to-trial noise.
    pub(super) fn signal_to_noise(&self) -> f64 {
        self.signal_lsb / self.noise_lsb
    }

    /// Signal over everything that is not signal.
    pub(super) fn signal_to_error(&self) -> f64 {
        self.signal_lsb / self.error_lsb
    }
}
