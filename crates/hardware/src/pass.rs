//! One run as the models see it: events in time, with their jitter.

use bss2_core::random::NoiseStream;
use bss2_core::{ArrayGeometry, Region, RunSettings, Trial};

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

    /// Timing of a vector; zeros send no events.
    pub(crate) fn timing(&self, activations: &[u8]) -> Timing {
        // Counts of so few fit into a byte, of which many are added at once.
        let active = |some: &[u8]| some.iter().map(|x| u8::from(*x > 0)).sum::<u8>();
        let events = activations
            .chunks(128)
            .map(|some| u32::from(active(some)))
            .sum();
        let sends = self.settings.num_sends() as f32;
        Timing {
            events,
            send_us: events as f32 * sends * self.interval_us(),
            delay_us: Self::DELAY_US,
        }
    }

    /// Standard normals of the jitter of all inputs of the region in one send, for neighbouring vectors
    /// (vectors × inputs).
    pub(crate) fn fill_jitter(&self, first_vector: u64, send: u32, normals: &mut [f32]) {
        let element = send as usize * INPUTS_MAX + self.region.first_input;
        self.jitter
            .fill_vectors(first_vector, element, self.region.inputs, normals);
    }
}

/// Most inputs of a hemisphere in any mode.
const INPUTS_MAX: usize = 2 * ArrayGeometry::SIDE_MAX;
