//! What is folded once per hemisphere: registers, conditions and weights.

use bss2_core::Region;
use bss2_core::product::{FixedPanels, FixedPart, Grid};

use super::GROUP;
use super::events::Response;
use crate::circuit::Circuit;
use crate::columns::each;
use crate::pass::Pass;
use crate::share::{share_among, threads_for};
use crate::side_by_side::{SideBySide, block, sum};
use crate::synapse::Sign;
use crate::synram::{SYNAPSES_AT_ONCE, Synram};

/// One hemisphere; everything by column of the hemisphere.
#[derive(Clone, Debug)]
pub(super) struct Folded {
    /// Membrane signal per activation unit once all charge has passed, in LSB (inputs × columns).
    pub(super) signal: FixedPanels,
    /// Mean charge of both signs per activation unit (inputs × groups of columns).
    pub(super) group_charge: FixedPanels,
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
        let gain_lsb = [0, 1].map(|sign| each(count, |c| slope[sign][c] / decay[sign][c]));
        let charges = here(&columns.largest_charge);
        let signals = each(count, |c| charges[c] * gain_lsb[0][c].max(gain_lsb[1][c]));
        // Both synapses of an input may send, if one of them is stuck.
        let of_groups = charges.chunks(GROUP).map(|charges| 2.0 * mean(charges));
        let [Ok(signal), Ok(group_charge)] = [Grid::up_to(signals), Grid::up_to(of_groups)]
            .map(|grid| FixedPanels::zeros(inputs, grid))
        else {
            unreachable!("hemispheres have at most 2048 inputs");
        };
        let mut folded = Self {
            signal,
            group_charge,
            gain_lsb,
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
        let charge = self.group_charge.parts_mut(inputs, groups);
        let (Ok(signal), Ok(charge)) = (signal, charge) else {
            unreachable!("the region lies within the hemisphere");
        };
        let fold = |part| {
            let arch = pulp::Arch::new();
            match part {
                Part::Signals(part) => {
                    let columns = part.columns();
                    let gains = self.gain_lsb.each_ref();
                    arch.dispatch(FoldSignals {
                        synram,
                        gains: gains.map(|gains| &gains[columns.clone()]),
                        part,
                    });
                }
                Part::Groups(part) => arch.dispatch(FoldGroups { synram, part }),
            }
        };
        let parts = signal.map(Part::Signals).chain(charge.map(Part::Groups));
        let threads = threads_for(region.inputs * region.columns, SYNAPSES_AT_ONCE);
        share_among(threads, parts, fold);
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

/// A part of one of the matrices.
enum Part<'a> {
    Signals(FixedPart<'a>),
    Groups(FixedPart<'a>),
}

/// Signals of some neighbouring columns, as a task that is compiled once per kind of processor.
struct FoldSignals<'a> {
    synram: &'a Synram,
    /// Per unit of charge, by sign, then column of the part.
    gains: [&'a [f32]; 2],
    part: FixedPart<'a>,
}

impl pulp::WithSimd for FoldSignals<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        let (synram, columns) = (self.synram, self.part.columns());
        self.part.set(|input, signals| {
            let row = |sign| synram.row(sign, input, columns.clone());
            FoldRow {
                charges: Sign::BOTH.map(row),
                gains: self.gains,
                signals,
            }
            .all(columns.len());
        });
    }
}

/// Signals of one input.
struct FoldRow<'a> {
    charges: [&'a [f32]; 2],
    gains: [&'a [f32]; 2],
    signals: &'a mut [f32],
}

impl SideBySide for FoldRow<'_> {
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        let [e, i] = self
            .charges
            .map(|charges| block::<_, COUNT>(charges, first));
        let [gain_e, gain_i] = self.gains.map(|gains| block::<_, COUNT>(gains, first));
        let mut signals = [0.0; COUNT];
        for c in 0..COUNT {
            signals[c] = gain_e[c] * e[c] - gain_i[c] * i[c];
        }
        self.signals[first..first + COUNT].copy_from_slice(&signals);
    }
}

/// Mean charges of some neighbouring groups of columns, as a task that is compiled once per kind of
/// processor.
struct FoldGroups<'a> {
    synram: &'a Synram,
    part: FixedPart<'a>,
}

impl pulp::WithSimd for FoldGroups<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        let groups = self.part.columns();
        let first = groups.start * GROUP;
        let end = (groups.end * GROUP).min(self.synram.charges(Sign::Excitatory).ncols());
        let synram = self.synram;
        self.part.set(|input, means| {
            let [e, i] = Sign::BOTH.map(|sign| synram.row(sign, input, first..end));
            let ((e, last_e), (i, last_i)) = (e.as_chunks::<GROUP>(), i.as_chunks::<GROUP>());
            for (mean, (e, i)) in means.iter_mut().zip(e.iter().zip(i)) {
                let both: [f32; GROUP] = std::array::from_fn(|c| e[c] + i[c]);
                *mean = sum(both) / GROUP as f32;
            }
            if let ([.., mean], false) = (means, last_e.is_empty()) {
                let both: f32 = last_e.iter().chain(last_i).sum();
                *mean = both / last_e.len() as f32;
            }
        });
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}
