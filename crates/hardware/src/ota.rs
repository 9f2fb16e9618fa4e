//! Synaptic line and OTA: charge becomes membrane current, once for each sign.
//!
//! The line collects the charge of all events and loses it with τ_syn; the OTA turns its voltage
//! into current, I = g·V_lin·tanh(V/V_lin) + I_off. Integrated over a multiplication, the lumped
//! form of that is
//!
//! y = g·q·tanh(u)/u,  u = q·τ_syn / ((T_send + τ_syn)·q_lin),
//!
//! where q is the charge (in activation·weight units), u the mean line voltage in units of the
//! OTA's linear range, and q_lin the charge that, were it on the line at once, would reach the end
//! of that range. The gain g follows `i_bias_synin_*_gm` and does not move the saturation. Events
//! that come faster than the line recovers raise u; that is what `wait_between_events` buys.

use bss2_core::{ArrayGeometry, Register, Scope};
use serde::{Deserialize, Serialize};

use crate::error::check_range;
use crate::registers::RegisterFile;
use crate::stream::{Draws, Imperfection, SMALLEST_FACTOR};
use crate::synapse::Sign;
use crate::{ConfigError, NOMINAL_GAIN_LSB};

/// Parameters of the synaptic inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OtaConfig {
    /// Membrane signal per activation and weight unit at the registers' reset values, in LSB.
    /// Published: 0.0015…0.0021.
    pub gain_lsb: f32,
    /// Relative standard deviation of the gain over neurons; drawn once per chip and sign.
    /// Assumption.
    pub gain_spread: f32,
    /// Gain of the inhibitory input relative to the excitatory one. Published slopes: 2.33 / 2.46.
    pub inhibitory_ratio: f32,
    /// Charge on the line at which the OTA's tanh bends (V = V_lin), in activation·weight units:
    /// 21 simultaneous events of full length and weight. Assumption.
    pub linear_range_charge: f32,
    /// Time constant of the synaptic line, in µs. Published calibration target: 0.32.
    pub tau_syn_us: f32,
    /// Standard deviation of the OTAs' net offset current over neurons, as membrane drift in LSB
    /// per µs at the registers' reset values; drawn once per chip. Assumption.
    pub offset_spread_lsb_per_us: f32,
}

impl Default for OtaConfig {
    fn default() -> Self {
        Self {
            gain_lsb: NOMINAL_GAIN_LSB,
            gain_spread: 0.15,
            inhibitory_ratio: 0.95,
            linear_range_charge: 42_000.0,
            tau_syn_us: 0.32,
            offset_spread_lsb_per_us: 0.2,
        }
    }
}

impl OtaConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_range("ota.gain_lsb", self.gain_lsb, 1e-5, 1.0)?;
        check_range("ota.gain_spread", self.gain_spread, 0.0, 0.5)?;
        check_range("ota.inhibitory_ratio", self.inhibitory_ratio, 0.1, 10.0)?;
        check_range(
            "ota.linear_range_charge",
            self.linear_range_charge,
            100.0,
            1e9,
        )?;
        check_range("ota.tau_syn_us", self.tau_syn_us, 0.01, 100.0)?;
        check_range(
            "ota.offset_spread_lsb_per_us",
            self.offset_spread_lsb_per_us,
            0.0,
            10.0,
        )
    }

    /// Mean line voltage in units of the linear range, per unit of charge, when events are sent
    /// over `send_us`.
    pub(crate) fn voltage_per_charge(&self, send_us: f32) -> f32 {
        self.tau_syn_us / ((send_us + self.tau_syn_us) * self.linear_range_charge)
    }
}

/// Charge that a linear OTA would need for the same current: q·tanh(u)/u, with tanh as its [3/2]
/// Padé approximant, capped at 1 (relative error below 0.1 % for u < 1, 2.6 % at most, near 2.4).
#[inline(always)]
pub(crate) fn compress(charge: f32, voltage_per_charge: f32) -> f32 {
    let voltage = charge * voltage_per_charge;
    let square = voltage * voltage;
    let slope = (15.0 + square) / (15.0 + 6.0 * square);
    charge * slope.min(1.0 / voltage.max(f32::MIN_POSITIVE))
}

/// The synaptic inputs of one chip.
#[derive(Clone, Debug)]
pub(crate) struct SynapticInputs {
    /// Relative gain mismatch by column of the chip, then sign.
    gain: Vec<[f32; 2]>,
    /// Offset in LSB per µs by column of the chip.
    offset: Vec<f32>,
}

impl SynapticInputs {
    pub(crate) fn draw(config: &OtaConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let columns = Scope::Column.instances(geometry);
        let mut gains = Draws::new(seed, Imperfection::OtaGain);
        let mut gain = || (1.0 + config.gain_spread * gains.normal()).max(SMALLEST_FACTOR);
        let mut offsets = Draws::new(seed, Imperfection::OtaOffset);
        Self {
            gain: (0..columns).map(|_| [gain(), gain()]).collect(),
            offset: (0..columns)
                .map(|_| config.offset_spread_lsb_per_us * offsets.normal())
                .collect(),
        }
    }

    /// Membrane signal per activation and weight unit of a column's input, in LSB.
    pub(crate) fn gain_lsb(
        &self,
        config: &OtaConfig,
        registers: &RegisterFile,
        column: usize,
        sign: Sign,
    ) -> f32 {
        let (register, ratio) = match sign {
            Sign::Excitatory => (Register::IBiasSyninExcGm, 1.0),
            Sign::Inhibitory => (Register::IBiasSyninInhGm, config.inhibitory_ratio),
        };
        config.gain_lsb
            * ratio
            * self.gain[column][sign as usize]
            * registers.relative(register, column)
    }

    /// Membrane drift of a column from the offset currents of both OTAs, in LSB per µs.
    pub(crate) fn drift_lsb_per_us(&self, registers: &RegisterFile, column: usize) -> f32 {
        self.offset[column] * mean_bias(registers, column)
    }
}

/// Mean bias of a column's two OTAs relative to the reset value; noise power and offset current
/// grow with it.
pub(crate) fn mean_bias(registers: &RegisterFile, column: usize) -> f32 {
    0.5 * (registers.relative(Register::IBiasSyninExcGm, column)
        + registers.relative(Register::IBiasSyninInhGm, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_follows_tanh() {
        for step in 1..400_u16 {
            let voltage = f64::from(step) * 0.01;
            let exact = voltage.tanh();
            let found = f64::from(compress(voltage as f32, 1.0));
            let tolerance = if voltage < 1.0 { 1e-3 } else { 0.027 };
            assert!(
                (found - exact).abs() < tolerance * exact,
                "{voltage}: {found}, {exact}"
            );
        }
        assert_eq!(compress(0.0, 1.0), 0.0);
        assert_eq!(compress(0.0, 0.0), 0.0);
    }
}
