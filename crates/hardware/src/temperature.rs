//! Temperature: what changes between the temperature of reference and the present one.
//!
//! Gains fall, noise falls a little less, the leak grows; potentials of neurons and offsets of
//! drivers move, each with its own sign and size. The published trends: gain and noise fall from 40
//! to 90 °C, and systematic shifts outweigh the change of noise (arXiv:2609.15527).

use crate::parameter::section;

section! {
    /// Parameters of the temperature's effects, all linear in the distance from the reference.
    pub struct TemperatureConfig in "temperature" {
        /// Temperature at which all other parameters hold, in °C; a chip starts there.
        reference_celsius: 40.0 in -40.0 to 125.0, Fixed, "published: idle temperature";
        /// Relative change of all gains per kelvin.
        gain_per_kelvin: -0.0015 in -0.005 to 0.005, Fixed, "trend published, size assumed";
        /// Standard deviation of that change over neurons, per kelvin.
        gain_spread_per_kelvin: 0.0004 in 0.0 to 0.003, PerChip, "assumption";
        /// Relative change of all noise per kelvin.
        noise_per_kelvin: -0.001 in -0.005 to 0.005, Fixed, "trend published, size assumed";
        /// Relative change of the leak rates per kelvin.
        leak_per_kelvin: 0.01 in -0.005 to 0.1, Fixed, "assumption";
        /// Standard deviation over neurons of the change of their potentials, in LSB per kelvin.
        offset_spread_lsb_per_kelvin: 0.1 in 0.0 to 2.0, PerChip,
            "effect published, size assumed";
        /// Standard deviation over drivers of the change of their offset, in activation units per
        /// kelvin.
        driver_offset_spread_activations_per_kelvin: 0.008 in 0.0 to 0.5, PerChip, "assumption";
    }
}

/// Temperatures at which a chip may be used, in °C (an assumption: the limits of industrial
/// components).
pub const TEMPERATURE_RANGE_CELSIUS: std::ops::RangeInclusive<f32> = -40.0..=125.0;
