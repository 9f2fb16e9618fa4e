//! The events of vectors, with what they are worth at the readout.

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
    /// exp(−rate·r) of each term for the last event, the one before, and so on.
    decays: [Vec<f32>; 2],
    terms: [(f32, f32); 2],
    forgets_per_us: f32,
    /// Worth of each event, counted from the last one, all sends together.
    factors: Vec<f32>,
    /// Number of events for which the factors hold.
    factors_for: Option<usize>,
    /// Jitter of all sends together relative to that of one: 1/√sends if all sends are worth as much.
    jitter_share: f32,
    worth: Vec<f32>,
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
        self.mean_worth.clear();
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
        let sent: f32 = amplitudes.iter().sum();
        let seen: f32 = amplitudes.iter().zip(&self.worth).map(|(a, w)| a * w).sum();
        let sends = pass.settings.num_sends() as f32;
        self.mean_worth.push(if sent > 0.0 {
            (seen / (sends * sent)).clamp(LEAST_WORTH, 1.0)
        } else {
            1.0
        });
        // The jitters of all sends add up to one. (Where a pulse is so short that single jitters would
        // end it, the transient model finds up to half an LSB more: it ends each event by itself.)
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
