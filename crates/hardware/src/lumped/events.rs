//! The events of vectors, with what they are worth at the readout.

use bss2_core::ACTIVATION_MAX;
use ndarray::ArrayViewMut2;

use super::row_mut;
use crate::model::Batch;
use crate::pass::Pass;

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
    /// Worth of each event, all sends together; the last one's is the last.
    factors: Vec<f32>,
    /// Number of events for which the factors hold.
    factors_for: Option<usize>,
    /// Jitter of all sends together relative to that of one: 1/√sends if all sends are worth as much.
    jitter_share: f32,
    /// Inputs of one vector's events, in order.
    inputs: Vec<u32>,
    /// Their amplitudes, jitter apart.
    sent: Vec<f32>,
    /// Standard normals, by input.
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
        self.jitter.clear();
        self.jitter.resize(inputs, 0.0);
        self.inputs.resize(inputs, 0);
        self.sent.resize(inputs, 0.0);
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
        self.factors_for = Some(events);
    }

    /// Amplitudes of all vectors' events times what they are worth (vectors × inputs).
    pub(super) fn send_all(
        &mut self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        mut amplitudes: ArrayViewMut2<'_, f32>,
    ) {
        amplitudes.fill(0.0);
        self.mean_worth.resize(batch.timings.len(), 1.0);
        for &v in batch.order {
            self.weigh(pass, batch.timings[v].events as usize);
            self.send(pass, batch, v, row_mut(&mut amplitudes, v));
        }
    }

    /// Amplitudes of a vector's events times what they are worth.
    fn send(&mut self, pass: &Pass<'_>, batch: &Batch<'_>, v: usize, amplitudes: &mut [f32]) {
        let Some(activations) = batch.activations.row(v).to_slice() else {
            unreachable!("batches are in standard layout");
        };
        let events = batch.timings[v].events as usize;
        let (inputs, sent) = (&mut self.inputs[..], &mut self.sent[..events]);
        list(activations, inputs);
        let (inputs, factors) = (
            &inputs[..events],
            &self.factors[self.factors.len() - events..],
        );
        let tables = pass.circuit.tables(pass.region);
        for (sent, &input) in sent.iter_mut().zip(inputs) {
            let input = input as usize;
            *sent = tables[input][usize::from(activations[input] & ACTIVATION_MAX)];
        }
        let sums = pulp::Arch::new().dispatch(AddUp { sent, factors });
        let sends = pass.settings.num_sends() as f32;
        self.mean_worth[v] = if sums.sent > 0.0 {
            (sums.seen / (sends * sums.sent)).clamp(LEAST_WORTH, 1.0)
        } else {
            1.0
        };

        // The jitters of all sends add up to one. (Where a pulse is so short that single jitters would
        // end it, the transient model finds up to half an LSB more: it ends each event by itself.)
        let size = pass.circuit.jitter_activations * self.jitter_share;
        if size > 0.0 {
            let vector = batch.first_vector.wrapping_add(v as u64);
            if let (Some(&first), Some(&last)) = (inputs.first(), inputs.last()) {
                let range = first as usize..last as usize + 1;
                pass.fill_jitter(vector, 0, range.start, &mut self.jitter[range]);
            }
        }
        for ((&input, sent), factor) in inputs.iter().zip(sent).zip(factors) {
            let input = input as usize;
            // A driver that sends nothing does not jitter either.
            let jitters = if *sent > 0.0 { size } else { 0.0 };
            amplitudes[input] = factor * (*sent + jitters * self.jitter[input]).max(0.0);
        }
    }
}

/// Lists the inputs that have events.
fn list(activations: &[u8], inputs: &mut [u32]) {
    let mut events = 0;
    for (input, &x) in activations.iter().enumerate() {
        inputs[events] = input as u32;
        events += usize::from(x > 0);
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

/// Adds up a vector's events, as a task that is compiled once per kind of processor.
struct AddUp<'a> {
    sent: &'a [f32],
    factors: &'a [f32],
}

/// Sums that are kept side by side: an addition waits for the one before it.
const SIDE_BY_SIDE: usize = 16;

impl pulp::WithSimd for AddUp<'_> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> Sums {
        let (sent, last_sent) = self.sent.as_chunks::<SIDE_BY_SIDE>();
        let (factors, last_factors) = self.factors.as_chunks::<SIDE_BY_SIDE>();
        let mut sums = [[0.0; SIDE_BY_SIDE]; 2];
        for (sent, factors) in sent.iter().zip(factors) {
            for i in 0..SIDE_BY_SIDE {
                sums[0][i] += sent[i];
                sums[1][i] += sent[i] * factors[i];
            }
        }
        let mut total = Sums {
            sent: sums[0].iter().sum(),
            seen: sums[1].iter().sum(),
        };
        for (sent, factor) in last_sent.iter().zip(last_factors) {
            total.sent += sent;
            total.seen += sent * factor;
        }
        total
    }
}
