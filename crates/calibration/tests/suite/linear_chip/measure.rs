//! Measurements of the tests' chip: in membrane mode alone, where calibrations measure.

use std::collections::BTreeMap;

use bss2_core::random::derive_seed;
use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, CadcChannel, ChipProbe, MacArray, PulseRequest,
    ReadoutSource, Region, RunReport, RunRequest, RunSettings, TraceRequest, Trial,
};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use super::{CELSIUS, LinearChip, broken};

/// A place in 0…1.
fn even(seed: u64, index: usize) -> f64 {
    derive_seed(seed, index as u64) as f64 / u64::MAX as f64
}

impl LinearChip {
    fn begin(&mut self) -> Result<(), ArrayError> {
        if self.mode != ArrayMode::Membrane {
            return Err(ArrayError::Device {
                reason: format!("measured in {:?} mode", self.mode),
            });
        }
        self.touches += 1;
        if self.measurements_left == 0 {
            return Err(broken());
        }
        self.measurements_left -= 1;
        self.measured += 1;
        Ok(())
    }

    /// The code that a channel delivers for a voltage.
    fn code(&self, channel: usize, volts_lsb: f64, repetition: usize) -> u8 {
        let stuck = &self.failed.stuck_channels;
        if let Some((_, code)) = stuck.iter().find(|(known, _)| *known == channel) {
            return *code;
        }
        let place = even(repetition as u64, channel);
        let code = self.exact_code(channel, volts_lsb) + place - 0.5;
        code.round().clamp(0.0, 255.0) as u8
    }

    /// Standard deviation of what a column shows, in LSB: membranes alone are noisy.
    fn deviation(&self, column: usize) -> f64 {
        if self.noise_lsb == 0.0 || self.source(column) != ReadoutSource::Membrane {
            return 0.0;
        }
        let tau_us = 1.0 / self.column(column).membrane_rate;
        self.noise_lsb * (tau_us / 60.0).sqrt()
    }

    /// Noise of a deviation of 1: the same for both channels.
    fn noise(&self, trial: Trial, repetition: usize, column: usize) -> f64 {
        if self.noise_lsb == 0.0 {
            return 0.0;
        }
        let pass = derive_seed(trial.seed, trial.pass);
        let place = even(derive_seed(pass, repetition as u64), column);
        12.0_f64.sqrt() * (place - 0.5)
    }

    /// Amplitudes that a vector sends, one event after the other.
    fn sent(&self, request: &RunRequest, activations: ArrayView1<'_, u8>) -> Vec<(usize, f64)> {
        let region = request.region;
        let inputs = region.input_range().zip(activations);
        let events =
            inputs
                .filter(|&(_, &activation)| activation > 0)
                .map(|(input, &activation)| {
                    let driver = region.hemisphere * self.geometry.inputs() + input;
                    (input, self.amplitude(driver, activation))
                });
        let events: Vec<(usize, f64)> = events.collect();
        events.repeat(request.settings.num_sends() as usize)
    }

    /// Voltages of a region's columns after a vector.
    fn voltages(&self, request: &RunRequest, activations: ArrayView1<'_, u8>) -> Vec<f64> {
        let region = request.region;
        let sent = self.sent(request, activations);
        let columns = region.column_range().map(|local| {
            let column = region.hemisphere * self.geometry.columns() + local;
            let circuit = self.column(column);
            let synapses = self.synapses(region.hemisphere, local);
            let between = circuit.wait(request.settings.event_interval_us());
            let mut state = circuit.after_reset();
            for &event in &sent {
                state.passes(&between);
                state.receives(synapses.charges(event));
            }
            state.passes(&circuit.wait(RunSettings::READOUT_DELAY_US));
            circuit.shows(self.source(column), &state)
        });
        columns.collect()
    }
}

impl MacArray for LinearChip {
    fn geometry(&self) -> ArrayGeometry {
        self.mode.geometry(self.geometry)
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights_within(self.geometry(), weights, self.mode.weights())?;
        self.touches += 1;
        for (input, row) in region.input_range().zip(weights.rows()) {
            for (column, &weight) in region.column_range().zip(row) {
                self.weights[region.hemisphere][[input, column]] = weight;
            }
        }
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let mut codes = Array2::zeros(outputs.dim());
        let report = self.read_cadc(request, CadcChannel::Causal, activations, codes.view_mut())?;
        outputs.zip_mut_with(&codes, |out, &code: &u8| {
            *out = (i16::from(code) - 128) as i8;
        });
        Ok(report)
    }
}

impl ChipProbe for LinearChip {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        channel: CadcChannel,
        activations: ArrayView2<'_, u8>,
        mut codes: ArrayViewMut2<'_, u8>,
    ) -> Result<RunReport, ArrayError> {
        let region = request.region;
        region.check_run(self.geometry, activations, codes.dim())?;
        self.begin()?;
        let first_column = region.hemisphere * self.geometry.columns() + region.first_column;
        let deviations: Vec<f64> = (first_column..first_column + region.columns)
            .map(|column| self.deviation(column))
            .collect();
        // Runs that are averaged repeat the same vectors.
        let mut known: BTreeMap<Vec<u8>, Vec<f64>> = BTreeMap::new();
        let vectors = activations.rows().into_iter().zip(codes.rows_mut());
        for (vector, (activations, codes)) in vectors.enumerate() {
            let voltages = known
                .entry(activations.to_vec())
                .or_insert_with(|| self.voltages(request, activations));
            let columns = (first_column..).zip(voltages).zip(&deviations).zip(codes);
            for (((column, volts), deviation), code) in columns {
                let noisy = *volts + deviation * self.noise(request.trial, vector, column);
                *code = self.code(self.channel(column, channel as usize), noisy, vector);
            }
        }
        Ok(RunReport::default())
    }

    fn read_pulses(
        &mut self,
        request: &PulseRequest,
        codes: [ArrayViewMut2<'_, u8>; 2],
    ) -> Result<(), ArrayError> {
        request.check(self.geometry, [codes[0].dim(), codes[1].dim()])?;
        self.begin()?;
        let region = request.region;
        let sent: Vec<(usize, f64)> = region
            .input_range()
            .map(|input| {
                let driver = region.hemisphere * self.geometry.inputs() + input;
                (input, self.full_pulse(driver))
            })
            .collect();
        let [mut causal, mut acausal] = codes;
        for (place, local) in region.column_range().enumerate() {
            let column = region.hemisphere * self.geometry.columns() + local;
            let circuit = self.column(column);
            let synapses = self.synapses(region.hemisphere, local);
            let mut together = circuit.after_reset();
            for &event in &sent {
                together.receives(synapses.charges(event));
            }
            let between = circuit.wait(request.interval_us());
            let mut state = circuit.after_reset();
            for _ in 0..request.events {
                state.passes(&between);
                state.receives(together.charges);
            }
            state.passes(&circuit.wait(request.readout_delay_us()));
            let volts = circuit.shows(self.source(column), &state);
            let deviation = self.deviation(column);
            for repetition in 0..causal.nrows() {
                let noisy = volts + deviation * self.noise(request.trial, repetition, column);
                for (kind, codes) in [&mut causal, &mut acausal].into_iter().enumerate() {
                    codes[[repetition, place]] =
                        self.code(self.channel(column, kind), noisy, repetition);
                }
            }
        }
        Ok(())
    }

    fn temperature_celsius(&mut self) -> Option<f64> {
        Some(CELSIUS)
    }

    fn record_trace(
        &mut self,
        request: &TraceRequest,
        activations: ArrayView1<'_, u8>,
        samples_lsb: &mut [f32],
    ) -> Result<(), ArrayError> {
        request.check(self.geometry, activations)?;
        self.begin()?;
        let hemisphere = request.run.region.hemisphere;
        let column = hemisphere * self.geometry.columns() + request.column;
        let circuit = self.column(column);
        let synapses = self.synapses(hemisphere, request.column);
        let mut events = self.sent(&request.run, activations).into_iter();
        let interval = request.run.settings.wait_between_events();
        let cycle = circuit.wait(RunSettings::CYCLE_US);
        let mut state = circuit.after_reset();
        let mut samples = samples_lsb.iter_mut();
        for now in 0.. {
            // An event comes right after the sample of its cycle.
            if now % request.sample_interval_cycles == 0 {
                let Some(sample) = samples.next() else { break };
                *sample = circuit.shows(request.source, &state) as f32;
            }
            if now % interval == 0
                && let Some(event) = events.next()
            {
                state.receives(synapses.charges(event));
            }
            state.passes(&cycle);
        }
        Ok(())
    }
}
