//! What acts per column, with registers and conditions applied.
//!
//! One array per parameter, so that the models can work on many columns at once.

use std::ops::Range;

use bss2_core::{ReadoutSource, Register, Scope};

use crate::conditions::Conditions;
use crate::instance::Instance;
use crate::membrane;
use crate::registers::RegisterFile;
use crate::synapse::{self, Sign};

/// Parameters of all columns of a chip, by column of the chip.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// Factor on the charge of the column's synapses: bias, distance.
    pub(crate) charge_factor: Vec<f32>,
    /// Factor by which synapse mismatch has grown at a lower bias.
    pub(crate) mismatch_growth: Vec<f32>,
    /// No synapse brings more charge per activation unit.
    pub(crate) largest_charge: Vec<f32>,
    /// Rate at which a line loses its charge, by sign.
    pub(crate) line_decay_per_us: [Vec<f32>; 2],
    /// Membrane slope per unit of charge on a line, by sign.
    pub(crate) slope_lsb_per_us: [Vec<f32>; 2],
    /// Charge at which an OTA's tanh bends.
    pub(crate) linear_range_charge: f32,
    /// Rate at which a membrane leaks.
    pub(crate) leak_per_us: Vec<f32>,
    /// Potential towards which it leaks.
    pub(crate) leak_lsb: Vec<f32>,
    /// Drift from the OTAs' offset currents.
    pub(crate) drift_lsb_per_us: Vec<f32>,
    /// Potential at which a multiplication starts.
    pub(crate) start_lsb: Vec<f32>,
    /// What the column's channels show.
    pub(crate) source: Vec<ReadoutSource>,
    /// Fall of a line's voltage per unit of charge.
    pub(crate) line_lsb_per_charge: f32,
    /// Voltage of a line without charge, by sign.
    line_rest_lsb: [Vec<f32>; 2],
    debug_lsb: Vec<f32>,
}

impl Columns {
    pub(crate) fn fold(
        instance: &Instance,
        registers: &RegisterFile,
        conditions: &Conditions,
    ) -> Self {
        let config = &instance.config;
        let count = Scope::Column.instances(config.geometry);
        let speed = |column| 1.0 / membrane::capacitance(&config.membrane, registers, column);
        let rest: Vec<_> = (0..count)
            .map(|column| {
                let drift =
                    instance
                        .otas
                        .drift_lsb_per_us(&config.ota, registers, conditions, column);
                instance
                    .membranes
                    .rest(config, registers, conditions, column, drift)
            })
            .collect();
        let charge_factor = each(count, |column| {
            synapse::column_factor(&config.synapse, registers, config.geometry, column)
        });
        let mismatch_growth = each(count, |column| synapse::mismatch_growth(registers, column));
        Self {
            largest_charge: each(count, |column| {
                let weight = instance.synapses.largest_weight(mismatch_growth[column]);
                weight * charge_factor[column]
            }),
            charge_factor,
            mismatch_growth,
            line_decay_per_us: Sign::BOTH.map(|sign| {
                each(count, |column| {
                    instance
                        .lines
                        .decay_per_us(&config.line, registers, column, sign)
                })
            }),
            slope_lsb_per_us: Sign::BOTH.map(|sign| {
                each(count, |column| {
                    let slope = instance.otas.slope_lsb_per_us(
                        &config.ota,
                        config.line.tau_syn_us,
                        registers,
                        column,
                        sign,
                    );
                    slope * speed(column) * conditions.gain(column)
                })
            }),
            linear_range_charge: config.ota.linear_range_lsb / config.line.lsb_per_charge,
            leak_per_us: rest.iter().map(|rest| rest.leak_per_us).collect(),
            leak_lsb: rest.iter().map(|rest| rest.leak_lsb).collect(),
            drift_lsb_per_us: rest.iter().map(|rest| rest.drift_lsb_per_us).collect(),
            start_lsb: rest.iter().map(|rest| rest.start_lsb).collect(),
            source: (0..count)
                .map(|column| {
                    let value = registers.value(Register::ReadoutSource, column);
                    ReadoutSource::ALL[value as usize]
                })
                .collect(),
            line_lsb_per_charge: config.line.lsb_per_charge,
            line_rest_lsb: Sign::BOTH
                .map(|sign| each(count, |column| instance.lines.rest_lsb(column, sign))),
            debug_lsb: each(count, |column| {
                let quadrant = registers.quadrant_of(Scope::Column, column);
                config
                    .capmem
                    .lsb_above_reset(registers.value(Register::StpVCharge0, quadrant))
            }),
        }
    }

    /// Voltage at a tap of a column of the chip, given its membrane's potential and the charge on
    /// its lines, in LSB above the nominal reset potential.
    pub(crate) fn voltage_lsb(
        &self,
        column: usize,
        source: ReadoutSource,
        membrane_lsb: f32,
        charges: [f32; 2],
    ) -> f32 {
        let line = |sign: Sign| {
            let sign = sign as usize;
            self.line_rest_lsb[sign][column] - self.line_lsb_per_charge * charges[sign]
        };
        match source {
            ReadoutSource::Membrane => membrane_lsb,
            ReadoutSource::ExcitatoryLine => line(Sign::Excitatory),
            ReadoutSource::InhibitoryLine => line(Sign::Inhibitory),
            ReadoutSource::DebugLine => self.debug_lsb[column],
        }
    }
}

/// One value per element.
pub(crate) fn each<T>(count: usize, value: impl Fn(usize) -> T) -> Vec<T> {
    (0..count).map(value).collect()
}

/// The values of a range, with a length that the compiler knows to be that of its neighbours.
#[inline(always)]
pub(crate) fn part<'a>(values: &'a [f32], range: &Range<usize>, count: usize) -> &'a [f32] {
    &values[range.clone()][..count]
}
