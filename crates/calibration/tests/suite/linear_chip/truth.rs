//! What a test may look up, with the registers as they act.

use bss2_core::{ReadoutSource, Register};

use super::LinearChip;
use super::circuit::Column;

impl LinearChip {
    /// Code of a channel for the debug line at a code of `stp_v_charge_0`.
    pub(crate) fn debug_code(&self, channel: usize, code: i32) -> f64 {
        self.exact_code(channel, Self::voltage(f64::from(code)))
    }

    /// Mean code of both channels of a column right after the reset.
    pub(crate) fn start_code(&self, column: usize) -> f64 {
        self.both(column, self.column(column).start)
    }

    /// Mean code of both channels of a column at rest with its leak switched on.
    pub(crate) fn rest_code(&self, column: usize) -> f64 {
        self.both(column, self.leaking(column).rest())
    }

    /// The same without some of the column's OTAs.
    pub(crate) fn rest_code_without(&self, column: usize, signs: &[usize]) -> f64 {
        let mut chip = self.clone();
        let dead = signs.iter().map(|&sign| (column, sign));
        chip.failed.dead_otas.extend(dead);
        chip.rest_code(column)
    }

    /// Code of one channel of a column a time after the reset, without events.
    pub(crate) fn code_after(&self, column: usize, kind: usize, us: f64) -> f64 {
        let circuit = self.column(column);
        let mut state = circuit.after_reset();
        state.passes(&circuit.wait(us));
        let volts = circuit.shows(ReadoutSource::Membrane, &state);
        self.exact_code(self.channel(column, kind), volts)
    }

    /// Time constant of a membrane with its leak switched on, in µs.
    pub(crate) fn tau_mem_us(&self, column: usize) -> f64 {
        1.0 / self.leaking(column).membrane_rate
    }

    /// Time constant of a line, in µs.
    pub(crate) fn tau_syn_us(&self, column: usize, sign: usize) -> f64 {
        1.0 / self.column(column).line_rates[sign]
    }

    /// What both OTAs' offset currents move a membrane, in LSB per µs.
    pub(crate) fn drift(&self, column: usize) -> f64 {
        self.column(column).drift
    }

    /// What a unit of activation and weight adds to the code of a column, in LSB.
    pub(crate) fn gain_lsb(&self, column: usize, sign: usize) -> f64 {
        let circuit = self.column(column);
        let quadrant = self.quadrant_of_column(column);
        circuit.signals[sign].abs() / circuit.line_rates[sign]
            * self.synapse_current(quadrant)
            * self.code_per_lsb(quadrant)
    }

    fn code_per_lsb(&self, quadrant: usize) -> f64 {
        self.ramp_code(quadrant, 1.0) - self.ramp_code(quadrant, 0.0)
    }

    /// Bias of an OTA.
    pub(crate) fn gain_bias(&self, column: usize, sign: usize) -> f64 {
        let registers = [Register::IBiasSyninExcGm, Register::IBiasSyninInhGm];
        self.acts(registers[sign], column)
    }

    /// Noise of the resting code with the leak switched on, in LSB.
    pub(crate) fn resting_noise(&self, column: usize) -> f64 {
        let noise_lsb = self.noise_lsb * (self.tau_mem_us(column) / 60.0).sqrt();
        noise_lsb * self.code_per_lsb(self.quadrant_of_column(column))
    }

    /// A column with its leak switched on.
    fn leaking(&self, column: usize) -> Column {
        self.column_with(column, 1.0)
    }

    fn both(&self, column: usize, volts: f64) -> f64 {
        let codes = [0, 1].map(|kind| self.exact_code(self.channel(column, kind), volts));
        0.5 * (codes[0] + codes[1])
    }
}
