//! What is folded once per hemisphere: registers, conditions and weights.

use bss2_core::Region;
use bss2_core::product::{HalfPanels, HalfPart};

use super::GROUP;
use super::events::Response;
use crate::circuit::Circuit;
use crate::columns::each;
use crate::pass::Pass;
use crate::synapse::Sign;
use crate::synram::Synram;

/// One hemisphere; everything by column of the hemisphere.
#[derive(Clone, Debug)]
pub(super) struct Folded {
    /// Membrane signal per activation unit once all charge has passed, in LSB (inputs × columns).
    pub(super) signal: HalfPanels,
    /// Mean charge of both signs per activation unit (inputs × groups of columns).
    pub(super) group_charge: HalfPanels,
    /// Membrane signal per unit of charge, by sign, in LSB.
    pub(super) gain_lsb: [Vec<f32>; 2],
    /// Mean decay rates.
    pub(super) leak_per_us: f32,
    pub(super) line_per_us: [f32; 2],
    /// Decay rates beyond the mean.
    pub(super) leak_excess_per_us: Vec<f32>,
    pub(super) line_excess_per_us: [Vec<f32>; 2],
    /// Share of the last event's charge that is still on the line at the readout, beyond the mean.
    pub(super) tail_excess: [Vec<f32>; 2],
    pub(super) largest_leak_per_us: f32,
}

impl Folded {
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
        let inputs = circuit.mode.geometry(circuit.geometry).inputs();
        let mut folded = Self {
            signal: HalfPanels::zeros(inputs, count),
            group_charge: HalfPanels::zeros(inputs, count.div_ceil(GROUP)),
            gain_lsb: [0, 1].map(|sign| each(count, |c| slope[sign][c] / decay[sign][c])),
            leak_per_us,
            line_per_us,
            leak_excess_per_us: leak.iter().map(|rate| rate - leak_per_us).collect(),
            line_excess_per_us: [0, 1]
                .map(|sign| each(count, |c| decay[sign][c] - line_per_us[sign])),
            tail_excess: [0, 1].map(|sign| each(count, |c| left(decay[sign][c]) - left(both))),
            largest_leak_per_us: leak.iter().copied().fold(0.0, f32::max),
        };
        let whole = Region {
            hemisphere,
            first_input: 0,
            inputs,
            first_column: 0,
            columns: count,
        };
        folded.fold_weights(circuit, whole);
        folded
    }

    /// Folds the charges of a region of inputs × physical columns.
    pub(super) fn fold_weights(&mut self, circuit: &Circuit, region: Region) {
        let synram = &circuit.synrams[region.hemisphere];
        let inputs = region.input_range();
        // Whole groups, as the estimate of a group's charge is one for all of its columns.
        let groups = region.first_column / GROUP..region.column_range().end.div_ceil(GROUP);
        let signal = self.signal.parts_mut(inputs.clone(), region.column_range());
        let charge = self.group_charge.parts_mut(inputs.clone(), groups);
        let gains = [&self.gain_lsb[0][..], &self.gain_lsb[1][..]];
        let signal = signal.map(|part| (part, Folds::Signal(gains)));
        let parts = signal.chain(charge.map(|part| (part, Folds::GroupCharge)));
        let arch = pulp::Arch::new();
        for (part, folds) in parts {
            arch.dispatch(Fold {
                synram,
                part,
                folds,
            });
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

/// What is folded of charges.
#[derive(Clone, Copy)]
enum Folds<'a> {
    /// Signals per unit of charge, by sign, then column.
    Signal([&'a [f32]; 2]),
    /// Mean charges of groups of columns.
    GroupCharge,
}

/// Some neighbouring columns, as a task that is compiled once per kind of processor.
struct Fold<'a> {
    synram: &'a Synram,
    part: HalfPart<'a>,
    folds: Folds<'a>,
}

impl pulp::WithSimd for Fold<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        let (columns, rows) = (self.part.columns(), self.part.rows());
        let mut row = [0.0; HalfPart::COLUMNS_MAX];
        let row = &mut row[..columns.len()];
        match self.folds {
            Folds::Signal(gains) => {
                let [gain_e, gain_i] = gains.map(|gains| &gains[columns.clone()]);
                for input in rows {
                    let [e, i] =
                        Sign::BOTH.map(|sign| self.synram.row(sign, input, columns.clone()));
                    let charges = e.iter().zip(i);
                    let gains = gain_e.iter().zip(gain_i);
                    for ((signal, (e, i)), (gain_e, gain_i)) in
                        row.iter_mut().zip(charges).zip(gains)
                    {
                        *signal = gain_e * e - gain_i * i;
                    }
                    self.part.put(input, row);
                }
            }
            Folds::GroupCharge => {
                let end = (columns.end * GROUP).min(self.synram.charges(Sign::Excitatory).ncols());
                for input in rows {
                    let of_sign = |sign| self.synram.row(sign, input, columns.start * GROUP..end);
                    let [e, i] = Sign::BOTH.map(|sign| of_sign(sign).chunks(GROUP));
                    for (mean, (e, i)) in row.iter_mut().zip(e.zip(i)) {
                        *mean = (e.iter().sum::<f32>() + i.iter().sum::<f32>()) / e.len() as f32;
                    }
                    self.part.put(input, row);
                }
            }
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}
