//! Synapse driver: an activation becomes the amplitude of an event.
//!
//! The driver compares its 5-bit DAC voltage with a ramp; the pulse lasts until they meet. With
//! d = s·(x − x₀ + κ·(trim − 32)) the amplitude in activation units is
//!
//! a(x) = min(d² / (d + soft), `a_max`) for d > 0, else 0,
//!
//! where s follows the quadrant's ramp current `stp_i_ramp` and its mismatch, x₀ and `a_max` vary
//! per driver, and the trim is the driver's `hagen_dac_offset`. The soft start encodes low codes
//! poorly. A zero activation sends no event.

use bss2_core::{ACTIVATION_MAX, ArrayGeometry, Register, Scope};
use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::error::check_range;
use crate::registers::RegisterFile;
use crate::stream::{Draws, Imperfection, SMALLEST_FACTOR};

/// Parameters of the synapse drivers. Drawn once per chip unless said otherwise; the values are
/// assumptions chosen such that a fresh chip fails and a calibrated one passes the published
/// acceptance limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DriverConfig {
    /// Standard deviation of the DAC offset x₀ over drivers, in activation units. Assumption.
    pub offset_spread_activations: f32,
    /// Step κ of the 6-bit trim `hagen_dac_offset`, in activation units. Assumption.
    pub trim_step_activations: f32,
    /// Relative standard deviation of the ramp current over quadrants. Assumption.
    pub ramp_gain_spread: f32,
    /// Distance over which the amplitude starts softly, in activation units. Qualitatively
    /// published, the value is an assumption.
    pub soft_start_activations: f32,
    /// Amplitude at which the pulse is as long as the address cycle allows, in activation units.
    /// Assumption.
    pub ceiling_activations: f32,
    /// Standard deviation of that amplitude over drivers, in activation units. Assumption.
    pub ceiling_spread_activations: f32,
    /// Comparator jitter per event, in activation units; drawn per trial and event, common to all
    /// columns. Assumption.
    pub jitter_activations: f32,
    /// Share of drivers that send no events. Assumption.
    pub failure_rate: f32,
}

impl Default for DriverConfig {
    fn default() -> Self {
        Self {
            offset_spread_activations: 1.5,
            trim_step_activations: 0.15,
            ramp_gain_spread: 0.05,
            soft_start_activations: 0.3,
            ceiling_activations: 33.0,
            ceiling_spread_activations: 0.5,
            jitter_activations: 0.3,
            failure_rate: 0.001,
        }
    }
}

impl DriverConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_range(
            "driver.offset_spread_activations",
            self.offset_spread_activations,
            0.0,
            31.0,
        )?;
        check_range(
            "driver.trim_step_activations",
            self.trim_step_activations,
            0.0,
            1.0,
        )?;
        check_range("driver.ramp_gain_spread", self.ramp_gain_spread, 0.0, 0.3)?;
        check_range(
            "driver.soft_start_activations",
            self.soft_start_activations,
            0.0,
            10.0,
        )?;
        check_range(
            "driver.ceiling_activations",
            self.ceiling_activations,
            1.0,
            100.0,
        )?;
        check_range(
            "driver.ceiling_spread_activations",
            self.ceiling_spread_activations,
            0.0,
            10.0,
        )?;
        check_range(
            "driver.jitter_activations",
            self.jitter_activations,
            0.0,
            10.0,
        )?;
        check_range("driver.failure_rate", self.failure_rate, 0.0, 1.0)
    }
}

/// The drivers of one chip.
#[derive(Clone, Debug)]
pub(crate) struct Drivers {
    offset: Vec<f32>,
    ceiling: Vec<f32>,
    failed: Vec<bool>,
    ramp_gain: Vec<f32>,
}

impl Drivers {
    pub(crate) fn draw(config: &DriverConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let drivers = Scope::Driver.instances(geometry);
        let quadrants = Scope::Quadrant.instances(geometry);
        let scaled = |imperfection, count, mean: f32, spread: f32| -> Vec<f32> {
            let normals = Draws::new(seed, imperfection).normals(count);
            normals.iter().map(|n| mean + spread * n).collect()
        };
        Self {
            offset: scaled(
                Imperfection::DriverOffset,
                drivers,
                0.0,
                config.offset_spread_activations,
            ),
            ceiling: scaled(
                Imperfection::DriverCeiling,
                drivers,
                config.ceiling_activations,
                config.ceiling_spread_activations,
            ),
            failed: Draws::new(seed, Imperfection::DriverFailure)
                .uniforms(drivers)
                .iter()
                .map(|&u| u < config.failure_rate)
                .collect(),
            ramp_gain: scaled(
                Imperfection::RampGain,
                quadrants,
                1.0,
                config.ramp_gain_spread,
            ),
        }
    }

    /// Amplitude of an event of the given driver, in activation units, jitter apart.
    fn amplitude(
        &self,
        config: &DriverConfig,
        registers: &RegisterFile,
        driver: usize,
        activation: u8,
    ) -> f32 {
        if activation == 0 || self.failed[driver] {
            return 0.0;
        }
        let quadrant = registers.quadrant_of(Scope::Driver, driver);
        let slope = self.ramp_gain[quadrant].max(SMALLEST_FACTOR)
            * registers.relative(Register::StpIRamp, quadrant);
        let trim = registers.value(Register::HagenDacOffset, driver)
            - Register::HagenDacOffset.spec().reset as f32;
        let distance = slope
            * (f32::from(activation) - self.offset[driver] + config.trim_step_activations * trim);
        if distance <= 0.0 {
            return 0.0;
        }
        let soft = distance * distance / (distance + config.soft_start_activations);
        soft.min(self.ceiling[driver]).max(0.0)
    }

    /// Amplitudes of every driver for every activation: the look-up table of the lumped model.
    pub(crate) fn tables(
        &self,
        config: &DriverConfig,
        registers: &RegisterFile,
    ) -> Vec<AmplitudeTable> {
        (0..self.offset.len())
            .map(|driver| {
                std::array::from_fn(|x| self.amplitude(config, registers, driver, x as u8))
            })
            .collect()
    }
}

/// Amplitude of one driver for each activation 0…31.
pub(crate) type AmplitudeTable = [f32; ACTIVATION_MAX as usize + 1];
