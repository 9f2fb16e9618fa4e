//! The transient model: event by event, step by step. (Traces of lines take no steps: lines only decay.)
//!
//! Between events each column takes small steps in which everything linear is exact: the lines'
//! charge and the membrane decay exponentially, and the membrane collects the OTAs' current. What
//! an OTA's saturation takes from that current is taken at the middle of the step (midpoint rule;
//! steps are at most a sixth of the calibrated τ_syn). An event then adds its charge to the lines.

use std::iter;
use std::ops::Range;

use bss2_core::{PulseRequest, ReadoutSource, Region};
use ndarray::{ArrayView1, ArrayViewMut2};

use crate::circuit::Circuit;
use crate::columns::Columns;
use crate::model::{self, Batch, Model, Prepared};
use crate::ota::tanh;
use crate::pass::Pass;
use crate::side_by_side::{SideBySide, block};
use crate::synapse::Sign;

mod trace;

pub(crate) use trace::trace;

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
    /// Charge on each line relative to the one at which an OTA bends, by sign.
    charge: [Vec<f32>; 2],
    /// Potential of each membrane, in LSB above the nominal reset potential.
    membrane: Vec<f32>,
}

/// What a step of a certain length does to each column.
#[derive(Default)]
struct Step {
    /// Share of the lines' charge that is left after the step, and after half of it, by sign.
    line_kept: [Vec<f32>; 2],
    line_kept_half: [Vec<f32>; 2],
    /// Membrane signal in LSB per relative charge at the beginning, were the OTA linear, by sign.
    signal: [Vec<f32>; 2],
    /// Membrane signal in LSB per relative charge that saturation takes away at the middle, by sign.
    loss: [Vec<f32>; 2],
    /// Share of the membrane's potential that is left.
    membrane_kept: Vec<f32>,
    /// What leak and drift add.
    pull: Vec<f32>,
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

    /// In one step, which is exact without charge on the lines: everything is linear then.
    fn at_once(columns: &Columns, range: Range<usize>, length_us: f32) -> Self {
        Self {
            step: Step::new(columns, range, length_us),
            count: 1,
        }
    }
}

impl Step {
    fn new(columns: &Columns, range: Range<usize>, length_us: f32) -> Self {
        let dt = f64::from(length_us);
        let at = |values: &[f32], c: usize| f64::from(values[range.start + c]);
        let range_charge = f64::from(columns.linear_range_charge);
        let mut step = Self::default();
        for c in 0..range.len() {
            let leak = at(&columns.leak_per_us, c);
            let membrane_kept_half = (-leak * 0.5 * dt).exp();
            let membrane_kept = membrane_kept_half * membrane_kept_half;
            let force = at(&columns.leak_lsb, c) * leak + at(&columns.drift_lsb_per_us, c);
            step.membrane_kept.push(membrane_kept as f32);
            step.pull.push((force * mean_decay(leak * dt) * dt) as f32);
            for sign in Sign::BOTH.map(|sign| sign as usize) {
                let decay = at(&columns.line_decay_per_us[sign], c);
                let gain = at(&columns.slope_lsb_per_us[sign], c) * range_charge * dt;
                let line_kept_half = (-decay * 0.5 * dt).exp();
                let line_kept = line_kept_half * line_kept_half;
                // Symmetric in both rates; from the slower one, so that no power overflows.
                let collected =
                    membrane_kept.max(line_kept) * mean_decay((decay - leak).abs() * dt);
                step.line_kept[sign].push(line_kept as f32);
                step.line_kept_half[sign].push(line_kept_half as f32);
                step.signal[sign].push((gain * collected) as f32);
                step.loss[sign].push((gain * membrane_kept_half) as f32);
            }
        }
        step
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

    /// Lets an interval pass for each item; at its end comes the event, if it is one.
    fn receive<'a>(
        &mut self,
        interval: &Interval,
        events: impl Iterator<Item = Option<Event<'a>>> + Clone,
    ) {
        pulp::Arch::new().dispatch(Receive {
            state: self,
            interval,
            events,
        });
    }

    /// Voltage at a tap of the column with the given place in the region.
    fn voltage(&self, columns: &Columns, first: usize, c: usize, source: ReadoutSource) -> f32 {
        let charges =
            Sign::BOTH.map(|sign| self.charge[sign as usize][c] * columns.linear_range_charge);
        columns.voltage_lsb(first + c, source, self.membrane[c], charges)
    }
}

/// What a step does to one line of some columns.
struct LineStep<const COUNT: usize> {
    kept: [f32; COUNT],
    kept_half: [f32; COUNT],
    signal: [f32; COUNT],
    loss: [f32; COUNT],
}

impl<const COUNT: usize> LineStep<COUNT> {
    #[inline(always)]
    fn new(step: &Step, sign: Sign, first: usize) -> Self {
        let of_sign = |values: &[Vec<f32>; 2]| *block(&values[sign as usize], first);
        Self {
            kept: of_sign(&step.line_kept),
            kept_half: of_sign(&step.line_kept_half),
            signal: of_sign(&step.signal),
            loss: of_sign(&step.loss),
        }
    }

    /// What the membrane collects of a charge.
    #[inline(always)]
    fn collected(&self, c: usize, charge: f32) -> f32 {
        let middle = charge * self.kept_half[c];
        self.signal[c] * charge - self.loss[c] * (middle - tanh(middle))
    }
}

/// Intervals and events, as a task that is compiled once per kind of processor.
struct Receive<'a, E> {
    state: &'a mut State,
    interval: &'a Interval,
    events: E,
}

impl<'a, E: Iterator<Item = Option<Event<'a>>> + Clone> pulp::WithSimd for Receive<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        self.all(self.state.membrane.len());
    }
}

impl<'a, E: Iterator<Item = Option<Event<'a>>> + Clone> SideBySide for Receive<'_, E> {
    /// The whole course of some columns, whose voltages stay in the processor's registers where it has
    /// enough of them.
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        const EXC: usize = Sign::Excitatory as usize;
        const INH: usize = Sign::Inhibitory as usize;
        let Interval { step, count } = self.interval;
        let lines = Sign::BOTH.map(|sign| LineStep::<COUNT>::new(step, sign, first));
        let membrane_kept = *block::<_, COUNT>(&step.membrane_kept, first);
        let pull = *block::<_, COUNT>(&step.pull, first);
        let mut excitation = *block::<_, COUNT>(&self.state.charge[EXC], first);
        let mut inhibition = *block::<_, COUNT>(&self.state.charge[INH], first);
        let mut membrane = *block::<_, COUNT>(&self.state.membrane, first);
        for event in self.events.clone() {
            for _ in 0..*count {
                for c in 0..COUNT {
                    let collected = lines[EXC].collected(c, excitation[c])
                        - lines[INH].collected(c, inhibition[c]);
                    membrane[c] = membrane[c] * membrane_kept[c] + pull[c] + collected;
                    excitation[c] *= lines[EXC].kept[c];
                    inhibition[c] *= lines[INH].kept[c];
                }
            }
            if let Some(Event { amplitude, charges }) = event {
                let exciting = block::<_, COUNT>(charges[EXC], first);
                let inhibiting = block::<_, COUNT>(charges[INH], first);
                for c in 0..COUNT {
                    excitation[c] += amplitude * exciting[c];
                    inhibition[c] += amplitude * inhibiting[c];
                }
            }
        }
        let columns = first..first + COUNT;
        self.state.charge[EXC][columns.clone()].copy_from_slice(&excitation);
        self.state.charge[INH][columns.clone()].copy_from_slice(&inhibition);
        self.state.membrane[columns].copy_from_slice(&membrane);
    }
}

impl Model for Transient {
    fn fold(&mut self, _circuit: &Circuit, _hemisphere: usize) {}

    fn prepare(&mut self, circuit: &mut Circuit, region: Region) -> Prepared {
        circuit.charge(region);
        Prepared::default()
    }

    fn looks_ahead(&self, _circuit: &Circuit, _region: Region) -> bool {
        false
    }

    fn vectors_at_once(&self) -> usize {
        1
    }

    fn voltages(
        &self,
        _prepared: &Prepared,
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
        let mut events = Vec::new();
        for ((vector, x, _), mut voltages) in batch.vectors().zip(voltages.outer_iter_mut()) {
            state.reset(columns, range.clone());
            for send in 0..pass.settings.num_sends() {
                events.clear();
                add_events(pass, vector, send, x, jitter, &mut events);
                state.receive(&interval, events.iter().copied().map(Some));
            }
            state.receive(&delay, iter::once(None));
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
        let delay_us = request.readout_delay_us() as f32;
        let mut state = State::default();
        state.reset(columns, range.clone());
        if request.events == 0 {
            let delay = Interval::at_once(columns, range.clone(), delay_us);
            state.receive(&delay, iter::once(None));
        } else {
            let interval = Interval::new(columns, range.clone(), request.interval_us() as f32);
            let charges = Sign::BOTH.map(|sign| circuit.charges_of_pulses(region, sign));
            let event = Event {
                amplitude: 1.0 / columns.linear_range_charge,
                charges: [&charges[0], &charges[1]],
            };
            let events = request.events as usize;
            state.receive(&interval, iter::repeat_n(Some(event), events));
            let delay = Interval::new(columns, range.clone(), delay_us);
            state.receive(&delay, iter::once(None));
        }
        for (c, voltage) in voltages.iter_mut().enumerate() {
            let source = columns.source[range.start + c];
            *voltage = state.voltage(columns, range.start, c, source);
        }
    }
}

/// One event.
#[derive(Clone, Copy)]
struct Event<'a> {
    /// What the charges are to be multiplied with, divided by the charge at which an OTA bends.
    amplitude: f32,
    /// Charges that it brings onto the lines of each column per unit of that, by sign.
    charges: [&'a [f32]; 2],
}

impl Event<'_> {
    /// What one of the columns gets of it.
    fn of_column(self, c: usize) -> Self {
        Self {
            charges: self.charges.map(|charges| &charges[c..=c]),
            ..self
        }
    }
}

/// Adds the events of one send of one vector, zeros left out.
fn add_events<'a>(
    pass: &Pass<'a>,
    vector: u64,
    send: u32,
    activations: ArrayView1<'_, u8>,
    jitter: &mut Vec<f32>,
    events: &mut Vec<Event<'a>>,
) {
    let Pass {
        circuit, region, ..
    } = *pass;
    jitter.clear();
    jitter.resize(region.inputs, 0.0);
    if circuit.jitter_activations != 0.0 {
        pass.fill_jitter(vector, send, jitter);
    }
    let synram = &circuit.synrams[region.hemisphere];
    let first = circuit.first_input(region);
    let inputs = activations.iter().zip(&*jitter).enumerate();
    let active = inputs.filter(|(_, (x, _))| **x > 0);
    events.extend(active.map(|(input, (&x, &normal))| {
        let steady = circuit.pulses.amplitude(first + input, x);
        let amplitude = jittered(steady, circuit.jitter_activations * normal);
        let row = |sign| synram.row(sign, region.first_input + input, region.column_range());
        Event {
            amplitude: amplitude / circuit.columns.linear_range_charge,
            charges: Sign::BOTH.map(row),
        }
    }));
}

/// A driver that sends nothing does not jitter either, and none sends a negative pulse.
fn jittered(amplitude: f32, jitter: f32) -> f32 {
    if amplitude > 0.0 {
        (amplitude + jitter).max(0.0)
    } else {
        0.0
    }
}
