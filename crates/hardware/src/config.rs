//! All parameters of a chip in one checked, serialisable place.

use bss2_core::ArrayGeometry;
use bss2_core::random::derive_seed;
use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::cadc::CadcConfig;
use crate::driver::DriverConfig;
use crate::membrane::MembraneConfig;
use crate::noise::NoiseConfig;
use crate::ota::OtaConfig;
use crate::synapse::SynapseConfig;

/// Raw parameters of a simulated chip; [`check`](Self::check) them to use them.
///
/// Unknown keys are refused when a configuration is read; missing ones take the typical value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChipConfig {
    /// Sizes of the array.
    pub geometry: ArrayGeometry,
    /// Synapse drivers.
    pub driver: DriverConfig,
    /// Synapse array.
    pub synapse: SynapseConfig,
    /// Synaptic lines and OTAs.
    pub ota: OtaConfig,
    /// Membranes.
    pub membrane: MembraneConfig,
    /// CADC.
    pub cadc: CadcConfig,
    /// Trial-to-trial noise.
    pub noise: NoiseConfig,
}

impl Default for ChipConfig {
    fn default() -> Self {
        Self::typical()
    }
}

impl ChipConfig {
    /// A typical chip: every parameter at its documented default.
    pub fn typical() -> Self {
        Self {
            geometry: ArrayGeometry::BSS2,
            driver: DriverConfig::default(),
            synapse: SynapseConfig::default(),
            ota: OtaConfig::default(),
            membrane: MembraneConfig::default(),
            cadc: CadcConfig::default(),
            noise: NoiseConfig::default(),
        }
    }

    /// The typical chip without trial-to-trial noise; its mismatch stays.
    #[must_use]
    pub fn without_noise(mut self) -> Self {
        self.driver.jitter_activations = 0.0;
        self.noise = NoiseConfig {
            read_lsb: 0.0,
            ramp_lsb: 0.0,
            reset_lsb: 0.0,
            integration_lsb_per_sqrt_us: 0.0,
        };
        self
    }

    /// A chip without mismatch or failed elements; compression and noise stay.
    #[must_use]
    pub fn without_mismatch(mut self) -> Self {
        self.driver.offset_spread_activations = 0.0;
        self.driver.ramp_gain_spread = 0.0;
        self.driver.ceiling_spread_activations = 0.0;
        self.driver.failure_rate = 0.0;
        self.synapse.smallest_bit_mismatch = 0.0;
        self.synapse.distance_attenuation = 0.0;
        self.ota.gain_spread = 0.0;
        self.ota.offset_spread_lsb_per_us = 0.0;
        self.membrane.residual_leak_log_spread = 0.0;
        self.membrane.end_spread_lsb = 0.0;
        self.cadc.ramp_offset_spread_lsb = 0.0;
        self.cadc.ramp_slope_spread = 0.0;
        self.cadc.channel_offset_spread_lsb = 0.0;
        self.cadc.channel_gain_spread = 0.0;
        self.cadc.non_linearity_lsb = 0.0;
        self.cadc.failure_rate = 0.0;
        self
    }

    /// A number that differs for configurations that differ: part of a chip's identity.
    pub(crate) fn digest(&self) -> u64 {
        // The debug form names every field and value; derive_seed scrambles eight bytes at a time.
        format!("{self:?}")
            .as_bytes()
            .chunks(8)
            .fold(0, |digest, bytes| {
                let mut word = [0; 8];
                word[..bytes.len()].copy_from_slice(bytes);
                derive_seed(digest, u64::from_le_bytes(word))
            })
    }

    /// Validates every parameter.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] names the first parameter that is not a number or lies outside
    /// its range.
    pub fn check(self) -> Result<CheckedConfig, ConfigError> {
        self.driver.check()?;
        self.synapse.check()?;
        self.ota.check()?;
        self.membrane.check()?;
        self.cadc.check()?;
        self.noise.check()?;
        Ok(CheckedConfig(self))
    }
}

/// A configuration whose every parameter lies in its range.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CheckedConfig(ChipConfig);

impl CheckedConfig {
    /// The parameters.
    pub const fn get(&self) -> &ChipConfig {
        &self.0
    }
}
