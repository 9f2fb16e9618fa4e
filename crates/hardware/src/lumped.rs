//! The lumped model: everything linear is folded once, so that a batch is one matrix product.
//!
//! A unit of charge that reaches a line a time r before the readout has become a membrane signal of
//! s·τ_syn·f(r) by then, with
//!
//! f(r) = (exp(−λr) − exp(−r/τ_syn)) / (1 − λτ_syn).
//!
//! The matrix holds s·τ_syn and the charges; f belongs to the event, with the hemisphere's mean λ
//! and τ_syn, and a column's deviation from those is a factor per column, from the mean time before
//! the readout. Leak and drift add what they would without events.
//!
//! An OTA that saturates loses q − q·tanh(u)/u of its charge. For events spread evenly over a time
//! R·τ_syn the line's charge rises as 1 − exp(−t) and then decays, and the third moment of that
//! course gives the effective u = q·k, k² = ∫v³ / (q_lin²·∫v·(∫v)²), exact to third order.
//! (That is the correction for saturation; it follows from the transient model's equations rather
//! than from a fit.) The charges q of both signs follow from the signal and an estimate of their
//! sum, made for groups of eight columns; where the loss is more than a quarter of an LSB they are
//! computed exactly, with two more matrix products.

use bss2_core::{Buffer, ReadoutSource, Region};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView1, ArrayViewMut2, s};

use crate::circuit::Circuit;
use crate::columns::{each, part};
use crate::model::{Batch, Model};
use crate::pass::{Pass, Timing};
use crate::synapse::Sign;

/// Columns that share an estimate of their total charge.
const GROUP: usize = 8;

/// Estimated loss to saturation beyond which it is computed exactly, in LSB.
const EXACT_BEYOND_LSB: f32 = 0.25;

/// Mean line voltage, in units of the OTA's linear range, up to which the model is valid: see
/// `docs/model.md` for how it departs from the transient model there.
pub(crate) const VALID_UP_TO: f32 = 1.0;

/// The lumped model with its matrices and scratch memory.
#[derive(Clone, Debug)]
pub(crate) struct Lumped {
    hemispheres: Vec<Folded>,
    scratch: Scratch,
}

/// One hemisphere; everything by column of the hemisphere.
#[derive(Clone, Debug)]
struct Folded {
    /// Membrane signal per activation unit once all charge has passed, in LSB (inputs × columns).
    signal: Array2<f32>,
    /// Mean charge of both signs per activation unit (inputs × groups of columns).
    group_charge: Array2<f32>,
    /// Each column's total charge relative to the mean of its group.
    share: Vec<f32>,
    /// Membrane signal per unit of charge, by sign, in LSB.
    gain_lsb: [Vec<f32>; 2],
    /// Mean decay rates.
    leak_per_us: f32,
    line_per_us: [f32; 2],
    /// Decay rates beyond the mean.
    leak_excess_per_us: Vec<f32>,
    line_excess_per_us: [Vec<f32>; 2],
    /// Share of the last event's charge that is still on the line at the readout, beyond the mean.
    tail_excess: [Vec<f32>; 2],
    largest_leak_per_us: f32,
}

/// Buffers of one block of vectors.
#[derive(Clone, Debug, Default)]
struct Scratch {
    amplitudes: Buffer<f32>,
    signal: Buffer<f32>,
    charges: [Buffer<f32>; 2],
    group_totals: Buffer<f32>,
    totals: Vec<f32>,
    events: Events,
    rest: Rest,
    saturated: Vec<bool>,
}

impl Lumped {
    pub(crate) fn new(circuit: &Circuit) -> Self {
        let hemispheres = 0..circuit.geometry.hemispheres();
        Self {
            hemispheres: hemispheres.map(|h| Folded::new(circuit, h)).collect(),
            scratch: Scratch::default(),
        }
    }
}

impl Folded {
    fn new(circuit: &Circuit, hemisphere: usize) -> Self {
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
            share: vec![0.0; count],
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
    fn fold_weights(&mut self, circuit: &Circuit, region: Region) {
        let synram = &circuit.synrams[region.hemisphere];
        let [gain_e, gain_i] = &self.gain_lsb;
        let end = (region.first_column + region.columns).next_multiple_of(GROUP);
        let columns = region.first_column / GROUP * GROUP..end.min(gain_e.len());
        let row = |sign, input| synram.row(sign, input, columns.clone());
        for input in region.input_range() {
            let (e, i) = (row(Sign::Excitatory, input), row(Sign::Inhibitory, input));
            let mut signal = self.signal.slice_mut(s![input, columns.clone()]);
            let gains = gain_e[columns.clone()].iter().zip(&gain_i[columns.clone()]);
            for (((signal, e), i), (gain_e, gain_i)) in signal.iter_mut().zip(e).zip(i).zip(gains) {
                *signal = gain_e * e - gain_i * i;
            }
            let groups = e.chunks(GROUP).zip(i.chunks(GROUP));
            let means = s![input, columns.start / GROUP..columns.end.div_ceil(GROUP)];
            for (mean, (e, i)) in self.group_charge.slice_mut(means).iter_mut().zip(groups) {
                *mean = (e.iter().sum::<f32>() + i.iter().sum::<f32>()) / e.len() as f32;
            }
        }
        let totals = &mut self.share[columns.clone()];
        totals.fill(0.0);
        for input in 0..self.signal.nrows() {
            let (e, i) = (row(Sign::Excitatory, input), row(Sign::Inhibitory, input));
            for ((total, e), i) in totals.iter_mut().zip(e).zip(i) {
                *total += e + i;
            }
        }
        for totals in totals.chunks_mut(GROUP) {
            let mean = mean(totals);
            for total in totals {
                *total = if mean > 0.0 { *total / mean } else { 0.0 };
            }
        }
    }

    /// What a unit of charge has become on the membranes by the readout, relative to what it can
    /// become.
    fn on_membranes(&self) -> Response {
        let line = 0.5 * (self.line_per_us[0] + self.line_per_us[1]);
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
        }
    }

    /// What of a unit of charge is left on the lines at the readout.
    fn on_lines(&self, sign: Sign) -> Response {
        Response {
            terms: [(self.line_per_us[sign as usize], 1.0), (0.0, 0.0)],
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

impl Model for Lumped {
    fn fold(&mut self, circuit: &Circuit, hemisphere: usize) {
        self.hemispheres[hemisphere] = Folded::new(circuit, hemisphere);
    }

    fn fold_weights(&mut self, circuit: &Circuit, region: Region) {
        self.hemispheres[region.hemisphere].fold_weights(circuit, region);
    }

    fn voltages(
        &mut self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        mut voltages: ArrayViewMut2<'_, f32>,
    ) -> u64 {
        let Pass {
            circuit, region, ..
        } = *pass;
        let folded = &self.hemispheres[region.hemisphere];
        let scratch = &mut self.scratch;
        let sources = &circuit.columns.source[circuit.columns_of_chip(region)];
        let mut doubtful = 0;
        if sources.contains(&ReadoutSource::Membrane) {
            doubtful += membranes(folded, scratch, pass, batch, voltages.view_mut());
        }
        for sign in Sign::BOTH {
            if sources.contains(&sign.line()) {
                lines(folded, scratch, pass, batch, sign, voltages.view_mut());
            }
        }
        for (c, source) in sources.iter().enumerate() {
            if *source == ReadoutSource::DebugLine {
                let column = circuit.column_of_chip(region.hemisphere, region.first_column + c);
                let debug = circuit.columns.voltage_lsb(column, *source, 0.0, [0.0; 2]);
                voltages.column_mut(c).fill(debug);
            }
        }
        doubtful
    }
}

/// Computes the voltages of all membranes of a region, whether they are read or not.
fn membranes(
    folded: &Folded,
    scratch: &mut Scratch,
    pass: &Pass<'_>,
    batch: &Batch<'_>,
    mut voltages: ArrayViewMut2<'_, f32>,
) -> u64 {
    let region = pass.region;
    let vectors = batch.timings.len();
    let shape = (vectors, region.columns);
    let mut amplitudes = scratch.amplitudes.shaped(batch.activations.dim());
    scratch.events.prepare(pass, &folded.on_membranes());
    scratch.rest.after = None;
    scratch.events.send_all(pass, batch, amplitudes.view_mut());

    let block = s![region.input_range(), region.column_range()];
    let mut signal = scratch.signal.shaped(shape);
    general_mat_mul(
        1.0,
        &amplitudes,
        &folded.signal.slice(block),
        0.0,
        &mut signal,
    );
    let groups =
        region.first_column / GROUP..(region.first_column + region.columns).div_ceil(GROUP);
    let group_charge = folded
        .group_charge
        .slice(s![region.input_range(), groups.clone()]);
    let mut group_totals = scratch.group_totals.shaped((vectors, groups.len()));
    general_mat_mul(1.0, &amplitudes, &group_charge, 0.0, &mut group_totals);

    scratch.totals.resize(region.columns, 0.0);
    scratch.saturated.clear();
    for v in 0..vectors {
        expand(folded, region, group_totals.row(v), &mut scratch.totals);
        let finish = Finish::<false> {
            folded,
            pass,
            timing: batch.timings[v],
            signal: row(&signal, v),
            totals: &scratch.totals,
            charges: [&[], &[]],
            rest: scratch
                .rest
                .after(pass, batch.timings[v], folded.largest_leak_per_us),
            voltages: row_mut(&mut voltages, v),
        };
        let found = pulp::Arch::new().dispatch(finish);
        scratch.saturated.push(found.saturated > 0);
    }
    if !scratch.saturated.contains(&true) {
        return 0;
    }

    let synram = &pass.circuit.synrams[region.hemisphere];
    let [excitatory, inhibitory] = &mut scratch.charges;
    let mut charges = [excitatory.shaped(shape), inhibitory.shaped(shape)];
    for (sign, charges) in Sign::BOTH.into_iter().zip(&mut charges) {
        general_mat_mul(
            1.0,
            &amplitudes,
            &synram.charges(sign).slice(block),
            0.0,
            charges,
        );
    }
    let mut doubtful = 0;
    for v in (0..vectors).filter(|&v| scratch.saturated[v]) {
        expand(folded, region, group_totals.row(v), &mut scratch.totals);
        let finish = Finish::<true> {
            folded,
            pass,
            timing: batch.timings[v],
            signal: row(&signal, v),
            totals: &scratch.totals,
            charges: [row(&charges[0], v), row(&charges[1], v)],
            rest: scratch
                .rest
                .after(pass, batch.timings[v], folded.largest_leak_per_us),
            voltages: row_mut(&mut voltages, v),
        };
        doubtful += u64::from(pulp::Arch::new().dispatch(finish).doubtful);
    }
    doubtful
}

/// Each column's total charge, estimated from its group's.
fn expand(folded: &Folded, region: Region, groups: ArrayView1<'_, f32>, totals: &mut [f32]) {
    let share = &folded.share[region.column_range()];
    // The region may begin within a group.
    let begun = region.first_column % GROUP;
    let first = if begun == 0 {
        0
    } else {
        (GROUP - begun).min(totals.len())
    };
    let (head, rest) = totals.split_at_mut(first);
    let heads = head.iter_mut().zip(share).zip(std::iter::repeat(groups[0]));
    heads.for_each(|((total, share), estimate)| *total = share * estimate);
    let groups = groups.iter().skip(usize::from(begun != 0));
    let (totals, last_totals) = rest.as_chunks_mut::<GROUP>();
    let (share, last_share) = share[first..].as_chunks::<GROUP>();
    let mut groups = groups.copied();
    for ((totals, share), estimate) in totals.iter_mut().zip(share).zip(&mut groups) {
        *totals = share.map(|share| share * estimate);
    }
    let last = last_totals.iter_mut().zip(last_share);
    let estimate = groups.next().unwrap_or_default();
    last.for_each(|(total, share)| *total = share * estimate);
}

/// Computes the voltages of the lines of one sign where these are read.
fn lines(
    folded: &Folded,
    scratch: &mut Scratch,
    pass: &Pass<'_>,
    batch: &Batch<'_>,
    sign: Sign,
    mut voltages: ArrayViewMut2<'_, f32>,
) {
    let Pass {
        circuit, region, ..
    } = *pass;
    let mut amplitudes = scratch.amplitudes.shaped(batch.activations.dim());
    scratch.events.prepare(pass, &folded.on_lines(sign));
    scratch.events.send_all(pass, batch, amplitudes.view_mut());
    let block = s![region.input_range(), region.column_range()];
    let charges = circuit.synrams[region.hemisphere]
        .charges(sign)
        .slice(block);
    let mut left = scratch.charges[0].shaped((batch.timings.len(), region.columns));
    general_mat_mul(1.0, &amplitudes, &charges, 0.0, &mut left);

    let first = circuit.column_of_chip(region.hemisphere, region.first_column);
    let excess = &folded.line_excess_per_us[sign as usize][region.column_range()];
    let rows = left
        .outer_iter()
        .zip(voltages.outer_iter_mut())
        .zip(batch.timings);
    for ((left, mut voltages), timing) in rows {
        // Mean time since the arrival of the charge that is left.
        let sent = folded.line_per_us[sign as usize] * timing.send_us;
        let left_us = timing.delay_us + timing.send_us * mean_age(sent);
        for (c, voltage) in voltages.iter_mut().enumerate() {
            if circuit.columns.source[first + c] == sign.line() {
                let mut charges = [0.0; 2];
                charges[sign as usize] = left[c] * kept(excess[c] * left_us);
                *voltage = circuit
                    .columns
                    .voltage_lsb(first + c, sign.line(), 0.0, charges);
            }
        }
    }
}

/// exp(−x), to third order.
#[inline(always)]
fn kept(x: f32) -> f32 {
    1.0 / (1.0 + x * (1.0 + 0.5 * x))
}

fn row<'a>(array: &'a ArrayViewMut2<'_, f32>, v: usize) -> &'a [f32] {
    let Some(all) = array.as_slice() else {
        unreachable!("buffers are contiguous");
    };
    &all[v * array.ncols()..][..array.ncols()]
}

fn row_mut<'a>(array: &'a mut ArrayViewMut2<'_, f32>, v: usize) -> &'a mut [f32] {
    let columns = array.ncols();
    let Some(all) = array.as_slice_mut() else {
        unreachable!("buffers are contiguous");
    };
    &mut all[v * columns..][..columns]
}

/// What a unit of charge is worth a time r before the readout: Σ c·exp(−rate·r).
struct Response {
    /// Rate per µs, and coefficient.
    terms: [(f32, f32); 2],
}

/// The events of vectors, with their worth at the readout.
#[derive(Clone, Debug, Default)]
struct Events {
    /// exp(−rate·r) of each term for the last event, the one before, and so on.
    decays: [Vec<f32>; 2],
    terms: [(f32, f32); 2],
    /// Worth of each event, counted from the last one, all sends together.
    factors: Vec<f32>,
    /// Number of events for which the factors hold.
    factors_for: Option<usize>,
    /// Jitter of all sends together relative to that of one: 1/√sends if all sends are worth as much.
    jitter_share: f32,
    worth: Vec<f32>,
    jitter: Vec<f32>,
}

impl Events {
    /// Prepares for a run.
    fn prepare(&mut self, pass: &Pass<'_>, response: &Response) {
        let inputs = pass.region.inputs;
        self.terms = response.terms;
        self.factors_for = None;
        self.worth.resize(inputs, 0.0);
        self.jitter.resize(inputs, 0.0);
        for (decays, (rate, _)) in self.decays.iter_mut().zip(response.terms) {
            let rate = f64::from(rate);
            let per_event = (-rate * f64::from(pass.interval_us())).exp();
            let mut decay = (-rate * f64::from(Pass::DELAY_US)).exp();
            decays.clear();
            decays.extend((0..inputs).map(|_| {
                let now = decay as f32;
                decay *= per_event;
                now
            }));
        }
    }

    /// Computes what each of a number of events is worth, summed over the sends.
    fn weigh(&mut self, pass: &Pass<'_>, events: usize) {
        let sends = pass.settings.num_sends();
        if self.factors_for == Some(events) || (sends == 1 && self.factors_for.is_some()) {
            return;
        }
        let period_us = f64::from(pass.interval_us()) * events as f64;
        let sum = |x: f64| {
            if sends == 1 || x == 0.0 {
                f64::from(sends)
            } else {
                (-f64::from(sends) * x).exp_m1() / (-x).exp_m1()
            }
        };
        let decay = self.terms.map(|(rate, _)| f64::from(rate) * period_us);
        let [first, second] =
            [0, 1].map(|term| (f64::from(self.terms[term].1) * sum(decay[term])) as f32);
        // The first term is the slower one, which decides what earlier sends are worth.
        self.jitter_share = (sum(2.0 * decay[0]).sqrt() / sum(decay[0])) as f32;
        let [a, b] = &self.decays;
        self.factors.clear();
        self.factors
            .extend(a.iter().zip(b).map(|(a, b)| first * a + second * b));
        self.factors_for = Some(events);
    }

    /// Amplitudes of all vectors' events times what they are worth (vectors × inputs).
    fn send_all(
        &mut self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        mut amplitudes: ArrayViewMut2<'_, f32>,
    ) {
        for (v, (vector, activations, timing)) in batch.vectors().enumerate() {
            let Some(activations) = activations.to_slice() else {
                unreachable!("batches are in standard layout");
            };
            self.weigh(pass, timing.events as usize);
            self.send(pass, vector, activations, row_mut(&mut amplitudes, v));
        }
    }

    fn send(&mut self, pass: &Pass<'_>, vector: u64, activations: &[u8], amplitudes: &mut [f32]) {
        let circuit = pass.circuit;
        let tables = circuit.tables(pass.region);
        let mut later = 0;
        for (i, &x) in activations.iter().enumerate().rev() {
            amplitudes[i] = tables[i][usize::from(x)];
            self.worth[i] = self.factors[later];
            later += usize::from(x > 0);
        }
        // The jitters of all sends add up to one.
        let size = circuit.jitter_activations * self.jitter_share;
        if !pass.fill_jitter(vector, 0, &mut self.jitter) {
            self.jitter.fill(0.0);
        }
        pulp::Arch::new().dispatch(Jitter {
            size,
            worth: &self.worth,
            normals: &self.jitter,
            amplitudes,
        });
    }
}

/// Lets events jitter and weighs them, as a task that is compiled once per kind of processor.
struct Jitter<'a> {
    size: f32,
    worth: &'a [f32],
    normals: &'a [f32],
    amplitudes: &'a mut [f32],
}

impl pulp::WithSimd for Jitter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let events = self.amplitudes.iter_mut().zip(self.worth).zip(self.normals);
        for ((amplitude, worth), normal) in events {
            // A driver that sends nothing does not jitter either.
            let sent = if *amplitude > 0.0 { 1.0 } else { 0.0 };
            *amplitude = worth * (*amplitude + sent * self.size * normal).max(0.0);
        }
    }
}

/// Voltages of a region's membranes without events, kept from vector to vector.
#[derive(Clone, Debug, Default)]
struct Rest {
    /// Timing for which they hold.
    after: Option<Timing>,
    voltages: Vec<f32>,
}

impl Rest {
    /// The voltages at the readout of a vector with the given timing.
    fn after(&mut self, pass: &Pass<'_>, timing: Timing, largest_leak_per_us: f32) -> &[f32] {
        if self.after != Some(timing) {
            self.after = Some(timing);
            self.voltages.resize(pass.region.columns, 0.0);
            pulp::Arch::new().dispatch(Relax {
                pass,
                integration_us: timing.integration_us(),
                largest_leak_per_us,
                voltages: &mut self.voltages,
            });
        }
        &self.voltages
    }
}

/// Leak and drift from the reset to the readout, as a task that is compiled once per kind of
/// processor.
struct Relax<'a> {
    pass: &'a Pass<'a>,
    integration_us: f32,
    largest_leak_per_us: f32,
    voltages: &'a mut [f32],
}

impl pulp::WithSimd for Relax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let columns = &self.pass.circuit.columns;
        let range = self.pass.circuit.columns_of_chip(self.pass.region);
        let count = self.voltages.len();
        let leak = part(&columns.leak_per_us, &range, count);
        let target = part(&columns.leak_lsb, &range, count);
        let start = part(&columns.start_lsb, &range, count);
        let drift = part(&columns.drift_lsb_per_us, &range, count);
        let time = self.integration_us;
        let relaxed = |c: usize, mean_decay: f32| {
            start[c] + ((target[c] - start[c]) * leak[c] + drift[c]) * time * mean_decay
        };
        if self.largest_leak_per_us * time > 1.0 {
            for (c, voltage) in self.voltages.iter_mut().enumerate() {
                *voltage = relaxed(c, mean_decay(leak[c] * time));
            }
        } else {
            for (c, voltage) in self.voltages.iter_mut().enumerate() {
                let x = leak[c] * time;
                *voltage = relaxed(c, 1.0 / (1.0 + x * (0.5 + x * (1.0 / 12.0))));
            }
        }
    }
}

/// From the signals of one vector to the membranes' voltages, as a task that is compiled once per
/// kind of processor. `EXACT` takes charges that are known instead of estimates.
struct Finish<'a, const EXACT: bool> {
    folded: &'a Folded,
    pass: &'a Pass<'a>,
    timing: Timing,
    /// Linear signal in LSB.
    signal: &'a [f32],
    /// Estimates of the total charge.
    totals: &'a [f32],
    /// Charges of each sign, where they are known.
    charges: [&'a [f32]; 2],
    /// Voltages without events.
    rest: &'a [f32],
    voltages: &'a mut [f32],
}

/// What was found while finishing a vector.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// Columns whose estimated loss to saturation asks for exact charges.
    saturated: u32,
    /// Columns whose OTA saturates more than the model can tell.
    doubtful: u32,
}

impl<const EXACT: bool> pulp::WithSimd for Finish<'_, EXACT> {
    type Output = Found;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> Found {
        let Self {
            folded,
            pass,
            timing,
            signal,
            totals,
            charges,
            rest,
            voltages,
        } = self;
        let region = pass.region;
        let columns = &pass.circuit.columns;
        let count = voltages.len();
        let of_hemisphere = region.column_range();
        let (signal, totals) = (&signal[..count], &totals[..count]);
        let [gain_e, gain_i] = [
            part(&folded.gain_lsb[0], &of_hemisphere, count),
            part(&folded.gain_lsb[1], &of_hemisphere, count),
        ];
        let [tail_e, tail_i] = [
            part(&folded.tail_excess[0], &of_hemisphere, count),
            part(&folded.tail_excess[1], &of_hemisphere, count),
        ];
        let leak_excess = part(&folded.leak_excess_per_us, &of_hemisphere, count);
        let rest = &rest[..count];

        let line_per_us = 0.5 * (folded.line_per_us[0] + folded.line_per_us[1]);
        let saturation = Saturation::new(timing, line_per_us, columns.linear_range_charge);
        let third = saturation.square_per_charge * (1.0 / 3.0);
        let per_charge = saturation.square_per_charge.sqrt();
        let on_line = mean_decay(timing.send_us * line_per_us);
        let mean_us = timing.mean_us();
        let mut found = Found::default();
        for c in 0..count {
            // Both charges from their difference, weighted by the gains, and their sum.
            let balance = (signal[c] + gain_i[c] * totals[c]) / (gain_e[c] + gain_i[c]);
            let (e, i) = (balance.max(0.0), (totals[c] - balance).max(0.0));
            let loss_e = gain_e[c] * e * e * e * third;
            let loss_i = gain_i[c] * i * i * i * third;
            let loss = loss_e + loss_i;
            let saturates = loss > EXACT_BEYOND_LSB;
            found.saturated += u32::from(saturates);
            // However wrong the estimate of the sum is, the difference stays what it was.
            let mut excitation = gain_e[c] * e - loss_e;
            let mut inhibition = gain_e[c] * e - signal[c] - loss_i;
            if EXACT {
                let [e, i] = [charges[0][c], charges[1][c]];
                let compressed_e = gain_e[c] * compress(e, per_charge);
                let compressed_i = gain_i[c] * compress(i, per_charge);
                excitation = if saturates { compressed_e } else { excitation };
                inhibition = if saturates { compressed_i } else { inhibition };
                let doubtful = saturates & (e.max(i) * per_charge > VALID_UP_TO);
                found.doubtful += u32::from(doubtful);
            }
            let excitation = excitation * (1.0 - on_line * tail_e[c]);
            let inhibition = inhibition * (1.0 - on_line * tail_i[c]);
            voltages[c] = rest[c] + (excitation - inhibition) * kept(leak_excess[c] * mean_us);
        }
        found
    }
}

/// Mean of exp(−x·t) over t in 0…1.
#[inline(always)]
fn mean_decay(x: f32) -> f32 {
    if x < 1e-4 {
        1.0 - 0.5 * x
    } else {
        -(-x).exp_m1() / x
    }
}

/// Mean of t over 0…1, weighted with exp(−x·t).
fn mean_age(x: f32) -> f32 {
    if x < 1e-2 {
        0.5 - x * (1.0 / 12.0)
    } else {
        1.0 / x - 1.0 / x.exp_m1()
    }
}

/// How strongly evenly spread events saturate an OTA.
struct Saturation {
    /// (u/q)²: effective voltage on the line in units of the linear range, per charge, squared.
    square_per_charge: f32,
}

impl Saturation {
    fn new(timing: Timing, line_per_us: f32, linear_range_charge: f32) -> Self {
        let r = f64::from(timing.send_us * line_per_us);
        let third_moment = if r < 1e-2 {
            // All charge at once.
            1.0 / 3.0
        } else {
            let grown = |n: f64| -(-n * r).exp_m1();
            let rising = r - 3.0 * grown(1.0) + 1.5 * grown(2.0) - grown(3.0) / 3.0;
            (rising + grown(1.0).powi(3) / 3.0) / r.powi(3)
        };
        let range = f64::from(linear_range_charge);
        Self {
            square_per_charge: (third_moment / (range * range)) as f32,
        }
    }
}

/// Charge that a linear OTA would need for the same current: q·tanh(u)/u, with tanh as its [3/2]
/// Padé approximant, capped at 1 (relative error below 0.1 % for u < 1, 2.6 % at most, near 2.4).
#[inline(always)]
fn compress(charge: f32, voltage_per_charge: f32) -> f32 {
    let voltage = charge * voltage_per_charge;
    let square = voltage * voltage;
    let slope = (15.0 + square) / (15.0 + 6.0 * square);
    charge * slope.min(1.0 / voltage.max(f32::MIN_POSITIVE))
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

    /// The third moment of the line's course, summed numerically.
    #[test]
    fn saturation_follows_the_course_of_the_line() {
        for send_us in [0.04_f32, 0.3, 1.0, 5.0, 40.0] {
            let rate = 1.0 / 0.32;
            let (mut v, mut first, mut third) = (0.0_f64, 0.0_f64, 0.0_f64);
            let dt = 1e-4;
            let r = f64::from(send_us * rate);
            for step in 0..((r + 30.0) / dt) as usize {
                let input = if (step as f64) * dt < r { 1.0 / r } else { 0.0 };
                v += (input - v) * dt;
                first += v * dt;
                third += v.powi(3) * dt;
            }
            let timing = Timing {
                events: 1,
                send_us,
                delay_us: 1.0,
            };
            let found = f64::from(Saturation::new(timing, rate, 1.0).square_per_charge);
            let expected = third / first;
            assert!(
                (found / expected - 1.0).abs() < 0.01,
                "{send_us}: {found}, {expected}"
            );
        }
    }
}
