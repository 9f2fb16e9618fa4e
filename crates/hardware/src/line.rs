//! Synaptic line: collects the charge of a column's synapses, one line for each sign.
//!
//! Every event adds its charge; between events the charge decays with
//!
//! 1/τ_syn = (i / i₀)·μ / τ₀ + 1/τ_max,
//!
//! where i = `i_bias_synin_*_tau`, i₀ its reset value, and μ the mismatch. Charge q lowers the line's
//! voltage by q·v from where it rests. Events that come faster than the line recovers pile up, and
//! drive the OTA behind it into saturation: that is what `wait_between_events` buys.

use bss2_core::{ArrayGeometry, Register, Scope};

use crate::parameter::section;
use crate::registers::RegisterFile;
use crate::stream::{Draw, Draws};
use crate::synapse::Sign;

section! {
    /// Parameters of the synaptic lines.
    pub struct LineConfig in "line" {
        /// Time constant τ₀ at the reset value of `i_bias_synin_*_tau`, in µs.
        tau_syn_us: 0.32 in 0.01 to 100.0, Fixed, "calix: calibration target";
        /// Longest time constant, with that bias at zero, in µs.
        longest_tau_syn_us: 20.0 in 0.01 to 1000.0, Fixed, "calix: range 0.3…20 µs";
        /// Relative standard deviation of the bias's effect, over neurons and signs.
        tau_spread: 0.08 in 0.0 to 0.5, PerChip, "assumption";
        /// Fall of the line's voltage per activation and weight unit at full bias, in LSB.
        lsb_per_charge: 0.0036 in 0.00001 to 1.0, Fixed,
            "calix: about 30 LSB from 3 events of 31 at weight 63, bias 800, range 150…340";
        /// Voltage at which a line without charge rests, in LSB above the nominal reset potential.
        rest_lsb: -6.0 in -100.0 to 100.0, Fixed, "assumption";
        /// Standard deviation of that voltage over neurons and signs, in LSB.
        rest_spread_lsb: 4.0 in 0.0 to 50.0, PerChip, "assumption";
    }
}

/// The synaptic lines of one chip, by column of the chip, then sign.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    tau_factor: Vec<f32>,
    rest_lsb: Vec<f32>,
}

impl Lines {
    pub(crate) fn draw(config: &LineConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let lines = Scope::Column.instances(geometry) * Sign::BOTH.len();
        Self {
            tau_factor: Draws::new(seed, Draw::LineTau).factors(lines, config.tau_spread),
            rest_lsb: Draws::new(seed, Draw::LineRest).scaled(
                lines,
                config.rest_lsb,
                config.rest_spread_lsb,
            ),
        }
    }

    /// Rate 1/τ_syn at which a column's line loses its charge, per µs.
    pub(crate) fn decay_per_us(
        &self,
        config: &LineConfig,
        registers: &RegisterFile,
        column: usize,
        sign: Sign,
    ) -> f32 {
        let register = match sign {
            Sign::Excitatory => Register::IBiasSyninExcTau,
            Sign::Inhibitory => Register::IBiasSyninInhTau,
        };
        let bias = registers.relative(register, column);
        bias * self.tau_factor[line(column, sign)] / config.tau_syn_us
            + 1.0 / config.longest_tau_syn_us
    }

    /// Voltage of a column's line without charge, in LSB above the nominal reset potential.
    pub(crate) fn rest_lsb(&self, column: usize, sign: Sign) -> f32 {
        self.rest_lsb[line(column, sign)]
    }
}

fn line(column: usize, sign: Sign) -> usize {
    column * Sign::BOTH.len() + sign as usize
}
