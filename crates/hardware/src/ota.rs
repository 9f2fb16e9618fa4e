//! OTA: turns the voltage of a synaptic line into membrane current, one for each sign.
//!
//! I = g·q_lin·tanh(q / q_lin) + I_off, with the line's charge q, the charge q_lin at which the
//! line's voltage reaches the OTA's linear range, a gain g that follows `i_bias_synin_*_gm`, its
//! mismatch and the temperature, and an offset current I_off = k·b·(n − n₀): n is
//! `i_bias_synin_*_shift`, n₀ its balanced value, which differs from OTA to OTA and drifts, and b the bias
//! `i_bias_synin_*_gm` relative to its reset value. The gain does not move the saturation; lowering
//! `syn_i_bias_dac` or sending more slowly does.

use bss2_core::{ArrayGeometry, Register, Scope};

use crate::NOMINAL_GAIN_LSB;
use crate::conditions::Conditions;
use crate::parameter::section;
use crate::registers::RegisterFile;
use crate::stream::{Draw, Draws};
use crate::synapse::Sign;

section! {
    /// Parameters of the OTAs.
    pub struct OtaConfig in "ota" {
        /// Membrane signal per activation and weight unit at the registers' reset values, once all
        /// charge has passed, in LSB.
        gain_lsb: 0.0018 in 0.00001 to 1.0, Fixed, "published: 0.0015…0.0021";
        /// Relative standard deviation of the gain over neurons and signs.
        gain_spread: 0.12 in 0.0 to 0.5, PerChip, "assumption";
        /// Gain of the inhibitory OTA relative to the excitatory one.
        inhibitory_ratio: 0.95 in 0.1 to 10.0, Fixed, "published slopes: 2.33 / 2.46";
        /// Voltage on the line at which the tanh bends, in LSB.
        linear_range_lsb: 150.0 in 1.0 to 100_000.0, Fixed, "assumption: about 0.4 V";
        /// Standard deviation over neurons and signs of the value of `i_bias_synin_*_shift` that
        /// balances an OTA, in codes.
        balance_spread_codes: 40.0 in 0.0 to 300.0, PerChip, "assumption";
        /// Offset current per code of distance from balance at the reset bias, as membrane drift in
        /// LSB per µs.
        offset_lsb_per_us_per_code: 0.0035 in 0.0 to 1.0, Fixed, "assumption";
    }
}

const _: () = assert!(
    OtaConfig::PARAMETERS[0].default == NOMINAL_GAIN_LSB,
    "the typical chip has the nominal gain"
);

/// Where the approximant of [`tanh`] reaches 1; beyond, it grows on.
const TANH_IS_ONE: f32 = 4.971_787;

/// Hyperbolic tangent as its [7/6] Padé approximant, held at ±1 beyond (relative error below 10⁻⁴).
#[inline(always)]
pub(crate) fn tanh(u: f32) -> f32 {
    let u = u.clamp(-TANH_IS_ONE, TANH_IS_ONE);
    let square = u * u;
    let numerator = u * (135_135.0 + square * (17_325.0 + square * (378.0 + square)));
    let denominator = 135_135.0 + square * (62_370.0 + square * (3_150.0 + square * 28.0));
    numerator / denominator
}

/// The OTAs of one chip, by column of the chip, then sign.
#[derive(Clone, Debug)]
pub(crate) struct Otas {
    gain: Vec<[f32; 2]>,
    balance_codes: Vec<[f32; 2]>,
}

impl Otas {
    pub(crate) fn draw(config: &OtaConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let columns = Scope::Column.instances(geometry);
        let mut gains = Draws::new(seed, Draw::OtaGain);
        let mut balances = Draws::new(seed, Draw::OtaBalance);
        let pairs = |draw: &mut dyn FnMut(usize) -> Vec<f32>| -> Vec<[f32; 2]> {
            draw(2 * columns).as_chunks().0.to_vec()
        };
        Self {
            gain: pairs(&mut |count| gains.factors(count, config.gain_spread)),
            balance_codes: pairs(&mut |count| {
                balances.scaled(count, 0.0, config.balance_spread_codes)
            }),
        }
    }

    /// Membrane slope per unit of charge on a column's line, in LSB per µs, at full capacitance.
    pub(crate) fn slope_lsb_per_us(
        &self,
        config: &OtaConfig,
        tau_syn_us: f32,
        registers: &RegisterFile,
        column: usize,
        sign: Sign,
    ) -> f32 {
        let (register, ratio) = match sign {
            Sign::Excitatory => (Register::IBiasSyninExcGm, 1.0),
            Sign::Inhibitory => (Register::IBiasSyninInhGm, config.inhibitory_ratio),
        };
        let gain = ratio * self.gain[column][sign as usize] * registers.relative(register, column);
        config.gain_lsb / tau_syn_us * gain
    }

    /// Membrane drift of a column from the offset currents of both OTAs, in LSB per µs, at full
    /// capacitance.
    pub(crate) fn drift_lsb_per_us(
        &self,
        config: &OtaConfig,
        registers: &RegisterFile,
        conditions: &Conditions,
        column: usize,
    ) -> f32 {
        let offset = |shift, gm, sign: Sign| {
            let balance = self.balance_codes[column][sign as usize]
                + conditions.balance_shift_codes(column, sign);
            let distance = registers.distance(shift, column) - balance;
            distance * registers.relative(gm, column)
        };
        let excitatory = offset(
            Register::IBiasSyninExcShift,
            Register::IBiasSyninExcGm,
            Sign::Excitatory,
        );
        let inhibitory = offset(
            Register::IBiasSyninInhShift,
            Register::IBiasSyninInhGm,
            Sign::Inhibitory,
        );
        config.offset_lsb_per_us_per_code * (excitatory - inhibitory)
    }
}

/// Mean bias of a column's two OTAs relative to the reset value; noise power and output conductance
/// grow with it.
pub(crate) fn mean_bias(registers: &RegisterFile, column: usize) -> f32 {
    0.5 * (registers.relative(Register::IBiasSyninExcGm, column)
        + registers.relative(Register::IBiasSyninInhGm, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_approximant_follows_tanh() {
        let steps = (-800..=800_i16).map(|step| f32::from(step) * 0.01);
        let far = [1e3, 1e7, 1e30, f32::MAX];
        for u in steps.chain(far).chain(far.map(|u| -u)) {
            let (found, exact) = (f64::from(tanh(u)), f64::from(u).tanh());
            assert!(
                (found - exact).abs() <= 1e-4 * exact.abs(),
                "{u}: {found}, {exact}"
            );
        }
    }
}
