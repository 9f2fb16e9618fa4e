//! The events of vectors, with what they are worth at the readout.

use ndarray::ArrayViewMut2;

use crate::active::{Active, TOGETHER};
use crate::buffers::slice_mut;
use crate::driver::Pulses;
use crate::model::Batch;
use crate::pass::{Pass, Timing};
use crate::side_by_side::{MANY, SideBySide, block, sum, where_counts};

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
    /// For what they hold.
    decays_for: Option<DecaysFor>,
    terms: [(f32, f32); 2],
    forgets_per_us: f32,
    /// Worth of each event, all sends together, the last one's last, and [some](TOGETHER) zeros.
    factors: Vec<f32>,
    /// Number of events for which the factors hold.
    factors_for: Option<usize>,
    /// Jitter of all sends together relative to that of one: 1/√sends if all sends are worth as much.
    jitter_share: f32,
    /// Jitter of each vector's events in activation units, all sends together.
    jitter_activations: Vec<f32>,
    /// Standard normals of all vectors' jitter (vectors × inputs).
    jitter: Vec<f32>,
    /// By vector: what its charge is worth on average.
    pub(super) mean_worth: Vec<f32>,
}

/// What the decays of events follow from.
#[derive(Clone, Copy, Debug, PartialEq)]
struct DecaysFor {
    inputs: usize,
    interval_us: f32,
    /// Those of the [`Response`].
    terms: [(f32, f32); 2],
}

impl Events {
    /// Prepares for a run.
    pub(super) fn prepare(&mut self, pass: &Pass<'_>, response: &Response) {
        let inputs = pass.region.inputs;
        let decays_for = Some(DecaysFor {
            inputs,
            interval_us: pass.interval_us(),
            terms: response.terms,
        });
        self.factors_for = None;
        self.forgets_per_us = response.forgets_per_us;
        self.terms = response.terms;
        if std::mem::replace(&mut self.decays_for, decays_for) == decays_for {
            return;
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
        self.factors.extend([0.0; TOGETHER]);
        self.factors_for = Some(events);
    }

    /// Amplitudes of all vectors' events times what they are worth (vectors × inputs).
    pub(super) fn send_all(
        &mut self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        mut amplitudes: ArrayViewMut2<'_, f32>,
    ) {
        let (vectors, inputs) = batch.activations.dim();
        let Some(activations) = batch.activations.to_slice() else {
            unreachable!("batches are in standard layout");
        };
        let amplitudes = slice_mut(&mut amplitudes);
        self.jitter_activations.resize(vectors, 0.0);
        pulp::Arch::new().dispatch(Weigh {
            events: self,
            pass,
            timings: batch.timings,
            order: batch.order,
            activations,
            worth: amplitudes,
        });

        self.jitter.resize(vectors * inputs, 0.0);
        if pass.circuit.jitter_activations > 0.0 {
            pass.fill_jitter(batch.first_vector, 0, &mut self.jitter);
        }
        self.mean_worth.resize(vectors, 1.0);
        pulp::Arch::new().dispatch(Send {
            pulses: &pass.circuit.pulses,
            first_of_chip: pass.circuit.first_input(pass.region),
            inputs,
            sends: pass.settings.num_sends() as f32,
            activations,
            jitter: &self.jitter,
            jitter_activations: &self.jitter_activations,
            amplitudes,
            mean_worth: &mut self.mean_worth,
        });
    }
}

/// What all vectors' events are worth, as a task that is compiled once per kind of processor.
struct Weigh<'a> {
    events: &'a mut Events,
    pass: &'a Pass<'a>,
    timings: &'a [Timing],
    /// The vectors in the order of their numbers of events.
    order: &'a [usize],
    /// Vectors × inputs.
    activations: &'a [u8],
    /// Likewise.
    worth: &'a mut [f32],
}

impl pulp::WithSimd for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let inputs = self.pass.region.inputs;
        for &v in self.order {
            let events = self.timings[v].events as usize;
            self.events.weigh(self.pass, events);
            // The jitters of all sends add up to one. (Where a pulse is so short that single jitters
            // would end it, the transient model finds up to half an LSB more: it ends each event by
            // itself.)
            self.events.jitter_activations[v] =
                self.pass.circuit.jitter_activations * self.events.jitter_share;
            let row = v * inputs..(v + 1) * inputs;
            let factors = &self.events.factors[inputs - events..];
            put_in_place(
                factors,
                &self.activations[row.clone()],
                &mut self.worth[row],
            );
        }
    }
}

/// Puts the worth of the events, one after the other, where the inputs are that send them; at least
/// [`TOGETHER`] numbers of any kind follow the last. (What stands at silent inputs means nothing.)
#[inline(always)]
fn put_in_place(factors: &[f32], activations: &[u8], worth: &mut [f32]) {
    let mut number = 0;
    let (activations, last) = activations.as_chunks::<TOGETHER>();
    let (worth, last_worth) = worth.as_chunks_mut::<TOGETHER>();
    for (worth, activations) in worth.iter_mut().zip(activations) {
        number += put_together(&factors[number..], activations, worth);
    }
    if !last.is_empty() {
        let mut filled_up = ([0; TOGETHER], [0.0; TOGETHER]);
        filled_up.0[..last.len()].copy_from_slice(last);
        put_together(&factors[number..], &filled_up.0, &mut filled_up.1);
        last_worth.copy_from_slice(&filled_up.1[..last.len()]);
    }
}

/// Some neighbours of these, of which it tells how many are active.
#[inline(always)]
fn put_together(
    factors: &[f32],
    activations: &[u8; TOGETHER],
    worth: &mut [f32; TOGETHER],
) -> usize {
    let active = Active::of(*activations);
    if active.count() == 0 {
        return 0;
    }
    let Some(factors) = factors.first_chunk::<TOGETHER>() else {
        unreachable!("numbers follow the last");
    };
    if active.set() == u8::MAX {
        *worth = *factors;
        return TOGETHER;
    }
    let mut set = usize::from(active.set());
    let mut next = 0;
    for worth in worth {
        *worth = factors[next % TOGETHER];
        next += set & 1;
        set >>= 1;
    }
    active.count() as usize
}

/// The events of all vectors, as a task that is compiled once per kind of processor.
struct Send<'a> {
    pulses: &'a Pulses,
    /// The first input among those of the chip.
    first_of_chip: usize,
    inputs: usize,
    sends: f32,
    /// Vectors × inputs, as all that follows.
    activations: &'a [u8],
    jitter: &'a [f32],
    /// By vector.
    jitter_activations: &'a [f32],
    /// What the events are worth, which becomes their amplitudes with jitter, times that.
    amplitudes: &'a mut [f32],
    /// By vector.
    mean_worth: &'a mut [f32],
}

impl pulp::WithSimd for Send<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        for (v, mean_worth) in self.mean_worth.iter_mut().enumerate() {
            let row = v * self.inputs..(v + 1) * self.inputs;
            let mut vector = SendVector {
                pulses: self.pulses,
                first_of_chip: self.first_of_chip,
                activations: &self.activations[row.clone()],
                jitter: &self.jitter[row.clone()],
                jitter_activations: self.jitter_activations[v],
                amplitudes: &mut self.amplitudes[row],
                sent: [0.0; MANY],
                seen: [0.0; MANY],
            };
            vector.all(self.inputs);
            let (sent, seen) = (sum(vector.sent), sum(vector.seen));
            *mean_worth = if sent > 0.0 {
                (seen / (self.sends * sent)).clamp(LEAST_WORTH, 1.0)
            } else {
                1.0
            };
        }
    }
}

/// The events of one vector.
struct SendVector<'a> {
    pulses: &'a Pulses,
    first_of_chip: usize,
    activations: &'a [u8],
    jitter: &'a [f32],
    jitter_activations: f32,
    amplitudes: &'a mut [f32],
    /// Sums of the amplitudes, jitter apart, and of what they are worth, by place in a block.
    sent: [f32; MANY],
    seen: [f32; MANY],
}

impl SideBySide for SendVector<'_> {
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        let activations = block::<_, COUNT>(self.activations, first);
        let jitter = block::<_, COUNT>(self.jitter, first);
        let worth = block::<_, COUNT>(self.amplitudes, first);
        let sent = self
            .pulses
            .amplitudes(self.first_of_chip + first, activations);
        let (mut seen, mut amplitudes) = ([0.0; COUNT], [0.0; COUNT]);
        for i in 0..COUNT {
            // Nothing is known of what a silent input is worth; it does not jitter either.
            let worth = where_counts(sent[i] > 0.0, worth[i]);
            seen[i] = sent[i] * worth;
            // No driver sends a negative pulse.
            let jittered = self.jitter_activations.mul_add(jitter[i], sent[i]);
            amplitudes[i] = worth * where_counts(jittered > 0.0, jittered);
        }
        self.amplitudes[first..first + COUNT].copy_from_slice(&amplitudes);
        for i in 0..COUNT {
            self.sent[i] += sent[i];
            self.seen[i] += seen[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_put_where_their_inputs_are() {
        for set in 0..1_u32 << 11 {
            let activations: Vec<u8> = (0..11)
                .map(|i| if set >> i & 1 == 1 { 1 + 3 * i } else { 0 })
                .collect();
            let events = set.count_ones();
            let mut factors: Vec<f32> = (0..events).map(|number| number as f32 + 0.5).collect();
            factors.extend([0.0; TOGETHER]);
            let mut worth = vec![-1.0; activations.len()];
            put_in_place(&factors, &activations, &mut worth);
            let active = worth.iter().zip(&activations).filter(|(_, x)| **x > 0);
            let active: Vec<f32> = active.map(|(worth, _)| *worth).collect();
            assert_eq!(active, factors[..events as usize]);
        }
    }
}
