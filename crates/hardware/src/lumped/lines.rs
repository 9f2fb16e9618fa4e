//! Lines that are read themselves: their charge, event by event, with each column's own decay.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::model::Batch;
use crate::pass::{Pass, Timing};
use crate::synapse::Sign;

/// Scratch memory; everything by column of the region.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    /// Share of the charge that is left when the next event comes.
    kept: Vec<f32>,
    /// Charge on the lines.
    charge: Vec<f32>,
    /// What the charge of one send amounts to at the readout, all sends together.
    seen: Vec<f32>,
    /// Timing for which that holds.
    seen_after: Option<Timing>,
}

impl Lines {
    /// Writes the voltages of one sign's lines where they are read, given the amplitudes of all sends
    /// together (vectors × inputs).
    pub(super) fn read(
        &mut self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        sign: Sign,
        amplitudes: ArrayView2<'_, f32>,
        mut voltages: ArrayViewMut2<'_, f32>,
    ) {
        let Pass {
            circuit, region, ..
        } = *pass;
        let columns = circuit.columns_of_chip(region);
        let decay = &circuit.columns.line_decay_per_us[sign as usize][columns.clone()];
        let interval_us = pass.interval_us();
        self.kept.clear();
        self.kept
            .extend(decay.iter().map(|decay| (-decay * interval_us).exp()));
        self.seen_after = None;
        let synram = &circuit.synrams[region.hemisphere];
        let share = 1.0 / pass.settings.num_sends() as f32;
        for (v, (_, activations, timing)) in batch.vectors().enumerate() {
            self.charge.clear();
            self.charge.resize(region.columns, 0.0);
            for (input, _) in activations.iter().enumerate().filter(|(_, x)| **x > 0) {
                let amplitude = amplitudes[[v, input]] * share;
                let charges = synram.row(sign, region.first_input + input, region.column_range());
                let lines = self.charge.iter_mut().zip(&self.kept).zip(charges);
                for ((line, kept), charge) in lines {
                    *line = *line * kept + amplitude * charge;
                }
            }
            self.see(pass, timing, decay);
            for (c, column) in columns.clone().enumerate() {
                if circuit.columns.source[column] == sign.line() {
                    let mut charges = [0.0; 2];
                    charges[sign as usize] = self.charge[c] * self.seen[c];
                    let voltage = &mut voltages[[v, c]];
                    *voltage = circuit
                        .columns
                        .voltage_lsb(column, sign.line(), 0.0, charges);
                }
            }
        }
    }

    /// Sums over the sends, each a period later than the one before, and the wait for the readout.
    fn see(&mut self, pass: &Pass<'_>, timing: Timing, decay: &[f32]) {
        if self.seen_after == Some(timing) {
            return;
        }
        self.seen_after = Some(timing);
        let sends = f64::from(pass.settings.num_sends());
        self.seen.clear();
        self.seen.extend(decay.iter().map(|&decay| {
            let decay = f64::from(decay);
            let all = decay * f64::from(timing.send_us);
            let sum = if all == 0.0 {
                sends
            } else {
                (-all).exp_m1() / (-all / sends).exp_m1()
            };
            (sum * (-decay * f64::from(timing.delay_us)).exp()) as f32
        }));
    }
}
