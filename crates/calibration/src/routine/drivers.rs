//! How drivers are measured: many at a time, each on columns of its own, on the synaptic lines.

use bss2_core::{ReadoutSource, Register, RunSettings, WEIGHT_MAX};
use ndarray::Array2;

use crate::bench::{Pulses, Reading, Temporary};
use crate::statistics::median;
use crate::{Bench, CalibrationError};

/// Drivers measured at a time; they send one after the other, so that what earlier ones brought has
/// decayed a little when it is read.
const AT_A_TIME: usize = 32;

/// The fewest columns over which a driver's median is taken.
const COLUMNS_AT_LEAST: usize = 8;

/// Sends per event of the known routines.
const SENDS: u32 = 3;

/// The drivers of a chip on its slow synaptic lines.
#[derive(Clone, Debug)]
pub(crate) struct Drivers {
    /// Sends per event.
    sends: u32,
    temporary: Temporary,
}

impl Default for Drivers {
    fn default() -> Self {
        Self::with_sends(SENDS)
    }
}

impl Drivers {
    /// Measured with another number of sends per event.
    pub(crate) fn with_sends(sends: u32) -> Self {
        Self {
            sends,
            temporary: Temporary::default(),
        }
    }

    /// Shows slow lines.
    pub(crate) fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.show(bench, ReadoutSource::ExcitatoryLine)?;
        self.temporary.set_all(bench, Register::IBiasSyninExcTau, 0)
    }

    pub(crate) fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }

    /// Amplitudes of all drivers of the chip at an activation, in LSB; NaN for none.
    pub(crate) fn amplitudes(
        &self,
        bench: &mut Bench<'_>,
        activation: u8,
        runs: usize,
    ) -> Result<Vec<f64>, CalibrationError> {
        let drivers = bench.geometry().inputs();
        let at_a_time = at_a_time(bench);
        load(bench)?;
        let settings = RunSettings::new(self.sends, RunSettings::default().wait_between_events())?;
        let groups = drivers.div_ceil(at_a_time);
        // The last vector sends nothing.
        let vectors = Array2::from_shape_fn((groups + 1, drivers), |(group, driver)| {
            if driver / at_a_time == group {
                activation
            } else {
                0
            }
        });
        let mut amplitudes = Vec::new();
        for hemisphere in 0..bench.geometry().hemispheres() {
            let codes = bench.multiply(hemisphere, settings, vectors.view(), runs)?;
            let resting = codes.row(groups);
            amplitudes.extend((0..drivers).map(|driver| {
                let codes = codes.row(driver / at_a_time);
                let own = (driver % at_a_time..codes.len()).step_by(at_a_time);
                // Charge lowers a line's voltage.
                median(own.map(|column| resting[column] - codes[column]))
            }));
        }
        Ok(amplitudes)
    }

    /// Amplitudes of all drivers of the chip with pulses of full length, in LSB.
    pub(crate) fn full_amplitudes(
        &self,
        bench: &mut Bench<'_>,
        repetitions: usize,
    ) -> Result<Vec<f64>, CalibrationError> {
        let geometry = bench.geometry();
        let (drivers, columns) = (geometry.inputs(), geometry.columns());
        let at_a_time = at_a_time(bench);
        load(bench)?;
        let interval = at_a_time as f64 * RunSettings::default().event_interval_us();
        // As late as the events of a multiplication are on average.
        let pulses = Pulses {
            events: self.sends,
            interval_us: interval,
            readout_delay_us: RunSettings::READOUT_DELAY_US + 0.5 * interval,
        };
        let resting = bench.pulses(Pulses::none(pulses.readout_delay_us), repetitions)?;
        let mut amplitudes = vec![f64::NAN; drivers * geometry.hemispheres()];
        for first in (0..drivers).step_by(at_a_time) {
            let group = first..(first + at_a_time).min(drivers);
            let lowered = bench.pulses_of(group.clone(), pulses, repetitions)?;
            let drop =
                |reading: &Reading, column: usize| resting.causal[column] - reading.causal[column];
            for hemisphere in 0..geometry.hemispheres() {
                for driver in group.clone() {
                    let own = (driver % at_a_time..columns).step_by(at_a_time);
                    amplitudes[hemisphere * drivers + driver] =
                        median(own.map(|column| drop(&lowered, hemisphere * columns + column)));
                }
            }
        }
        Ok(amplitudes)
    }
}

/// Drivers that are measured at a time: as many as leave enough columns for each.
fn at_a_time(bench: &Bench<'_>) -> usize {
    (bench.geometry().columns() / COLUMNS_AT_LEAST).clamp(1, AT_A_TIME)
}

/// Gives every driver columns spread over its row; those of a group share none.
fn load(bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
    let at_a_time = at_a_time(bench);
    bench.load(|driver, column| {
        if column % at_a_time == driver % at_a_time {
            WEIGHT_MAX
        } else {
            0
        }
    })
}
