//! What is folded once per hemisphere: registers and conditions.

use bss2_core::product::Grid;

use super::GROUPS;
use super::events::Response;
use crate::circuit::Circuit;
use crate::columns::each;
use crate::pass::Pass;
use crate::synapse::{PANEL, Sign};

/// One hemisphere; everything by column of the hemisphere.
#[derive(Clone, Debug)]
pub(super) struct Hemisphere {
    /// Its number.
    pub(super) number: usize,
    /// What the matrices of its weights can hold: signals, charges of both signs, their means over groups.
    pub(super) signals: Grid,
    pub(super) totals: Grid,
    pub(super) group_means: Grid,
    /// Membrane signal per unit of charge, by sign, in LSB.
    pub(super) gain_lsb: [Vec<f32>; 2],
    /// One over the sum of those of both signs.
    pub(super) per_gain_of_both: Vec<f32>,
    /// Mean decay rates.
    pub(super) leak_per_us: f32,
    pub(super) line_per_us: [f32; 2],
    /// Decay rates of the lines of each sign.
    pub(super) decay_per_us: [Vec<f32>; 2],
    /// Decay rates beyond the mean.
    pub(super) leak_excess_per_us: Vec<f32>,
    /// What the mean column keeps of each sign while its charge is still on the line, relative to this one.
    pub(super) apart: [Vec<f32>; 2],
    /// Share of the last event's charge that is still on the line at the readout, beyond the mean.
    pub(super) tail_excess: [Vec<f32>; 2],
    pub(super) largest_leak_per_us: f32,
}

impl Hemisphere {
    pub(super) fn new(circuit: &Circuit, hemisphere: usize) -> Self {
        let columns = &circuit.columns;
        let count = circuit.geometry.columns();
        let first = hemisphere * count;
        let here = |values: &[f32]| values[first..first + count].to_vec();
        let decay = Sign::BOTH.map(|sign| here(&columns.line_decay_per_us[sign as usize]));
        let slope = Sign::BOTH.map(|sign| here(&columns.slope_lsb_per_us[sign as usize]));
        let leak = here(&columns.leak_per_us);
        let leak_per_us = mean(&leak);
        let line_per_us = [mean(&decay[0]), mean(&decay[1])];
        let both = 0.5 * (line_per_us[0] + line_per_us[1]);
        let left = |rate: f32| (-rate * Pass::DELAY_US).exp();
        let gain_lsb = [0, 1].map(|sign| each(count, |c| slope[sign][c] / decay[sign][c]));
        let charges = here(&columns.largest_charge);
        let signals = each(count, |c| charges[c] * gain_lsb[0][c].max(gain_lsb[1][c]));
        // Both synapses of an input may send, if one of them is stuck.
        let totals = charges.iter().map(|charge| 2.0 * charge);
        let group_means = charges.chunks(PANEL).flat_map(|charges| {
            let largest = charges.iter().copied().fold(0.0, f32::max);
            [2.0 * largest; GROUPS]
        });
        let inputs = circuit.mode.geometry(circuit.geometry).inputs();
        Self {
            number: hemisphere,
            signals: Grid::up_to(signals).within(inputs),
            totals: Grid::up_to(totals).within(inputs),
            group_means: Grid::up_to(group_means).within(inputs),
            per_gain_of_both: each(count, |c| 1.0 / (gain_lsb[0][c] + gain_lsb[1][c])),
            gain_lsb,
            leak_per_us,
            line_per_us,
            leak_excess_per_us: leak.iter().map(|rate| rate - leak_per_us).collect(),
            apart: decay.each_ref().map(|decay| {
                let apart = |leak: f32, decay: f32| (1.0 - leak / decay).max(0.1);
                each(count, |c| {
                    apart(leak_per_us, both) / apart(leak[c], decay[c])
                })
            }),
            tail_excess: [0, 1].map(|sign| each(count, |c| left(decay[sign][c]) - left(both))),
            decay_per_us: decay,
            largest_leak_per_us: leak.iter().copied().fold(0.0, f32::max),
        }
    }

    /// Mean decay rate of the lines of both signs.
    pub(super) fn line_of_both_per_us(&self) -> f32 {
        0.5 * (self.line_per_us[0] + self.line_per_us[1])
    }

    /// What a unit of charge has become on the membranes by the readout, relative to what it can
    /// become.
    pub(super) fn on_membranes(&self) -> Response {
        let line = self.line_of_both_per_us();
        // The limit where both rates agree is approached closely enough.
        let ratio = self.leak_per_us / line;
        let apart = 1.0
            - if (ratio - 1.0).abs() < 1e-3 {
                0.999
            } else {
                ratio
            };
        Response {
            terms: [(self.leak_per_us, 1.0 / apart), (line, -1.0 / apart)],
            forgets_per_us: self.leak_per_us,
        }
    }

    /// Charge as it is sent, for lines that are read.
    pub(super) fn on_lines(&self, sign: Sign) -> Response {
        Response {
            terms: [(0.0, 1.0), (0.0, 0.0)],
            forgets_per_us: self.line_per_us[sign as usize],
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}
