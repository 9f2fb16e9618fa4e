//! Membrane: integrates both OTA currents from the reset to the readout.
//!
//! C·dV/dt = I_exc − I_inh + I_off − g·(V − V_leak), which in LSB reads
//! dV/dt = s_exc·q_exc − s_inh·q_inh + D − λ·(V − V_leak), with the leak rate
//!
//! λ = e·(i / i₀)·μ / τ_mem + (1 − o + o·b) / τ_res,
//!
//! e = 1 with the leak switched on (`enable_leak`), i = `i_bias_leak`, and a residual leak τ_res, of
//! which a share o comes from the OTAs' output conductance and grows with their bias b. A reduced
//! capacitance makes everything faster.
//!
//! A multiplication starts at V₀ = `v_reset` + D·τ_r + (V_leak − `v_reset`)·exp(−2 µs / τ_r): the
//! reset, whose time constant τ_r falls with `i_bias_reset`, fights the OTAs' offset currents and has
//! 2 µs to pull the membrane away from where it idles. Both potentials carry an offset of the neuron,
//! and move with temperature and age.
//!
//! The readout amplifier, which synaptic lines and the debug line bypass, ends in a floor F and a
//! ceiling C over a hyperbolic knee of width s:
//!
//! v′ = F + ½·(v − F + √((v − F)² + s²)), and the mirror image at C,
//!
//! shifted such that the nominal reset potential v = 0 stays 0.

use bss2_core::{ArrayGeometry, Register, Scope};

use crate::conditions::Conditions;
use crate::config::ChipConfig;
use crate::ota;
use crate::parameter::section;
use crate::registers::RegisterFile;
use crate::stream::{Draw, Draws};

section! {
    /// Parameters of the membranes.
    pub struct MembraneConfig in "membrane" {
        /// Time constant with the leak switched on, at the reset value of `i_bias_leak`, in µs.
        tau_mem_us: 60.0 in 1.0 to 100_000.0, Fixed, "calix: calibration target";
        /// Relative standard deviation of the leak over neurons.
        leak_spread: 0.15 in 0.0 to 0.5, PerChip, "assumption";
        /// Standard deviation of the potential towards which the leak pulls, in LSB.
        leak_offset_spread_lsb: 3.0 in 0.0 to 50.0, PerChip, "assumption";
        /// Time constant of the residual leak, in µs.
        residual_leak_tau_us: 500.0 in 10.0 to 1_000_000_000.0, Fixed,
            "published for one neuron, read by eye";
        /// Standard deviation of its logarithm over neurons.
        residual_leak_log_spread: 0.3 in 0.0 to 1.0, PerChip, "assumption";
        /// Share of the residual leak that grows with the OTAs' bias.
        residual_leak_ota_share: 0.5 in 0.0 to 1.0, Fixed,
            "effect documented by calix, size assumed";
        /// Capacitance relative to the full one where `reduced_capacitance` is set.
        reduced_capacitance_ratio: 0.5 in 0.05 to 1.0, Fixed, "assumption";
        /// Standard deviation of the reset potential over neurons, in LSB, that of its CapMem cell
        /// apart.
        reset_offset_spread_lsb: 2.0 in 0.0 to 50.0, PerChip, "assumption";
        /// Time constant of the reset at the reset value of `i_bias_reset`, in µs.
        reset_tau_us: 0.1 in 0.001 to 100.0, Fixed, "assumption";
        /// Lowest swing relative to the nominal reset potential, in LSB.
        floor_lsb: -118.0 in -10_000.0 to -50.0, Fixed,
            "published floor: about −109 below a baseline that calibration puts 8 LSB lower";
        /// Highest swing relative to the nominal reset potential, in LSB.
        ceiling_lsb: 134.0 in 50.0 to 10_000.0, Fixed, "fitted to the published deviations";
        /// Standard deviation of both ends over neurons, in LSB.
        end_spread_lsb: 8.0 in 0.0 to 20.0, PerChip,
            "published for the floor: 12, which contains the column spread";
        /// Width of the lower knee, in LSB.
        floor_softness_lsb: 24.0 in 0.0 to 100.0, Fixed, "fitted to the published deviations";
        /// Width of the upper knee, in LSB.
        ceiling_softness_lsb: 20.0 in 0.0 to 100.0, Fixed, "fitted to the published deviations";
    }
}

/// Duration of the reset before each vector, in µs. Published: about 2.
const RESET_US: f32 = 2.0;

/// The membranes of one chip, by column of the chip.
#[derive(Clone, Debug)]
pub(crate) struct Membranes {
    leak_factor: Vec<f32>,
    leak_offset_lsb: Vec<f32>,
    residual_tau_us: Vec<f32>,
    reset_offset_lsb: Vec<f32>,
    ends: Vec<Ends>,
}

/// What moves a membrane between events: rates at the capacitance in use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    /// Leak rate λ per µs.
    pub(crate) leak_per_us: f32,
    /// Potential towards which the membrane leaks, in LSB above the nominal reset potential.
    pub(crate) leak_lsb: f32,
    /// Drift D in LSB per µs.
    pub(crate) drift_lsb_per_us: f32,
    /// Potential at which a multiplication starts, in LSB above the nominal reset potential.
    pub(crate) start_lsb: f32,
}

/// Where the swing of a readout ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) floor: f32,
    pub(crate) ceiling: f32,
}

impl Ends {
    /// So far that they bend nothing: lines and the debug line bypass the readout amplifier.
    pub(crate) const FAR: Self = Self {
        floor: -4000.0,
        ceiling: 4000.0,
    };
}

impl Membranes {
    pub(crate) fn draw(config: &MembraneConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let columns = Scope::Column.instances(geometry);
        let draws = |draw| Draws::new(seed, draw);
        let floors =
            draws(Draw::MembraneFloor).scaled(columns, config.floor_lsb, config.end_spread_lsb);
        let ceilings =
            draws(Draw::MembraneCeiling).scaled(columns, config.ceiling_lsb, config.end_spread_lsb);
        Self {
            leak_factor: draws(Draw::Leak).factors(columns, config.leak_spread),
            leak_offset_lsb: draws(Draw::LeakOffset).scaled(
                columns,
                0.0,
                config.leak_offset_spread_lsb,
            ),
            residual_tau_us: draws(Draw::ResidualLeak)
                .normals(columns)
                .iter()
                .map(|n| config.residual_leak_tau_us * (config.residual_leak_log_spread * n).exp())
                .collect(),
            reset_offset_lsb: draws(Draw::Reset).scaled(
                columns,
                0.0,
                config.reset_offset_spread_lsb,
            ),
            ends: floors
                .into_iter()
                .zip(ceilings)
                .map(|(floor, ceiling)| Ends { floor, ceiling })
                .collect(),
        }
    }

    /// Where a column's swing ends.
    pub(crate) fn ends(&self, column: usize) -> Ends {
        self.ends[column]
    }

    /// What moves a column's membrane, given its drift at full capacitance.
    pub(crate) fn rest(
        &self,
        config: &ChipConfig,
        registers: &RegisterFile,
        conditions: &Conditions,
        column: usize,
        drift_lsb_per_us: f32,
    ) -> Rest {
        let capmem = &config.capmem;
        let config = &config.membrane;
        let shift_lsb = conditions.offset_lsb(column);
        let potential =
            |register| capmem.lsb_above_reset(registers.value(register, column)) + shift_lsb;
        let speed = 1.0 / capacitance(config, registers, column);
        let leak = registers.value(Register::EnableLeak, column)
            * registers.relative(Register::IBiasLeak, column)
            * self.leak_factor[column]
            / config.tau_mem_us;
        let ota_share = config.residual_leak_ota_share;
        let residual = (1.0 - ota_share + ota_share * ota::mean_bias(registers, column))
            / self.residual_tau_us[column];
        let leak_lsb = potential(Register::VLeak) + self.leak_offset_lsb[column];
        let reset_lsb = potential(Register::VReset) + self.reset_offset_lsb[column];
        let reset_tau_us = config.reset_tau_us / reset_strength(registers, column);
        let drift_lsb_per_us = drift_lsb_per_us * speed;
        Rest {
            leak_per_us: (leak + residual) * conditions.leak() * speed,
            leak_lsb,
            drift_lsb_per_us,
            start_lsb: reset_lsb
                + drift_lsb_per_us * reset_tau_us
                + (leak_lsb - reset_lsb) * (-RESET_US / reset_tau_us).exp(),
        }
    }
}

/// Capacitance of a column's membrane relative to the full one.
pub(crate) fn capacitance(config: &MembraneConfig, registers: &RegisterFile, column: usize) -> f32 {
    if registers.value(Register::ReducedCapacitance, column) == 0.0 {
        1.0
    } else {
        config.reduced_capacitance_ratio
    }
}

/// Conductance of a column's reset relative to that at the register's reset value.
pub(crate) fn reset_strength(registers: &RegisterFile, column: usize) -> f32 {
    registers.relative(Register::IBiasReset, column).max(1e-3)
}

/// The readout amplifier's output for an input v, up to a constant shift.
#[inline(always)]
pub(crate) fn soft_ends(v: f32, ends: Ends, floor_softness: f32, ceiling_softness: f32) -> f32 {
    let above = v - ends.floor;
    let v = ends.floor + 0.5 * (above + (above * above + floor_softness).sqrt());
    let below = ends.ceiling - v;
    ends.ceiling - 0.5 * (below + (below * below + ceiling_softness).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swing(v: f32) -> f32 {
        let config = MembraneConfig::default();
        let ends = Ends {
            floor: config.floor_lsb,
            ceiling: config.ceiling_lsb,
        };
        let soft = |v| {
            soft_ends(
                v,
                ends,
                config.floor_softness_lsb.powi(2),
                config.ceiling_softness_lsb.powi(2),
            )
        };
        soft(v) - soft(0.0)
    }

    #[test]
    fn swing_is_monotone_between_its_ends() {
        let mut last = f32::NEG_INFINITY;
        for v in -2000..2000 {
            let swing = swing(v as f32 * 0.2);
            assert!(swing >= last);
            last = swing;
        }
        assert!(swing(-1e4) > -123.0);
        assert!(swing(1e4) < 139.0);
    }
}
