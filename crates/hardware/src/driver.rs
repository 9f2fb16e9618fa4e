//! Synapse driver: an activation becomes the amplitude of an event.
//!
//! The driver compares its 5-bit DAC voltage with a ramp; the pulse lasts until they meet. With
//!
//! d = s·(x − x₀ + κ·(h − 32) + κ′·(o − 8)·b)
//!
//! the amplitude in activation units is
//!
//! a(x) = min(d² / (d + soft), `a_max`) for d > 0, else 0,
//!
//! where s follows the quadrant's ramp current `stp_i_ramp` and its mismatch, x₀ and `a_max` vary
//! per driver, h is the driver's trim `hagen_dac_offset`, o the coarse trim `stp_offset`, whose
//! strength b follows the quadrant's `stp_i_calib`. The soft start encodes low codes poorly. A zero
//! activation sends no event. Every event jitters by itself, equally for all columns it reaches. (For
//! calibration all drivers can also send pulses of full length at once, which nothing modulates:
//! a = `a_max`.)

use bss2_core::{ACTIVATION_MAX, ArrayGeometry, Register, Scope};

use crate::conditions::Conditions;
use crate::parameter::section;
use crate::registers::RegisterFile;
use crate::stream::{Draw, Draws};

section! {
    /// Parameters of the synapse drivers. The assumed values are chosen such that a fresh chip
    /// fails and a calibrated one passes the published acceptance limits.
    pub struct DriverConfig in "driver" {
        /// Standard deviation of the DAC offset x₀ over drivers, in activation units.
        offset_spread_activations: 4.5 in 0.0 to 31.0, PerChip,
            "assumption: without trim, a chip fails calix' driver acceptance (4 LSB of 30)";
        /// Step κ of the 6-bit trim `hagen_dac_offset`, in activation units.
        trim_step_activations: 0.45 in 0.0 to 4.0, Fixed,
            "assumption: its 64 steps reach three standard deviations of the offset";
        /// Step κ′ of the 4-bit trim `stp_offset` at the reset value of `stp_i_calib`, in
        /// activation units.
        comparator_step_activations: 0.4 in 0.0 to 4.0, Fixed, "assumption";
        /// Relative standard deviation of the ramp current over quadrants.
        ramp_gain_spread: 0.05 in 0.0 to 0.3, PerChip, "assumption";
        /// Distance over which the amplitude starts softly, in activation units.
        soft_start_activations: 0.3 in 0.0 to 10.0, Fixed,
            "effect published, size assumed";
        /// Amplitude at which the pulse is as long as the address cycle allows, in activation
        /// units.
        ceiling_activations: 33.0 in 1.0 to 100.0, Fixed, "assumption";
        /// Standard deviation of that amplitude over drivers, in activation units.
        ceiling_spread_activations: 0.5 in 0.0 to 10.0, PerChip, "assumption";
        /// Comparator jitter per event, in activation units, common to all columns.
        jitter_activations: 0.3 in 0.0 to 10.0, PerTrial, "assumption";
        /// Share of drivers that send no events.
        failure_rate: 0.001 in 0.0 to 1.0, PerChip, "assumption";
    }
}

/// Amplitude of one driver for each activation 0…31.
pub(crate) type AmplitudeTable = [f32; ACTIVATION_MAX as usize + 1];

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
        let draws = |draw| Draws::new(seed, draw);
        Self {
            offset: draws(Draw::DriverOffset).scaled(
                drivers,
                0.0,
                config.offset_spread_activations,
            ),
            ceiling: draws(Draw::DriverCeiling).scaled(
                drivers,
                config.ceiling_activations,
                config.ceiling_spread_activations,
            ),
            failed: draws(Draw::DriverFailure)
                .uniforms(drivers)
                .iter()
                .map(|&u| u < config.failure_rate)
                .collect(),
            ramp_gain: draws(Draw::RampGain).factors(quadrants, config.ramp_gain_spread),
        }
    }

    /// Amplitude of every driver for every activation, jitter apart.
    pub(crate) fn tables(
        &self,
        config: &DriverConfig,
        registers: &RegisterFile,
        conditions: &Conditions,
    ) -> Vec<AmplitudeTable> {
        (0..self.offset.len())
            .map(|driver| {
                let pulse = self.pulse(config, registers, conditions, driver);
                std::array::from_fn(|x| pulse.amplitude(x as u8))
            })
            .collect()
    }

    /// Amplitude of every driver's pulse of full length, in activation units.
    pub(crate) fn full_pulses(&self) -> Vec<f32> {
        let working = self.ceiling.iter().zip(&self.failed);
        working
            .map(|(ceiling, failed)| if *failed { 0.0 } else { ceiling.max(0.0) })
            .collect()
    }

    fn pulse(
        &self,
        config: &DriverConfig,
        registers: &RegisterFile,
        conditions: &Conditions,
        driver: usize,
    ) -> Pulse {
        let quadrant = registers.quadrant_of(Scope::Driver, driver);
        let trim = registers.distance(Register::HagenDacOffset, driver);
        let comparator = registers.distance(Register::StpOffset, driver)
            * registers.relative(Register::StpICalib, quadrant);
        Pulse {
            slope: self.ramp_gain[quadrant] * registers.relative(Register::StpIRamp, quadrant),
            start: self.offset[driver] + conditions.driver_shift_activations(driver)
                - config.trim_step_activations * trim
                - config.comparator_step_activations * comparator,
            soft: config.soft_start_activations,
            ceiling: if self.failed[driver] {
                0.0
            } else {
                self.ceiling[driver].max(0.0)
            },
        }
    }
}

/// One driver with its registers applied.
struct Pulse {
    slope: f32,
    start: f32,
    soft: f32,
    ceiling: f32,
}

impl Pulse {
    /// Amplitude of an event, in activation units.
    fn amplitude(&self, activation: u8) -> f32 {
        let distance = self.slope * (f32::from(activation) - self.start);
        if activation == 0 || distance <= 0.0 {
            return 0.0;
        }
        (distance * distance / (distance + self.soft)).min(self.ceiling)
    }
}
