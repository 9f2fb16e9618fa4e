//! The events of vectors, with what they are worth at the readout.

use bss2_core::{ACTIVATION_MAX, Buffer};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use super::{row, row_mut};
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
    /// Of each vector's events (vectors × inputs).
    worth: Buffer<f32>,
    /// Jitter by vector, all sends together, relative to that of one.
    jitter_shares: Vec<f32>,
    /// Standard normals.
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
        let mut buffer = std::mem::take(&mut self.worth);
        let mut worth = buffer.shaped(amplitudes.dim());
        self.jitter_shares.clear();
        for (v, (_, activations, timing)) in batch.vectors().enumerate() {
            self.weigh(pass, timing.events as usize);
            self.jitter_shares.push(self.jitter_share);
            let (amplitudes, worth) = (row_mut(&mut amplitudes, v), row_mut(&mut worth, v));
            self.place(pass, activations, amplitudes, worth);
        }
        self.find_mean_worth(pass, amplitudes.view(), worth.view());
        for (v, (vector, ..)) in batch.vectors().enumerate() {
            self.jitter(pass, vector, v, row_mut(&mut amplitudes, v), row(&worth, v));
        }
        self.worth = buffer;
    }

    /// Amplitudes of one vector's events, and what each is worth.
    fn place(
        &self,
        pass: &Pass<'_>,
        activations: ArrayView1<'_, u8>,
        amplitudes: &mut [f32],
        worth: &mut [f32],
    ) {
        let Some(activations) = activations.to_slice() else {
            unreachable!("batches are in standard layout");
        };
        let events = activations.iter().zip(pass.circuit.tables(pass.region));
        let mut later = 0;
        for (((x, table), amplitude), worth) in events.zip(amplitudes).zip(worth).rev() {
            *amplitude = table[usize::from(x & ACTIVATION_MAX)];
            *worth = self.factors[later];
            later += usize::from(*x > 0);
        }
    }

    /// What each vector's charge is worth on average.
    fn find_mean_worth(
        &mut self,
        pass: &Pass<'_>,
        amplitudes: ArrayView2<'_, f32>,
        worth: ArrayView2<'_, f32>,
    ) {
        let sends = pass.settings.num_sends() as f32;
        let mean = |sums: Sums| {
            if sums.sent > 0.0 {
                (sums.seen / (sends * sums.sent)).clamp(LEAST_WORTH, 1.0)
            } else {
                1.0
            }
        };
        self.mean_worth.clear();
        let amplitudes = amplitudes.axis_chunks_iter(Axis(0), SIDE_BY_SIDE);
        for (amplitudes, worth) in amplitudes.zip(worth.axis_chunks_iter(Axis(0), SIDE_BY_SIDE)) {
            if amplitudes.nrows() == SIDE_BY_SIDE {
                let sums: [Sums; SIDE_BY_SIDE] = sums(amplitudes, worth, 0);
                self.mean_worth.extend(sums.map(mean));
            } else {
                let rows = 0..amplitudes.nrows();
                let sums = rows.flat_map(|v| sums::<1>(amplitudes, worth, v));
                self.mean_worth.extend(sums.map(mean));
            }
        }
    }

    /// Lets the events of a vector, one of the batch, jitter and weighs them.
    fn jitter(
        &mut self,
        pass: &Pass<'_>,
        vector: u64,
        of_batch: usize,
        amplitudes: &mut [f32],
        worth: &[f32],
    ) {
        // The jitters of all sends add up to one. (Where a pulse is so short that single jitters would
        // end it, the transient model finds up to half an LSB more: it ends each event by itself.)
        let size = pass.circuit.jitter_activations * self.jitter_shares[of_batch];
        if !pass.fill_jitter(vector, 0, &mut self.jitter) {
            self.jitter.fill(0.0);
        }
        pulp::Arch::new().dispatch(Jitter {
            size,
            worth,
            normals: &self.jitter,
            amplitudes,
        });
    }
}

/// Vectors whose events are added up side by side: each addition waits for the one before it, while
/// those of other vectors do not.
const SIDE_BY_SIDE: usize = 8;

/// Sums over a vector's events.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// Amplitudes.
    sent: f32,
    /// What they are worth.
    seen: f32,
}

/// The sums of neighbouring vectors, added up in the order of the inputs.
fn sums<const VECTORS: usize>(
    amplitudes: ArrayView2<'_, f32>,
    worth: ArrayView2<'_, f32>,
    first: usize,
) -> [Sums; VECTORS] {
    let rows: [_; VECTORS] =
        std::array::from_fn(|v| (row(&amplitudes, first + v), row(&worth, first + v)));
    let mut sums = [Sums::default(); VECTORS];
    for input in 0..amplitudes.ncols() {
        for (sums, (amplitudes, worth)) in sums.iter_mut().zip(rows) {
            sums.sent += amplitudes[input];
            sums.seen += amplitudes[input] * worth[input];
        }
    }
    sums
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
