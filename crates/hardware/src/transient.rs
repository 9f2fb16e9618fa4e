//! The transient model: event by event, step by step.
//!
//! Between events each column takes small steps in which everything linear is exact: the lines'
//! charge and the membrane decay exponentially, and the membrane collects the OTAs' current. What
//! an OTA's saturation takes from that current is taken at the middle of the step (midpoint rule;
//! steps are at most a sixth of the calibrated τ_syn). An event then adds its charge to the lines.

use std::collections::BTreeMap;
use std::ops::Range;

use bss2_core::{PulseRequest, ReadoutSource, Region, RunSettings, TraceRequest};
use ndarray::{ArrayView1, ArrayViewMut2};

use crate::circuit::Circuit;
use crate::columns::{Columns, each};
use crate::model::{self, Batch, Model};
use crate::ota::saturate;
use crate::pass::Pass;
use crate::synapse::Sign;

/// Longest step, in µs.
const STEP_MAX_US: f32 = 0.05;

/// The transient model; it keeps nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transient;

/// Scratch memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    state: State,
    jitter: Vec<f32>,
}

/// Voltages of a region's columns.
#[derive(Clone, Debug, Default)]
struct State {
    /// Charge on each line, by sign.
    charge: [Vec<f32>; 2],
    /// Potential of each membrane, in LSB above the nominal reset potential.
    membrane: Vec<f32>,
}

/// What a step of a certain length does to each column.
struct Step {
    /// Share of the lines' charge that is left after the step, and after half of it, by sign.
    line_kept: [Vec<f32>; 2],
    line_kept_half: [Vec<f32>; 2],
    /// Membrane signal per unit of charge at the beginning, were the OTA linear, by sign.
    signal: [Vec<f32>; 2],
    /// Membrane signal per unit of charge that saturation takes away at the middle, by sign.
    loss: [Vec<f32>; 2],
    /// Share of the membrane's potential that is left.
    membrane_kept: Vec<f32>,
    /// What leak and drift add.
    pull: Vec<f32>,
    linear_range_charge: f32,
}

/// An interval as equal steps.
struct Interval {
    step: Step,
    count: usize,
}

impl Interval {
    fn new(columns: &Columns, range: Range<usize>, length_us: f32) -> Self {
        let count = (length_us / STEP_MAX_US).ceil().max(1.0);
        Self {
            step: Step::new(columns, range, length_us / count),
            count: count as usize,
        }
    }
}

impl Step {
    fn new(columns: &Columns, range: Range<usize>, length_us: f32) -> Self {
        let dt = f64::from(length_us);
        let count = range.len();
        let at = |values: &[f32], c: usize| f64::from(values[range.start + c]);
        let decay = |sign: Sign, c| at(&columns.line_decay_per_us[sign as usize], c);
        let slope = |sign: Sign, c| at(&columns.slope_lsb_per_us[sign as usize], c);
        let leak = |c| at(&columns.leak_per_us, c);
        Self {
            line_kept: Sign::BOTH.map(|sign| each(count, |c| (-decay(sign, c) * dt).exp() as f32)),
            line_kept_half: Sign::BOTH
                .map(|sign| each(count, |c| (-decay(sign, c) * 0.5 * dt).exp() as f32)),
            signal: Sign::BOTH.map(|sign| {
                each(count, |c| {
                    // Symmetric in both rates; from the slower one, so that no power overflows.
                    let (line, leak) = (decay(sign, c), leak(c));
                    let collected =
                        (-leak.min(line) * dt).exp() * mean_decay((line - leak).abs() * dt) * dt;
                    (slope(sign, c) * collected) as f32
                })
            }),
            loss: Sign::BOTH.map(|sign| {
                each(count, |c| {
                    (slope(sign, c) * dt * (-leak(c) * 0.5 * dt).exp()) as f32
                })
            }),
            membrane_kept: each(count, |c| (-leak(c) * dt).exp() as f32),
            pull: each(count, |c| {
                let force = at(&columns.leak_lsb, c) * leak(c) + at(&columns.drift_lsb_per_us, c);
                (force * mean_decay(leak(c) * dt) * dt) as f32
            }),
            linear_range_charge: columns.linear_range_charge,
        }
    }
}

/// Mean of exp(−x·t) over t in 0…1.
fn mean_decay(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { -(-x).exp_m1() / x }
}

impl State {
    /// Empty lines, membranes where the reset leaves them.
    fn reset(&mut self, columns: &Columns, range: Range<usize>) {
        for charge in &mut self.charge {
            charge.clear();
            charge.resize(range.len(), 0.0);
        }
        self.membrane.clear();
        self.membrane.extend_from_slice(&columns.start_lsb[range]);
    }

    fn advance(&mut self, interval: &Interval) {
        for _ in 0..interval.count {
            pulp::Arch::new().dispatch(Advance {
                state: self,
                step: &interval.step,
            });
        }
    }

    /// Adds the charge of an event.
    fn receive(&mut self, amplitude: f32, charges: [&[f32]; 2]) {
        for (line, charges) in self.charge.iter_mut().zip(charges) {
            for (line, charge) in line.iter_mut().zip(charges) {
                *line += amplitude * charge;
            }
        }
    }

    /// Voltage at a tap of the column with the given place in the region.
    fn voltage(&self, columns: &Columns, first: usize, c: usize, source: ReadoutSource) -> f32 {
        let charges = [self.charge[0][c], self.charge[1][c]];
        columns.voltage_lsb(first + c, source, self.membrane[c], charges)
    }
}

/// One step of all columns, as a task that is compiled once per kind of processor.
struct Advance<'a> {
    state: &'a mut State,
    step: &'a Step,
}

impl pulp::WithSimd for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Self { state, step } = self;
        let count = state.membrane.len();
        let State {
            charge: [excitatory, inhibitory],
            membrane,
        } = state;
        let lines = [
            (&mut excitatory[..count], 1.0, Sign::Excitatory),
            (&mut inhibitory[..count], -1.0, Sign::Inhibitory),
        ];
        let kept = &step.membrane_kept[..count];
        let pull = &step.pull[..count];
        let membrane = &mut membrane[..count];
        for c in 0..count {
            membrane[c] = membrane[c] * kept[c] + pull[c];
        }
        for (charge, direction, sign) in lines {
            let sign = sign as usize;
            let kept = &step.line_kept[sign][..count];
            let kept_half = &step.line_kept_half[sign][..count];
            let signal = &step.signal[sign][..count];
            let loss = &step.loss[sign][..count];
            for c in 0..count {
                let middle = charge[c] * kept_half[c];
                let missing = middle - saturate(middle, step.linear_range_charge);
                membrane[c] += direction * (signal[c] * charge[c] - loss[c] * missing);
                charge[c] *= kept[c];
            }
        }
    }
}

impl Model for Transient {
    fn fold(&mut self, _circuit: &Circuit, _hemisphere: usize) {}

    fn fold_weights(&mut self, _circuit: &Circuit, _region: Region) {}

    fn prepare(&mut self, _circuit: &Circuit, _region: Region) {}

    fn vectors_at_once(&self) -> usize {
        1
    }

    fn voltages(
        &self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        scratch: &mut model::Scratch,
        mut voltages: ArrayViewMut2<'_, f32>,
    ) -> u64 {
        let Scratch { state, jitter } = &mut scratch.transient;
        let circuit = pass.circuit;
        let columns = &circuit.columns;
        let range = circuit.columns_of_chip(pass.region);
        let interval = Interval::new(columns, range.clone(), pass.interval_us());
        let delay = Interval::new(columns, range.clone(), Pass::DELAY_US);
        jitter.resize(pass.region.inputs, 0.0);
        for ((vector, x, _), mut voltages) in batch.vectors().zip(voltages.outer_iter_mut()) {
            state.reset(columns, range.clone());
            for send in 0..pass.settings.num_sends() {
                let events = Events::of_send(pass, vector, send, x, jitter);
                for event in events.iter() {
                    state.advance(&interval);
                    state.receive(event.amplitude, event.charges(pass));
                }
            }
            state.advance(&delay);
            for (c, voltage) in voltages.iter_mut().enumerate() {
                let source = columns.source[range.start + c];
                *voltage = state.voltage(columns, range.start, c, source);
            }
        }
        0
    }
}

impl Transient {
    /// Voltages at the readout source of a region's columns after simultaneous pulses.
    pub(crate) fn pulses(circuit: &Circuit, request: &PulseRequest, voltages: &mut [f32]) {
        let columns = &circuit.columns;
        let region = request.region;
        let range = circuit.columns_of_chip(region);
        let charges = Sign::BOTH.map(|sign| circuit.charges_of_pulses(region, sign));
        let delay_us = request.readout_delay_us() as f32;
        let mut state = State::default();
        state.reset(columns, range.clone());
        if request.events == 0 {
            // Without charge everything is linear, so that one step is exact, however long.
            state.advance(&Interval {
                step: Step::new(columns, range.clone(), delay_us),
                count: 1,
            });
        } else {
            let interval = Interval::new(columns, range.clone(), request.interval_us() as f32);
            for _ in 0..request.events {
                state.advance(&interval);
                state.receive(1.0, [&charges[0], &charges[1]]);
            }
            state.advance(&Interval::new(columns, range.clone(), delay_us));
        }
        for (c, voltage) in voltages.iter_mut().enumerate() {
            let source = columns.source[range.start + c];
            *voltage = state.voltage(columns, range.start, c, source);
        }
    }

    /// Voltage at a tap of one column, noise apart, at the samples of a trace.
    pub(crate) fn trace(
        pass: &Pass<'_>,
        request: &TraceRequest,
        activations: ArrayView1<'_, u8>,
        samples_lsb: &mut [f32],
    ) {
        let columns = &pass.circuit.columns;
        let column = pass
            .circuit
            .column_of_chip(pass.region.hemisphere, request.column);
        let alone = request.column - pass.region.first_column;
        let mut intervals = BTreeMap::new();
        let wait = u64::from(pass.settings.wait_between_events());
        let every = u64::from(request.sample_interval_cycles);
        let mut jitter = vec![0.0; pass.region.inputs];
        let mut events = Vec::new();
        for send in 0..pass.settings.num_sends() {
            let vector = request.run.trial.first_vector;
            events.extend(Events::of_send(pass, vector, send, activations, &mut jitter).iter());
        }
        let mut events = (1..).map(|number| number * wait).zip(events).peekable();
        let mut state = State::default();
        state.reset(columns, column..column + 1);
        let mut now = 0;
        for (sample, out) in (0..).zip(samples_lsb) {
            let end = sample * every;
            while now < end {
                let event = events.next_if(|(time, _)| *time <= end);
                let next = event.as_ref().map_or(end, |(time, _)| *time);
                let interval = intervals.entry(next - now).or_insert_with(|| {
                    let length_us = (next - now) as f64 * RunSettings::CYCLE_US;
                    Interval::new(columns, column..column + 1, length_us as f32)
                });
                state.advance(interval);
                now = next;
                if let Some((_, event)) = event {
                    let charges = event.charges(pass).map(|charges| &charges[alone..=alone]);
                    state.receive(event.amplitude, charges);
                }
            }
            *out = state.voltage(columns, column, 0, request.source);
        }
    }
}

/// The events of one send of one vector, zeros left out.
struct Events<'a> {
    pass: &'a Pass<'a>,
    activations: ArrayView1<'a, u8>,
    /// Normals of the inputs' jitter, if events jitter.
    jitter: Option<&'a [f32]>,
}

/// One event.
struct Event {
    /// Input of the region.
    input: usize,
    amplitude: f32,
}

impl<'a> Events<'a> {
    fn of_send(
        pass: &'a Pass<'a>,
        vector: u64,
        send: u32,
        activations: ArrayView1<'a, u8>,
        jitter: &'a mut [f32],
    ) -> Self {
        let jitters = pass.circuit.jitter_activations != 0.0;
        if jitters {
            pass.fill_jitter(vector, send, jitter);
        }
        Self {
            pass,
            activations,
            jitter: jitters.then_some(&*jitter),
        }
    }

    fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        let circuit = self.pass.circuit;
        let first = circuit.first_input(self.pass.region);
        let active = self.activations.iter().enumerate().filter(|(_, x)| **x > 0);
        active.map(move |(input, &x)| {
            let steady = circuit.pulses.amplitude(first + input, x);
            let jitter = self.jitter.map_or(0.0, |normals| normals[input]);
            Event {
                input,
                amplitude: jittered(steady, circuit.jitter_activations * jitter),
            }
        })
    }
}

/// A driver that sends nothing does not jitter either, and none sends a negative pulse.
fn jittered(amplitude: f32, jitter: f32) -> f32 {
    if amplitude > 0.0 {
        (amplitude + jitter).max(0.0)
    } else {
        0.0
    }
}

impl Event {
    /// Charge per activation unit that the event brings onto the region's lines, by sign.
    fn charges<'a>(&self, pass: &Pass<'a>) -> [&'a [f32]; 2] {
        let Pass {
            circuit, region, ..
        } = *pass;
        let synram = &circuit.synrams[region.hemisphere];
        let input = region.first_input + self.input;
        Sign::BOTH.map(|sign| synram.row(sign, input, region.column_range()))
    }
}
