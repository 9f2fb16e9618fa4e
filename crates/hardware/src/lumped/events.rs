//! The events of vectors, with what they are worth at the readout.

use bss2_core::ACTIVATION_MAX;
use ndarray::ArrayViewMut2;

use super::slice_mut;
use crate::model::Batch;
use crate::pass::Pass;
use crate::side_by_side::{MANY, SideBySide, block};

/// What a unit of charge is worth a time r before the readout: Σ c·exp(−rate·r).
pub(super) struct Response {
    /// Rate per µs, and coefficient.
    pub(super) terms: [(f32, f32); 2],
    /// Rate per µs at which earlier sends are forgotten, which decides how their jitters add up.
    pub(super) forgets_per_us: f32,
}

/// Smallest mean worth that is told apart from less.
const LEAST_WORTH: f32 = 0.05;

/// The events of vectors, with their worth at the readout.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    /// exp(−rate·r) of each term for the last event, the one before, and so on, in reverse.
    decays: [Vec<f32>; 2],
    terms: [(f32, f32); 2],
    forgets_per_us: f32,
    /// Worth of each event, all sends together: the last one's comes last but for a 0, which stands
    /// for none.
    factors: Vec<f32>,
    /// Number of events for which the factors hold.
    factors_for: Option<usize>,
    /// Jitter of all sends together relative to that of one: 1/√sends if all sends are worth as much.
    jitter_share: f32,
    /// Amplitudes of one vector's events, jitter apart, by input.
    sent: Vec<f32>,
    /// What they are worth.
    worth: Vec<f32>,
    /// Standard normals of all vectors' jitter (vectors × inputs).
    jitter: Vec<f32>,
    /// By vector: what its charge is worth on average.
    pub(super) mean_worth: Vec<f32>,
}

impl Events {
    /// Prepares for a run.
    pub(super) fn prepare(&mut self, pass: &Pass<'_>, response: &Response) {
        let inputs = pass.region.inputs;
        self.terms = response.terms;
        self.forgets_per_us = response.forgets_per_us;
        self.factors_for = None;
        for by_input in [&mut self.sent, &mut self.worth] {
            by_input.resize(inputs, 0.0);
        }
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
            decays.reverse();
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
        let forgotten = f64::from(self.forgets_per_us) * period_us;
        self.jitter_share = (sum(2.0 * forgotten).sqrt() / sum(forgotten)) as f32;
        let [a, b] = &self.decays;
        self.factors.clear();
        self.factors
            .extend(a.iter().zip(b).map(|(a, b)| first * a + second * b));
        self.factors.push(0.0);
        self.factors_for = Some(events);
    }

    /// Amplitudes of all vectors' events times what they are worth (vectors × inputs).
    pub(super) fn send_all(
        &mut self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        mut amplitudes: ArrayViewMut2<'_, f32>,
    ) {
        self.mean_worth.resize(batch.timings.len(), 1.0);
        self.jitter.resize(batch.activations.len(), 0.0);
        if pass.circuit.jitter_activations > 0.0 {
            pass.fill_jitter(batch.first_vector, 0, &mut self.jitter);
        }
        let inputs = pass.region.inputs;
        let amplitudes = slice_mut(&mut amplitudes);
        for &v in batch.order {
            self.weigh(pass, batch.timings[v].events as usize);
            self.send(pass, batch, v, &mut amplitudes[v * inputs..][..inputs]);
        }
    }

    /// Amplitudes of a vector's events times what they are worth.
    fn send(&mut self, pass: &Pass<'_>, batch: &Batch<'_>, v: usize, amplitudes: &mut [f32]) {
        let Some(activations) = batch.activations.row(v).to_slice() else {
            unreachable!("batches are in standard layout");
        };
        let events = batch.timings[v].events as usize;
        let factors = &self.factors[self.decays[0].len() - events..];
        let tables = pass.circuit.tables(pass.region);
        let by_input = self.sent.iter_mut().zip(&mut self.worth);
        let mut number = 0;
        for ((&x, table), (sent, worth)) in activations.iter().zip(tables).zip(by_input) {
            *sent = table[usize::from(x & ACTIVATION_MAX)];
            *worth = factors[number];
            number += usize::from(x > 0);
        }

        // The jitters of all sends add up to one. (Where a pulse is so short that single jitters would
        // end it, the transient model finds up to half an LSB more: it ends each event by itself.)
        let jitter_activations = pass.circuit.jitter_activations * self.jitter_share;
        let sums = pulp::Arch::new().dispatch(Weigh {
            sent: &self.sent,
            worth: &self.worth,
            jitter: &self.jitter[v * activations.len()..][..activations.len()],
            jitter_activations,
            amplitudes,
            sums: Default::default(),
        });
        let sends = pass.settings.num_sends() as f32;
        self.mean_worth[v] = if sums.sent > 0.0 {
            (sums.seen / (sends * sums.sent)).clamp(LEAST_WORTH, 1.0)
        } else {
            1.0
        };
    }
}

/// Sums over a vector's events.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// Amplitudes.
    sent: f32,
    /// What they are worth.
    seen: f32,
}

/// The amplitudes of a vector's events with their jitter and worth, and their sums without jitter, as
/// a task that is compiled once per kind of processor.
struct Weigh<'a> {
    sent: &'a [f32],
    worth: &'a [f32],
    jitter: &'a [f32],
    jitter_activations: f32,
    amplitudes: &'a mut [f32],
    sums: [[f32; MANY]; 2],
}

impl pulp::WithSimd for Weigh<'_> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) -> Sums {
        self.all(self.sent.len());
        let [sent, seen] = self.sums;
        Sums {
            sent: sent.iter().sum(),
            seen: seen.iter().sum(),
        }
    }
}

impl SideBySide for Weigh<'_> {
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        let sent = block::<_, COUNT>(self.sent, first);
        let worth = block::<_, COUNT>(self.worth, first);
        let jitter = block::<_, COUNT>(self.jitter, first);
        let mut amplitudes = [0.0; COUNT];
        for i in 0..COUNT {
            self.sums[0][i] += sent[i];
            self.sums[1][i] += sent[i] * worth[i];
            // A driver that sends nothing does not jitter either.
            let jitters = if sent[i] > 0.0 {
                self.jitter_activations
            } else {
                0.0
            };
            amplitudes[i] = worth[i] * (sent[i] + jitters * jitter[i]).max(0.0);
        }
        self.amplitudes[first..first + COUNT].copy_from_slice(&amplitudes);
    }
}
