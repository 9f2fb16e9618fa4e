//! A stimulus for calibration: all drivers at once, with pulses of full length.

use serde::{Deserialize, Serialize};

use crate::region::expect_shape;
use crate::settings::check_setting;
use crate::{ArrayError, ArrayGeometry, Region, RunSettings, Trial};

/// Simultaneous events: every driver of the region sends a pulse of full length, all at the same time,
/// again and again, and the columns' CADC channels are read some time later.
///
/// No activation modulates the pulses' length, so neither the drivers' DACs nor their comparators
/// have a part in it; synapses of weight zero take none either. Source: calix, which measures synapse
/// biases and synaptic inputs in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulseRequest {
    /// Inputs that send and columns that are read, in the
    /// [probe geometry](crate::ArrayMode::probe_geometry).
    pub region: Region,
    /// Key of the trial-to-trial noise.
    pub trial: Trial,
    /// Events one after the other, 0…1000; without any, the membranes are just watched.
    pub events: u32,
    /// Cycles of 8 ns from event to event, and from the end of the reset to the first, 1…1000.
    pub interval_cycles: u32,
    /// Cycles of 8 ns from the last event, or else from the end of the reset, to the readout,
    /// 0…1 000 000.
    pub readout_delay_cycles: u32,
}

impl PulseRequest {
    /// The most events.
    pub const EVENTS_MAX: u32 = 1000;
    /// The longest interval between events, in cycles.
    pub const INTERVAL_MAX: u32 = 1000;
    /// The longest wait for the readout, in cycles (8 ms).
    pub const READOUT_DELAY_MAX: u32 = 1_000_000;
    /// Cycles from the last event to the readout of a multiplication.
    pub const USUAL_READOUT_DELAY: u32 =
        (RunSettings::READOUT_DELAY_US / RunSettings::CYCLE_US) as u32;

    /// Checks the request for an array of the given sizes, and the shapes (repetitions × columns) of
    /// the codes of both channels.
    ///
    /// # Errors
    /// [`ArrayError::RegionOutside`], [`ArrayError::Shape`] or [`ArrayError::SettingOutOfRange`].
    pub fn check(
        &self,
        geometry: ArrayGeometry,
        codes: [(usize, usize); 2],
    ) -> Result<(), ArrayError> {
        self.region.check(geometry)?;
        let [causal, acausal] = codes;
        expect_shape("codes", (causal.0, self.region.columns), causal)?;
        expect_shape("acausal codes", causal, acausal)?;
        check_setting("events", self.events, 0..=Self::EVENTS_MAX)?;
        check_setting(
            "interval_cycles",
            self.interval_cycles,
            1..=Self::INTERVAL_MAX,
        )?;
        check_setting(
            "readout_delay_cycles",
            self.readout_delay_cycles,
            0..=Self::READOUT_DELAY_MAX,
        )?;
        Ok(())
    }

    /// Time from event to event, in microseconds.
    pub fn interval_us(&self) -> f64 {
        f64::from(self.interval_cycles) * RunSettings::CYCLE_US
    }

    /// Time from the last event to the readout, in microseconds.
    pub fn readout_delay_us(&self) -> f64 {
        f64::from(self.readout_delay_cycles) * RunSettings::CYCLE_US
    }
}
