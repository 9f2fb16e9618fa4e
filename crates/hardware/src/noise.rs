//! Trial-to-trial noise of a readout.
//!
//! Each multiplication begins with a noisy reset, integrates the OTAs' noise, and ends with a noisy
//! conversion, a part of which all channels of a quadrant share because they share a ramp. (The
//! fourth source, the drivers' comparator jitter, acts on events; see [`driver`](crate::driver).)

use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::error::check_range;

/// Standard deviations of the noise sources, drawn anew for each vector. Assumptions that together
/// make the published 1.2…2 LSB of a single pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseConfig {
    /// CADC noise of each channel, in LSB.
    pub read_lsb: f32,
    /// CADC noise common to a quadrant, in LSB.
    pub ramp_lsb: f32,
    /// Noise of the membrane's reset potential, in LSB.
    pub reset_lsb: f32,
    /// OTA and membrane noise at the registers' reset values, in LSB per √µs of integration; its
    /// variance grows with the OTAs' bias.
    pub integration_lsb_per_sqrt_us: f32,
}

impl Default for NoiseConfig {
    fn default() -> Self {
        Self {
            read_lsb: 1.0,
            ramp_lsb: 0.3,
            reset_lsb: 0.5,
            integration_lsb_per_sqrt_us: 0.35,
        }
    }
}

impl NoiseConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_range("noise.read_lsb", self.read_lsb, 0.0, 50.0)?;
        check_range("noise.ramp_lsb", self.ramp_lsb, 0.0, 50.0)?;
        check_range("noise.reset_lsb", self.reset_lsb, 0.0, 50.0)?;
        check_range(
            "noise.integration_lsb_per_sqrt_us",
            self.integration_lsb_per_sqrt_us,
            0.0,
            50.0,
        )
    }

    /// Variances of one column's own noise in LSB²: a constant part and a part per µs.
    pub(crate) fn column_variance(&self, bias: f32) -> (f32, f32) {
        let constant = self.read_lsb.powi(2) + self.reset_lsb.powi(2);
        (constant, self.integration_lsb_per_sqrt_us.powi(2) * bias)
    }
}
