//! Counts of what a chip was asked to do.

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Counts of everything that costs chip time or energy. Filled by [`Metered`](crate::Metered).
///
/// Work that follows other work is added (`+`), work that runs beside it on the other hemisphere is
/// joined by [`alongside`](Self::alongside).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostLedger {
    /// Runs, readings and traces started.
    pub runs: u64,
    /// Requests whose answer was waited for: runs, readings and traces. Writes need no answer.
    pub round_trips: u64,
    /// Vectors sent one after the other; each begins with a membrane reset and ends with the wait
    /// for the readout.
    pub vectors: u64,
    /// Events sent, repetitions included. Zeros send none.
    pub events: u64,
    /// Clock cycles of 8 ns spent sending events.
    pub event_cycles: u64,
    /// Clock cycles of 8 ns for which traces went on after the events, or readouts came later than
    /// usual.
    pub wait_cycles: u64,
    /// Synapses of the driven regions that events reached, whatever their weight.
    pub synaptic_operations: u64,
    /// Signed multiply-accumulates that the runs and readings asked for, zeros included,
    /// repetitions not.
    pub macs: u64,
    /// Conversions of a hemisphere's channels, all at once, one after the other: one per vector
    /// whose result was read, two where its baseline was measured. A trace has none.
    pub readouts: u64,
    /// Results of those conversions, one per column of the region. In synaptic-line mode a result
    /// takes two channels and counts as one.
    pub cadc_conversions: u64,
    /// Signed weights written.
    pub weights_written: u64,
    /// Register instances written.
    pub register_writes: u64,
    /// Waits for the CapMem to settle.
    pub settles: u64,
}

impl CostLedger {
    /// The cost of two hemispheres' work that began together: both cost energy, and the chip is busy
    /// until the longer one has ended.
    ///
    /// Vectors, readouts, cycles, round trips and settles are those of the hemisphere that has more
    /// of each. That is exact where one hemisphere takes longer with every vector; where they take
    /// turns, sequences that end together take a little longer than this. Weights and registers
    /// travel over a link that both share, and are added like all other counts.
    #[must_use]
    pub fn alongside(self, other: Self) -> Self {
        Self {
            round_trips: self.round_trips.max(other.round_trips),
            vectors: self.vectors.max(other.vectors),
            event_cycles: self.event_cycles.max(other.event_cycles),
            wait_cycles: self.wait_cycles.max(other.wait_cycles),
            readouts: self.readouts.max(other.readouts),
            settles: self.settles.max(other.settles),
            ..self + other
        }
    }
}

impl CostLedger {
    /// Joins every count with the same of another ledger.
    fn zip(self, other: Self, join: fn(u64, u64) -> u64) -> Self {
        // Taken apart, so that a count that is left out does not compile.
        let Self {
            runs,
            round_trips,
            vectors,
            events,
            event_cycles,
            wait_cycles,
            synaptic_operations,
            macs,
            readouts,
            cadc_conversions,
            weights_written,
            register_writes,
            settles,
        } = other;
        Self {
            runs: join(self.runs, runs),
            round_trips: join(self.round_trips, round_trips),
            vectors: join(self.vectors, vectors),
            events: join(self.events, events),
            event_cycles: join(self.event_cycles, event_cycles),
            wait_cycles: join(self.wait_cycles, wait_cycles),
            synaptic_operations: join(self.synaptic_operations, synaptic_operations),
            macs: join(self.macs, macs),
            readouts: join(self.readouts, readouts),
            cadc_conversions: join(self.cadc_conversions, cadc_conversions),
            weights_written: join(self.weights_written, weights_written),
            register_writes: join(self.register_writes, register_writes),
            settles: join(self.settles, settles),
        }
    }
}

impl Add for CostLedger {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.zip(other, u64::saturating_add)
    }
}

impl AddAssign for CostLedger {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What was counted since an earlier state of the same ledger.
impl Sub for CostLedger {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        self.zip(earlier, u64::saturating_sub)
    }
}
