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

use bss2_core::{ArrayGeometry, Register, Scope};

use crate::conditions::Conditions;
use crate::parameter::section;
use crate::registers::RegisterFile;
use crate::side_by_side::{block, where_counts};
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

    /// The pulses of every driver's inputs, so many each.
    pub(crate) fn pulses(
        &self,
        config: &DriverConfig,
        registers: &RegisterFile,
        conditions: &Conditions,
        inputs_per_driver: usize,
    ) -> Pulses {
        let drivers = (0..self.offset.len())
            .flat_map(|driver| std::iter::repeat_n(driver, inputs_per_driver));
        let ramp = |driver: usize| {
            let quadrant = registers.quadrant_of(Scope::Driver, driver);
            self.ramp_gain[quadrant] * registers.relative(Register::StpIRamp, quadrant)
        };
        let start = |driver: usize| {
            let quadrant = registers.quadrant_of(Scope::Driver, driver);
            let trim = registers.distance(Register::HagenDacOffset, driver);
            let comparator = registers.distance(Register::StpOffset, driver)
                * registers.relative(Register::StpICalib, quadrant);
            self.offset[driver] + conditions.driver_shift_activations(driver)
                - config.trim_step_activations * trim
                - config.comparator_step_activations * comparator
        };
        Pulses {
            slope: drivers.clone().map(ramp).collect(),
            start: drivers.clone().map(start).collect(),
            ceiling: drivers.map(|driver| self.full_pulse(driver)).collect(),
            soft: config.soft_start_activations,
        }
    }

    /// Amplitude of a driver's pulse of full length, in activation units.
    fn full_pulse(&self, driver: usize) -> f32 {
        if self.failed[driver] {
            0.0
        } else {
            self.ceiling[driver].max(0.0)
        }
    }
}

/// The pulses of all inputs with registers and conditions applied; everything by input.
#[derive(Clone, Debug)]
pub(crate) struct Pulses {
    slope: Vec<f32>,
    start: Vec<f32>,
    /// Amplitude of a pulse of full length.
    pub(crate) ceiling: Vec<f32>,
    soft: f32,
}

impl Pulses {
    /// Amplitude of an event, in activation units, jitter apart.
    pub(crate) fn amplitude(&self, input: usize, activation: u8) -> f32 {
        let [amplitude] = self.amplitudes(input, &[activation]);
        amplitude
    }

    /// Amplitudes of the events of neighbouring inputs. (For code that is compiled for the processor at
    /// hand.)
    #[inline(always)]
    pub(crate) fn amplitudes<const COUNT: usize>(
        &self,
        first: usize,
        activations: &[u8; COUNT],
    ) -> [f32; COUNT] {
        let slope = block::<_, COUNT>(&self.slope, first);
        let start = block::<_, COUNT>(&self.start, first);
        let ceiling = block::<_, COUNT>(&self.ceiling, first);
        let mut amplitudes = [0.0; COUNT];
        for i in 0..COUNT {
            let distance = slope[i] * (f32::from(activations[i]) - start[i]);
            let free = distance * distance / (distance + self.soft);
            // (The library's minimum also sees to what is no number.)
            let amplitude = if free < ceiling[i] { free } else { ceiling[i] };
            let sends = activations[i] > 0 && distance > 0.0;
            amplitudes[i] = where_counts(sends, amplitude);
        }
        amplitudes
    }
}
