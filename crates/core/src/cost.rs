//! What a run costs on the chip.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use crate::RunSettings;

/// Counts of everything that costs chip time. Filled by [`Metered`](crate::Metered).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostLedger {
    /// Runs started.
    pub runs: u64,
    /// Vectors sent; each begins with a membrane reset and ends with one CADC conversion.
    pub vectors: u64,
    /// Events sent, repetitions included. Zeros send none.
    pub events: u64,
    /// Clock cycles of 8 ns spent sending events.
    pub event_cycles: u64,
    /// Signed multiply-accumulates that the runs asked for, zeros included, repetitions not.
    pub macs: u64,
    /// CADC channel conversions.
    pub cadc_conversions: u64,
    /// Signed weights written.
    pub weights_written: u64,
    /// Register instances written.
    pub register_writes: u64,
    /// Waits for the CapMem to settle.
    pub settles: u64,
}

impl AddAssign for CostLedger {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.vectors += other.vectors;
        self.events += other.events;
        self.event_cycles += other.event_cycles;
        self.macs += other.macs;
        self.cadc_conversions += other.cadc_conversions;
        self.weights_written += other.weights_written;
        self.register_writes += other.register_writes;
        self.settles += other.settles;
    }
}

impl Add for CostLedger {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

/// Durations that turn a [`CostLedger`] into chip time.
///
/// Only the chip's own time: the host, its link and the experiment's set-up are not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CostModel {
    /// Membrane reset before each vector, µs (about 2 µs; BSS-2 documentation).
    pub reset_us: f64,
    /// Wait from the last event to the readout, µs (about 1 µs; BSS-2 documentation).
    pub readout_delay_us: f64,
    /// One conversion of all channels of a hemisphere, µs (1.85 MS/s per channel).
    pub conversion_us: f64,
    /// Writing one signed weight, µs (assumption: 2 B per signed weight at 250 MB/s).
    pub weight_us: f64,
    /// Writing one register instance, µs (assumption: 1 µs, a word over the control bus).
    pub register_us: f64,
    /// Settling of the CapMem, µs (20 ms; calix).
    pub settle_us: f64,
}

impl Default for CostModel {
    fn default() -> Self {
        Self {
            reset_us: 2.0,
            readout_delay_us: RunSettings::READOUT_DELAY_US,
            conversion_us: 1.0 / 1.85,
            weight_us: 0.008,
            register_us: 1.0,
            settle_us: 20_000.0,
        }
    }
}

impl CostModel {
    /// Time on the chip, in microseconds.
    ///
    /// Runs follow one another: the two hemispheres' runs are not counted as parallel.
    pub fn chip_time_us(&self, ledger: &CostLedger) -> f64 {
        let per_vector = self.reset_us + self.readout_delay_us + self.conversion_us;
        ledger.vectors as f64 * per_vector
            + ledger.event_cycles as f64 * RunSettings::CYCLE_US
            + ledger.weights_written as f64 * self.weight_us
            + ledger.register_writes as f64 * self.register_us
            + ledger.settles as f64 * self.settle_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_and_its_count_matter() {
        let ledger = CostLedger {
            vectors: 1,
            event_cycles: 10,
            weights_written: 1,
            register_writes: 1,
            settles: 1,
            ..CostLedger::default()
        };
        let model = CostModel::default();
        let expected = 2.0 + 1.0 + 1.0 / 1.85 + 0.08 + 0.008 + 1.0 + 20_000.0;
        assert!((model.chip_time_us(&ledger) - expected).abs() < 1e-9);
        assert!((model.chip_time_us(&(ledger + ledger)) - 2.0 * expected).abs() < 1e-9);
    }
}
