//! Membrane: integrates both OTA currents, leaks, and ends softly.
//!
//! With the leak switched off a residual leak with time constant τ remains: charge that arrived at
//! time t before the readout is worth exp(−t/τ), on average over the integration time T
//! (1 − exp(−T/τ))·τ/T ≈ 1 / (1 + T/2τ + T²/12τ²) (the lumped form, within 1 % up to T = 2τ).
//!
//! The swing v ends in a floor F and a ceiling C over a
//! hyperbolic knee of width s:
//!
//! v′ = F + ½·(v − F + √((v − F)² + s²)), and the mirror image at C,
//!
//! shifted such that v = 0 stays 0.

use bss2_core::{ArrayGeometry, Scope};
use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::error::check_range;
use crate::stream::{Draws, Imperfection};

/// Parameters of the membranes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MembraneConfig {
    /// Time constant of the residual leak, in µs. Published for one neuron: 500.
    pub residual_leak_tau_us: f32,
    /// Spread of its logarithm over neurons; drawn once per chip. Assumption.
    pub residual_leak_log_spread: f32,
    /// Lowest swing relative to the reset potential, in LSB. Published floor: about −109.
    pub floor_lsb: f32,
    /// Highest swing relative to the reset potential, in LSB. Fitted to the published deviations.
    pub ceiling_lsb: f32,
    /// Standard deviation of both ends over neurons, in LSB; drawn once per chip. Published for
    /// the floor: 12, which contains the column spread.
    pub end_spread_lsb: f32,
    /// Width of the lower knee, in LSB. Fitted to the published deviations.
    pub floor_softness_lsb: f32,
    /// Width of the upper knee, in LSB. Fitted to the published deviations.
    pub ceiling_softness_lsb: f32,
}

impl Default for MembraneConfig {
    fn default() -> Self {
        Self {
            residual_leak_tau_us: 500.0,
            residual_leak_log_spread: 0.3,
            floor_lsb: -110.0,
            ceiling_lsb: 140.0,
            end_spread_lsb: 8.0,
            floor_softness_lsb: 24.0,
            ceiling_softness_lsb: 20.0,
        }
    }
}

impl MembraneConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_range(
            "membrane.residual_leak_tau_us",
            self.residual_leak_tau_us,
            10.0,
            1e9,
        )?;
        check_range(
            "membrane.residual_leak_log_spread",
            self.residual_leak_log_spread,
            0.0,
            1.0,
        )?;
        check_range("membrane.floor_lsb", self.floor_lsb, -1e6, -50.0)?;
        check_range("membrane.ceiling_lsb", self.ceiling_lsb, 50.0, 1e6)?;
        check_range("membrane.end_spread_lsb", self.end_spread_lsb, 0.0, 20.0)?;
        check_range(
            "membrane.floor_softness_lsb",
            self.floor_softness_lsb,
            0.0,
            100.0,
        )?;
        check_range(
            "membrane.ceiling_softness_lsb",
            self.ceiling_softness_lsb,
            0.0,
            100.0,
        )
    }
}

/// One column's membrane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membrane {
    leak_rate_per_us: f32,
    floor: f32,
    floor_softness: f32,
    ceiling: f32,
    ceiling_softness: f32,
    at_zero: f32,
}

impl Membrane {
    /// Swing after integrating `signal_lsb` over `integration_us`.
    #[inline(always)]
    pub(crate) fn swing(&self, signal_lsb: f32, integration_us: f32) -> f32 {
        let decay = integration_us * self.leak_rate_per_us;
        let kept = 1.0 / (1.0 + decay * (0.5 + decay * (1.0 / 12.0)));
        self.soft_ends(signal_lsb * kept) - self.at_zero
    }

    #[inline(always)]
    fn soft_ends(&self, v: f32) -> f32 {
        let above = v - self.floor;
        let v = self.floor + 0.5 * (above + (above * above + self.floor_softness).sqrt());
        let below = self.ceiling - v;
        self.ceiling - 0.5 * (below + (below * below + self.ceiling_softness).sqrt())
    }
}

/// Draws the membranes of one chip, by column of the chip.
pub(crate) fn draw(config: &MembraneConfig, geometry: ArrayGeometry, seed: u64) -> Vec<Membrane> {
    let mut leaks = Draws::new(seed, Imperfection::MembraneLeak);
    let mut floors = Draws::new(seed, Imperfection::MembraneFloor);
    let mut ceilings = Draws::new(seed, Imperfection::MembraneCeiling);
    (0..Scope::Column.instances(geometry))
        .map(|_| {
            let tau = config.residual_leak_tau_us
                * (config.residual_leak_log_spread * leaks.normal()).exp();
            let mut membrane = Membrane {
                leak_rate_per_us: 1.0 / tau,
                floor: config.floor_lsb + config.end_spread_lsb * floors.normal(),
                floor_softness: config.floor_softness_lsb.powi(2),
                ceiling: config.ceiling_lsb + config.end_spread_lsb * ceilings.normal(),
                ceiling_softness: config.ceiling_softness_lsb.powi(2),
                at_zero: 0.0,
            };
            membrane.at_zero = membrane.soft_ends(0.0);
            membrane
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default_membrane() -> Membrane {
        let config = MembraneConfig {
            end_spread_lsb: 0.0,
            ..MembraneConfig::default()
        };
        draw(&config, ArrayGeometry::BSS2, 0)[0]
    }

    #[test]
    fn zero_stays_zero_and_swing_is_monotone() {
        let membrane = default_membrane();
        assert!(membrane.swing(0.0, 5.0).abs() < 1e-5);
        let mut last = f32::NEG_INFINITY;
        for signal in -2000..2000 {
            let swing = membrane.swing(signal as f32 * 0.2, 5.0);
            assert!(swing >= last);
            last = swing;
        }
    }

    #[test]
    fn swing_ends_between_floor_and_ceiling() {
        let membrane = default_membrane();
        assert!(membrane.swing(-1e4, 5.0) > -115.0);
        assert!(membrane.swing(1e4, 5.0) < 145.0);
    }
}
