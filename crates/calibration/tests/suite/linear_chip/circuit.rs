//! The circuit of one column: two lines that decay, and a membrane that integrates what both bring.

use bss2_core::{ReadoutSource, Register};
use ndarray::ArrayView1;

use super::{FULL, LinearChip};

/// Codes of CapMem per LSB of the CADC at the reset ramp.
const CODES_PER_LSB: f64 = 2.0;

/// Voltage that a charge of one activation and weight unit takes from a line, in LSB.
const LINE_LSB_PER_CHARGE: f64 = 0.004;

/// Time constants at the registers' reset values, and with a line's bias or the leak at zero, in µs.
const TAU_SYN_US: f64 = 0.32;
const LONGEST_TAU_SYN_US: f64 = 25.0;
const TAU_MEM_US: f64 = 60.0;
const RESIDUAL_TAU_US: f64 = 700.0;

/// Code per charge of an OTA at its bias' reset value, in LSB.
const GAIN_LSB: f64 = 0.0018;

/// Offset current of an OTA per code of its reference, in LSB per µs.
const OFFSET_LSB_PER_US_PER_CODE: f64 = 0.003;

/// Activation units per step of a driver's trim.
const TRIM_STEP: f64 = 0.3;

/// A column with its registers applied.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Rates at which lines and membrane relax, per µs.
    pub(super) line_rates: [f64; 2],
    pub(super) membrane_rate: f64,
    /// Where the membrane starts, where it leaks to, and how both OTAs' offsets move it, in LSB and
    /// LSB per µs.
    pub(super) start: f64,
    pub(super) leak: f64,
    pub(super) drift: f64,
    /// What a charge on a line does to the membrane, in LSB per µs.
    pub(super) signals: [f64; 2],
    rests: [f64; 2],
    debug: f64,
}

/// The synapses of a column.
pub(super) struct Synapses<'a> {
    weights: ArrayView1<'a, i8>,
    current: f64,
}

/// Charges on both lines and voltage of the membrane.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) charges: [f64; 2],
    membrane: f64,
}

/// What a wait does to a column, exactly.
pub(super) struct Wait {
    membrane_kept: f64,
    lines_kept: [f64; 2],
    brought: [f64; 2],
    rest: f64,
}

impl Column {
    /// The voltage that the membrane approaches without events.
    pub(super) fn rest(&self) -> f64 {
        self.leak + self.drift / self.membrane_rate
    }

    pub(super) fn after_reset(&self) -> State {
        State {
            charges: [0.0; 2],
            membrane: self.start,
        }
    }

    pub(super) fn wait(&self, us: f64) -> Wait {
        let membrane_kept = (-self.membrane_rate * us).exp();
        let lines_kept = self.line_rates.map(|rate| (-rate * us).exp());
        let brought = [0, 1].map(|sign| {
            let faster = self.line_rates[sign] - self.membrane_rate;
            self.signals[sign] * (membrane_kept - lines_kept[sign]) / faster
        });
        Wait {
            membrane_kept,
            lines_kept,
            brought,
            rest: self.rest(),
        }
    }

    /// What is shown to the CADC, in LSB above the nominal reset potential.
    pub(super) fn shows(&self, source: ReadoutSource, state: &State) -> f64 {
        let line = |sign: usize| self.rests[sign] - LINE_LSB_PER_CHARGE * state.charges[sign];
        match source {
            ReadoutSource::Membrane => state.membrane,
            ReadoutSource::ExcitatoryLine => line(0),
            ReadoutSource::InhibitoryLine => line(1),
            ReadoutSource::DebugLine => self.debug,
        }
    }
}

impl State {
    pub(super) fn passes(&mut self, wait: &Wait) {
        let brought = self.charges[0] * wait.brought[0] + self.charges[1] * wait.brought[1];
        self.membrane = wait.rest + (self.membrane - wait.rest) * wait.membrane_kept + brought;
        for (charge, kept) in self.charges.iter_mut().zip(wait.lines_kept) {
            *charge *= kept;
        }
    }

    pub(super) fn receives(&mut self, charges: [f64; 2]) {
        for (charge, more) in self.charges.iter_mut().zip(charges) {
            *charge += more;
        }
    }
}

impl Synapses<'_> {
    /// Charges that the amplitude of one input brings onto both lines.
    pub(super) fn charges(&self, (input, amplitude): (usize, f64)) -> [f64; 2] {
        let charge = amplitude * self.current * f64::from(self.weights[input]);
        [charge.max(0.0), (-charge).max(0.0)]
    }
}

impl LinearChip {
    /// A register's value relative to its reset value.
    fn relative(&self, register: Register, instance: usize) -> f64 {
        self.acts(register, instance) / f64::from(register.spec().reset)
    }

    /// Voltage of a cell in LSB above the nominal reset potential.
    pub(super) fn voltage(code: f64) -> f64 {
        (code - f64::from(Register::VReset.spec().reset)) / CODES_PER_LSB
    }

    /// A column of the chip with the registers as they act.
    pub(super) fn column(&self, column: usize) -> Column {
        self.column_with(column, self.acts(Register::EnableLeak, column))
    }

    /// The same with the leak switched on (1) or off (0).
    pub(super) fn column_with(&self, column: usize, leak_on: f64) -> Column {
        let hidden = &self.hidden;
        let taus = [Register::IBiasSyninExcTau, Register::IBiasSyninInhTau];
        let gms = [Register::IBiasSyninExcGm, Register::IBiasSyninInhGm];
        let shifts = [Register::IBiasSyninExcShift, Register::IBiasSyninInhShift];
        let alive = |sign: usize| {
            let dead = self.failed.dead_otas.contains(&(column, sign));
            f64::from(u8::from(!dead))
        };
        let bias = |sign: usize| alive(sign) * self.relative(gms[sign], column);
        let offset = |sign: usize| {
            let reset = f64::from(shifts[sign].spec().reset);
            bias(sign) * (self.acts(shifts[sign], column) - reset - hidden.balance[column][sign])
        };
        let leak = leak_on * self.relative(Register::IBiasLeak, column) * hidden.leak[column];
        let potential = |register| Self::voltage(self.acts(register, column));
        let signal = |sign: usize| bias(sign) * hidden.gain[column][sign] * GAIN_LSB / TAU_SYN_US;
        let quadrant = self.quadrant_of_column(column);
        Column {
            line_rates: [0, 1].map(|sign| {
                let rate = self.relative(taus[sign], column) * hidden.line_rate[column][sign];
                rate / TAU_SYN_US + 1.0 / LONGEST_TAU_SYN_US
            }),
            membrane_rate: leak / TAU_MEM_US + 1.0 / RESIDUAL_TAU_US,
            start: potential(Register::VReset) + hidden.reset_offset[column],
            leak: potential(Register::VLeak) + hidden.leak_offset[column],
            drift: OFFSET_LSB_PER_US_PER_CODE * (offset(0) - offset(1)),
            signals: [signal(0), -signal(1)],
            rests: hidden.line_rest[column],
            debug: Self::voltage(self.acts(Register::StpVCharge0, quadrant)),
        }
    }

    /// Amplitude of a driver of the chip at an activation, in activation units.
    pub(crate) fn amplitude(&self, driver: usize, activation: u8) -> f64 {
        if activation == 0 || self.failed.silent_drivers.contains(&driver) {
            return 0.0;
        }
        let quadrant = Self::quadrant_of_driver(driver);
        let slope = self.hidden.driver_ramp[quadrant] * self.relative(Register::StpIRamp, quadrant);
        let trim = self.acts(Register::HagenDacOffset, driver)
            - f64::from(Register::HagenDacOffset.spec().reset);
        let from_zero =
            f64::from(activation) + self.hidden.driver_offset[driver] + TRIM_STEP * trim;
        (slope * from_zero).clamp(0.0, FULL)
    }

    /// Amplitude of a driver's pulse of full length.
    pub(super) fn full_pulse(&self, driver: usize) -> f64 {
        if self.failed.silent_drivers.contains(&driver) {
            0.0
        } else {
            FULL
        }
    }

    /// Relative current of the synapses of a quadrant.
    pub(crate) fn synapse_current(&self, quadrant: usize) -> f64 {
        self.hidden.synapses[quadrant] * self.relative(Register::SynIBiasDac, quadrant)
    }

    /// The synapses of a column of a hemisphere.
    pub(super) fn synapses(&self, hemisphere: usize, column: usize) -> Synapses<'_> {
        let quadrant = self.quadrant_of_column(hemisphere * self.geometry.columns() + column);
        Synapses {
            weights: self.weights[hemisphere].column(column),
            current: self.synapse_current(quadrant),
        }
    }

    /// The code of a channel of the chip for a voltage, before rounding.
    pub(super) fn exact_code(&self, channel: usize, volts_lsb: f64) -> f64 {
        let quadrant = Self::quadrant(
            channel / (2 * self.geometry.columns()) * self.geometry.columns()
                + channel % self.geometry.columns(),
            self.geometry.columns(),
        );
        self.ramp_code(quadrant, volts_lsb)
            + self.hidden.channel_offset[channel]
            + self.acts(Register::CadcOffset, channel)
    }

    /// The same of a quadrant's ramp, without what is special to a channel.
    pub(super) fn ramp_code(&self, quadrant: usize, volts_lsb: f64) -> f64 {
        let start = Self::voltage(self.acts(Register::CadcVRampOffset, quadrant))
            + self.hidden.ramp_start[quadrant];
        let slope =
            self.relative(Register::CadcIRampSlope, quadrant) * self.hidden.ramp_slope[quadrant];
        (128.0 + volts_lsb - start) / slope.max(1e-3)
    }
}
