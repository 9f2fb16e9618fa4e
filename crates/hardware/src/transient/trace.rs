//! One column's voltage over time.

use std::collections::BTreeMap;
use std::iter;

use bss2_core::{ReadoutSource, RunSettings, TraceRequest};
use ndarray::ArrayView1;

use super::{Event, Interval, State, add_events};
use crate::columns::Columns;
use crate::pass::Pass;
use crate::synapse::Sign;

/// Voltage at a tap of one column, noise apart, at the samples of a trace.
pub(crate) fn trace(
    pass: &Pass<'_>,
    request: &TraceRequest,
    activations: ArrayView1<'_, u8>,
    samples_lsb: &mut [f32],
) {
    let columns = &pass.circuit.columns;
    let hemisphere = pass.region.hemisphere;
    let column = pass.circuit.column_of_chip(hemisphere, request.column);
    let (mut jitter, mut events) = (Vec::new(), Vec::new());
    let vector = request.run.trial.first_vector;
    for send in 0..pass.settings.num_sends() {
        add_events(pass, vector, send, activations, &mut jitter, &mut events);
    }
    let alone = request.column - pass.region.first_column;
    let wait = u64::from(pass.settings.wait_between_events());
    let events = events.into_iter().map(|event| event.of_column(alone));
    let events = (1..).map(|number| number * wait).zip(events);
    let every = u64::from(request.sample_interval_cycles);
    let of_line = |sign| LineCourse::new(columns, column, sign);
    match request.source {
        ReadoutSource::Membrane => {
            MembraneCourse::new(columns, column).sampled(every, events, samples_lsb);
        }
        ReadoutSource::ExcitatoryLine => {
            of_line(Sign::Excitatory).sampled(every, events, samples_lsb);
        }
        ReadoutSource::InhibitoryLine => {
            of_line(Sign::Inhibitory).sampled(every, events, samples_lsb);
        }
        ReadoutSource::DebugLine => {
            samples_lsb.fill(columns.voltage_lsb(column, request.source, 0.0, [0.0; 2]));
        }
    }
}

/// How one voltage goes on.
trait Course: Sized {
    /// Lets some FPGA cycles pass; at their end comes the event, if there is one.
    fn pass(&mut self, cycles: u64, event: Option<Event<'_>>);

    /// The voltage now, in LSB.
    fn voltage_lsb(&self) -> f32;

    /// Samples it every so many cycles, given the events and the cycles in which they come.
    fn sampled<'a>(
        mut self,
        every: u64,
        events: impl Iterator<Item = (u64, Event<'a>)>,
        samples_lsb: &mut [f32],
    ) {
        let mut events = events.peekable();
        let mut now = 0;
        for (sample, out) in (0..).zip(samples_lsb) {
            let end = sample * every;
            while now < end {
                let event = events.next_if(|(time, _)| *time <= end);
                let next = event.as_ref().map_or(end, |(time, _)| *time);
                self.pass(next - now, event.map(|(_, event)| event));
                now = next;
            }
            *out = self.voltage_lsb();
        }
    }
}

/// A membrane, step by step.
struct MembraneCourse<'a> {
    columns: &'a Columns,
    column: usize,
    state: State,
    /// By their length in cycles.
    intervals: BTreeMap<u64, Interval>,
}

impl<'a> MembraneCourse<'a> {
    fn new(columns: &'a Columns, column: usize) -> Self {
        let mut state = State::default();
        state.reset(columns, column..column + 1);
        Self {
            columns,
            column,
            state,
            intervals: BTreeMap::new(),
        }
    }
}

impl Course for MembraneCourse<'_> {
    fn pass(&mut self, cycles: u64, event: Option<Event<'_>>) {
        let interval = self.intervals.entry(cycles).or_insert_with(|| {
            let column = self.column..self.column + 1;
            Interval::new(self.columns, column, length_us(cycles) as f32)
        });
        self.state.receive(interval, iter::once(event));
    }

    fn voltage_lsb(&self) -> f32 {
        let source = ReadoutSource::Membrane;
        self.state.voltage(self.columns, self.column, 0, source)
    }
}

/// A synaptic line, which only decays between events.
struct LineCourse<'a> {
    columns: &'a Columns,
    column: usize,
    sign: Sign,
    /// Its charge relative to the one at which an OTA bends.
    charge: f32,
    /// A number of cycles, and the share of the charge that is left after them.
    kept: (u64, f32),
}

impl<'a> LineCourse<'a> {
    fn new(columns: &'a Columns, column: usize, sign: Sign) -> Self {
        Self {
            columns,
            column,
            sign,
            charge: 0.0,
            kept: (0, 1.0),
        }
    }
}

impl Course for LineCourse<'_> {
    fn pass(&mut self, cycles: u64, event: Option<Event<'_>>) {
        if self.kept.0 != cycles {
            let decay_per_us = self.columns.line_decay_per_us[self.sign as usize][self.column];
            let kept = (-f64::from(decay_per_us) * length_us(cycles)).exp();
            self.kept = (cycles, kept as f32);
        }
        self.charge *= self.kept.1;
        if let Some(Event { amplitude, charges }) = event {
            self.charge += amplitude * charges[self.sign as usize][0];
        }
    }

    fn voltage_lsb(&self) -> f32 {
        let mut charges = [0.0; 2];
        charges[self.sign as usize] = self.charge * self.columns.linear_range_charge;
        let source = self.sign.line();
        self.columns.voltage_lsb(self.column, source, 0.0, charges)
    }
}

fn length_us(cycles: u64) -> f64 {
    cycles as f64 * RunSettings::CYCLE_US
}
