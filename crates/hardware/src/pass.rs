//! One run as the models see it: events in time, with their jitter.

use bss2_core::random::NoiseStream;
use bss2_core::{ArrayGeometry, Region, RunSettings, Trial};

use crate::active;
use crate::circuit::Circuit;
use crate::stream::NoiseSource;

/// What is common to all vectors of a run.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    pub(crate) circuit: &'a Circuit,
    /// Inputs of the mode × physical columns.
    pub(crate) region: Region,
    pub(crate) settings: RunSettings,
    jitter: NoiseStream,
}

/// When the events of one vector are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timing {
    /// Events of each send.
    pub(crate) events: u32,
    /// Time from the end of the reset to the last event.
    pub(crate) send_us: f32,
    /// Time from there to the readout.
    pub(crate) delay_us: f32,
}

impl Timing {
    /// A readout right after the reset.
    pub(crate) const AT_ONCE: Self = Self {
        events: 0,
        send_us: 0.0,
        delay_us: 0.0,
    };

    /// Time over which the membrane integrates.
    pub(crate) fn integration_us(self) -> f32 {
        self.send_us + self.delay_us
    }
}

impl<'a> Pass<'a> {
    pub(crate) fn new(
        circuit: &'a Circuit,
        region: Region,
        settings: RunSettings,
        trial: Trial,
    ) -> Self {
        Self {
            circuit,
            region,
            settings,
            jitter: NoiseStream::new(trial, region.hemisphere, NoiseSource::Jitter as u64),
        }
    }

    /// Time from event to event.
    pub(crate) fn interval_us(&self) -> f32 {
        self.settings.event_interval_us() as f32
    }

    /// Time from the last event to the readout.
    pub(crate) const DELAY_US: f32 = RunSettings::READOUT_DELAY_US as f32;

    /// Timings of vectors (vectors × inputs); zeros send no events.
    pub(crate) fn find_timings(&self, activations: &[u8], timings: &mut Vec<Timing>) {
        timings.clear();
        pulp::Arch::new().dispatch(FindTimings {
            pass: self,
            activations,
            timings,
        });
    }

    /// Standard normals of the jitter of all inputs of the region in one send, for neighbouring vectors
    /// (vectors × inputs).
    pub(crate) fn fill_jitter(&self, first_vector: u64, send: u32, normals: &mut [f32]) {
        let element = send as usize * INPUTS_MAX + self.region.first_input;
        self.jitter
            .fill_vectors(first_vector, element, self.region.inputs, normals);
    }
}

/// The timings of vectors, as a task that is compiled once per kind of processor.
struct FindTimings<'a> {
    pass: &'a Pass<'a>,
    activations: &'a [u8],
    timings: &'a mut Vec<Timing>,
}

impl pulp::WithSimd for FindTimings<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Pass {
            region, settings, ..
        } = self.pass;
        let per_event_us = settings.num_sends() as f32 * self.pass.interval_us();
        for vector in self.activations.chunks(region.inputs) {
            let events = active::count(vector);
            self.timings.push(Timing {
                events,
                send_us: events as f32 * per_event_us,
                delay_us: Pass::DELAY_US,
            });
        }
    }
}

/// Most inputs of a hemisphere in any mode.
const INPUTS_MAX: usize = 2 * ArrayGeometry::SIDE_MAX;
