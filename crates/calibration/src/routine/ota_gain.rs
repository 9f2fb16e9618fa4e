//! Gains of the OTAs.

use bss2_core::{ReadoutSource, Register, RunSettings};

use super::{InputSign, Routine, fill};
use crate::bench::{Pulses, Temporary};
use crate::search::Slope;
use crate::statistics::{median, quantile};
use crate::{Bench, CalibrationError};

/// Rows that hold a weight, and the weight.
const ROWS: usize = 8;
const WEIGHT: i8 = 10;

/// Events to begin with, and the time from one to the next, in µs.
const EVENTS: u32 = 12;
const INTERVAL_US: f64 = 1.2;

/// Amplitude below which nearly all columns have to stay, in LSB.
const LARGEST_LSB: f64 = 60.0;

/// Readings averaged per measurement.
const READINGS: usize = 10;

/// Brings the amplitude of one input of every neuron to the median over the neurons at a given bias.
///
/// The stimulus is a row of simultaneous events with pulses of full length, as few as keep the
/// amplitudes below 60 LSB.
#[derive(Clone, Debug)]
pub struct OtaGain {
    sign: InputSign,
    bias: i32,
    events: u32,
    temporary: Temporary,
}

impl OtaGain {
    /// The routine for one input and the bias that the median neuron is to have, 1…1022.
    pub fn new(sign: InputSign, bias: i32) -> Self {
        Self {
            sign,
            bias,
            events: EVENTS,
            temporary: Temporary::default(),
        }
    }

    fn amplitudes(&self, bench: &mut Bench<'_>) -> Result<Vec<f64>, CalibrationError> {
        let readout_delay_us = RunSettings::READOUT_DELAY_US;
        let driven = Pulses {
            events: self.events,
            interval_us: INTERVAL_US,
            readout_delay_us,
        };
        let silent = Pulses::none(f64::from(self.events) * INTERVAL_US + readout_delay_us);
        amplitudes(bench, self.sign, driven, silent)
    }
}

/// Loads the weights of the stimulus: some rows, spread evenly.
pub(crate) fn load_rows(bench: &mut Bench<'_>, weight: i8) -> Result<(), CalibrationError> {
    let inputs = bench.geometry().inputs();
    let rows = ROWS.min(inputs);
    bench.load(|input, _| {
        let holds = (input + 1) * rows / inputs > input * rows / inputs;
        if holds { weight } else { 0 }
    })
}

fn amplitudes(
    bench: &mut Bench<'_>,
    sign: InputSign,
    driven: Pulses,
    silent: Pulses,
) -> Result<Vec<f64>, CalibrationError> {
    load_rows(bench, sign.of(WEIGHT))?;
    let resting = bench.pulses(silent, READINGS)?.of_both();
    let codes = bench.pulses(driven, READINGS)?.of_both();
    let differences = codes.iter().zip(&resting).map(|(code, rest)| code - rest);
    Ok(differences
        .map(|rise| f64::from(sign.of(1)) * rise)
        .collect())
}

impl Routine for OtaGain {
    fn name(&self) -> &'static str {
        match self.sign {
            InputSign::Excitatory => "excitatory gain",
            InputSign::Inhibitory => "inhibitory gain",
        }
    }

    fn register(&self) -> Register {
        self.sign.gm()
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    fn unit(&self) -> &'static str {
        "LSB"
    }

    /// About 5 % of the amplitude.
    fn tolerance(&self) -> f64 {
        3.0
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.show(bench, ReadoutSource::Membrane)?;
        self.temporary.set_all(bench, Register::EnableLeak, 1)?;
        let other = match self.sign {
            InputSign::Excitatory => InputSign::Inhibitory,
            InputSign::Inhibitory => InputSign::Excitatory,
        };
        self.temporary.set_all(bench, other.gm(), 0)?;
        bench.write_all(self.sign.gm(), self.bias)?;
        self.events = EVENTS;
        while self.events > 1 {
            let amplitudes = self.amplitudes(bench)?;
            let largest = quantile(amplitudes, 0.95);
            if largest < LARGEST_LSB || largest.is_nan() {
                break;
            }
            let fitting = f64::from(self.events) * LARGEST_LSB / largest;
            self.events = (fitting as u32).clamp(1, self.events - 1);
        }
        Ok(())
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![median(initial.iter().copied()); initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        fill(responses, &self.amplitudes(bench)?)
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}
