//! What is folded once per hemisphere: registers, conditions and weights.

use bss2_core::Region;
use ndarray::Array2;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::GROUP;
use super::events::Response;
use crate::circuit::Circuit;
use crate::columns::each;
use crate::pass::Pass;
use crate::rows::{rows_at_once, rows_mut};
use crate::synapse::Sign;

/// One hemisphere; everything by column of the hemisphere.
#[derive(Clone, Debug)]
pub(super) struct Folded {
    /// Membrane signal per activation unit once all charge has passed, in LSB (inputs × columns).
    pub(super) signal: Array2<f32>,
    /// Mean charge of both signs per activation unit (inputs × groups of columns).
    pub(super) group_charge: Array2<f32>,
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
            signal: Array2::zeros((inputs, count)),
            group_charge: Array2::zeros((inputs, count.div_ceil(GROUP))),
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
        let [gain_e, gain_i] = &self.gain_lsb;
        let end = (region.first_column + region.columns).next_multiple_of(GROUP);
        let columns = region.first_column / GROUP * GROUP..end.min(gain_e.len());
        let groups = columns.start / GROUP..columns.end.div_ceil(GROUP);
        let gains = [&gain_e[columns.clone()], &gain_i[columns.clone()]];
        let signal = rows_mut(&mut self.signal, region.input_range());
        let group_charge = rows_mut(&mut self.group_charge, region.input_range());
        let rows = region.input_range().into_par_iter();
        rows.zip(signal)
            .zip(group_charge)
            .with_min_len(rows_at_once(columns.len()))
            .for_each(|((input, signal), group_charge)| {
                pulp::Arch::new().dispatch(FoldRow {
                    charges: Sign::BOTH.map(|sign| synram.row(sign, input, columns.clone())),
                    gains,
                    signal: &mut signal[columns.clone()],
                    group_charge: &mut group_charge[groups.clone()],
                });
            });
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

/// One input's charges, as a task that is compiled once per kind of processor.
struct FoldRow<'a> {
    /// By sign.
    charges: [&'a [f32]; 2],
    gains: [&'a [f32]; 2],
    signal: &'a mut [f32],
    group_charge: &'a mut [f32],
}

impl pulp::WithSimd for FoldRow<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let count = self.signal.len();
        let [e, i] = self.charges.map(|charges| &charges[..count]);
        let [gain_e, gain_i] = self.gains.map(|gains| &gains[..count]);
        for (c, signal) in self.signal.iter_mut().enumerate() {
            *signal = gain_e[c] * e[c] - gain_i[c] * i[c];
        }
        let groups = e.chunks(GROUP).zip(i.chunks(GROUP));
        for (mean, (e, i)) in self.group_charge.iter_mut().zip(groups) {
            *mean = (e.iter().sum::<f32>() + i.iter().sum::<f32>()) / e.len() as f32;
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}
