//! The quantities as tables, charts and texts show them.

use super::quality::Quality;

/// A quantity with its name, unit and decimals.
#[derive(Clone, Copy)]
pub(super) struct Quantity {
    /// Name in tables and texts.
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) decimals: usize,
    pub(super) value: fn(&Quality) -> f64,
}

const fn quantity(
    name: &'static str,
    unit: &'static str,
    decimals: usize,
    value: fn(&Quality) -> f64,
) -> Quantity {
    Quantity {
        name,
        unit,
        decimals,
        value,
    }
}

pub(super) const GAIN: Quantity = quantity("gain per send", "10⁻³ LSB", 3, |q| 1e3 * q.gain_lsb);
pub(super) const NOISE: Quantity = quantity("trial-to-trial noise", "LSB", 2, |q| q.noise_lsb);
pub(super) const GAIN_SPREAD: Quantity =
    quantity("spread of gains", "%", 1, |q| q.gain_spread_percent);
pub(super) const OFFSET_SPREAD: Quantity =
    quantity("spread of offsets", "LSB", 2, |q| q.offset_spread_lsb);
pub(super) const ERROR: Quantity = quantity("total error", "LSB", 2, |q| q.error_lsb);
pub(super) const SIGNAL_TO_NOISE: Quantity =
    quantity("signal to noise", "", 2, Quality::signal_to_noise);
pub(super) const SIGNAL_TO_ERROR: Quantity =
    quantity("signal to total error", "", 2, Quality::signal_to_error);
pub(super) const NON_LINEARITY: Quantity =
    quantity("non-linearity", "LSB", 2, |q| q.non_linearity_lsb);
pub(super) const CLIPPED: Quantity =
    quantity("share of clipped results", "%", 1, |q| q.clipped_percent);
pub(super) const LOST: Quantity =
    quantity("loss of gain under dense load", "%", 1, |q| q.lost_percent);
pub(super) const SYNAPSE_SPREAD: Quantity =
    quantity("spread of synapses", "%", 1, |q| q.synapse_spread_percent);
pub(super) const MEMBRANE_TAU: Quantity = quantity("time constant of membranes", "µs", 1, |q| {
    q.membrane_tau_us
});
pub(super) const LONG_GAIN: Quantity =
    quantity("gain over a long sequence", "%", 1, |q| q.long_gain_percent);
pub(super) const VECTOR_TIME: Quantity =
    quantity("chip time per vector", "µs", 1, |q| q.vector_us);
pub(super) const CALIBRATION_TIME: Quantity =
    quantity("chip time of calibration", "ms", 0, |q| q.calibration_ms);
pub(super) const CALIBRATED: Quantity =
    quantity("calibrated columns", "%", 1, |q| q.calibrated_percent);
