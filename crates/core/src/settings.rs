//! How the events of a multiplication are sent.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::ArrayError;

/// Checked timing of a multiplication: how often the vector is sent, and how fast.
///
/// The whole activation vector is sent event by event, one event per `wait_between_events` cycles
/// of 8 ns, then repeated `num_sends` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawSettings")]
pub struct RunSettings {
    num_sends: u32,
    wait_between_events: u32,
    baseline: Baseline,
}

/// What is subtracted from a code to give a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// The constant [`BASELINE_CODE`](crate::BASELINE_CODE), to which calibration brings every
    /// column.
    #[default]
    Constant,
    /// A conversion of its own right after the reset of each vector: removes each column's offset
    /// and the noise of the reset, adds the noise and the time of a second conversion.
    Measured,
}

impl Baseline {
    /// Conversions of all channels that a vector's result takes.
    pub const fn readouts_per_vector(self) -> u64 {
        match self {
            Self::Constant => 1,
            Self::Measured => 2,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSettings {
    num_sends: u32,
    wait_between_events: u32,
    #[serde(default)]
    baseline: Baseline,
}

impl TryFrom<RawSettings> for RunSettings {
    type Error = ArrayError;

    fn try_from(raw: RawSettings) -> Result<Self, ArrayError> {
        Ok(Self::new(raw.num_sends, raw.wait_between_events)?.with_baseline(raw.baseline))
    }
}

impl RunSettings {
    /// One send, 5 cycles between events, as in the existing software stack; the default.
    pub const USUAL: Self = Self {
        num_sends: 1,
        wait_between_events: 5,
        baseline: Baseline::Constant,
    };

    /// Length of the clock cycle that `wait_between_events` counts, in microseconds.
    pub const CYCLE_US: f64 = 0.008;
    /// Wait from the last event to the readout, in microseconds. Published: about 1.
    pub const READOUT_DELAY_US: f64 = 1.0;
    /// Largest accepted number of sends (assumption: ten times the largest published use).
    pub const NUM_SENDS_MAX: u32 = 1000;
    /// Largest accepted wait, in cycles (assumption: 8 µs, beyond any published use).
    pub const WAIT_BETWEEN_EVENTS_MAX: u32 = 1000;

    /// Checks and keeps the two numbers.
    ///
    /// # Errors
    /// [`ArrayError::SettingOutOfRange`] unless `num_sends` and `wait_between_events` both lie in
    /// 1…1000.
    pub fn new(num_sends: u32, wait_between_events: u32) -> Result<Self, ArrayError> {
        Ok(Self {
            num_sends: check_setting("num_sends", num_sends, 1..=Self::NUM_SENDS_MAX)?,
            wait_between_events: check_setting(
                "wait_between_events",
                wait_between_events,
                1..=Self::WAIT_BETWEEN_EVENTS_MAX,
            )?,
            baseline: Baseline::Constant,
        })
    }

    /// The same timing with another baseline.
    #[must_use]
    pub const fn with_baseline(mut self, baseline: Baseline) -> Self {
        self.baseline = baseline;
        self
    }

    /// What is subtracted from the codes.
    pub const fn baseline(self) -> Baseline {
        self.baseline
    }

    /// How often the vector is sent.
    pub const fn num_sends(self) -> u32 {
        self.num_sends
    }

    /// Cycles of 8 ns from one event to the next.
    pub const fn wait_between_events(self) -> u32 {
        self.wait_between_events
    }

    /// Time from one event to the next, in microseconds.
    pub fn event_interval_us(self) -> f64 {
        f64::from(self.wait_between_events) * Self::CYCLE_US
    }
}

impl Default for RunSettings {
    fn default() -> Self {
        Self::USUAL
    }
}

/// Hands a setting back if it lies in its range.
pub(crate) fn check_setting(
    name: &'static str,
    value: u32,
    range: RangeInclusive<u32>,
) -> Result<u32, ArrayError> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(ArrayError::SettingOutOfRange {
        name,
        value,
        min: *range.start(),
        max: *range.end(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_both_ranges() {
        assert!(RunSettings::new(1, 1).is_ok());
        assert!(RunSettings::new(1000, 1000).is_ok());
        for (sends, wait) in [(0, 5), (1001, 5), (1, 0), (1, 1001)] {
            assert!(RunSettings::new(sends, wait).is_err());
        }
    }
}
