//! The course of one multiplication in time.

use std::ops::Range;

use bss2_core::{ChipProbe, ReadoutSource, RunSettings, TraceRequest};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use super::parameters::TraceParameters;
use crate::ExperimentError;
use crate::bench::Bench;
use crate::statistics::mean;

/// Voltages of one column during one multiplication.
#[derive(Serialize, Deserialize)]
pub(super) struct Trace {
    /// Time of each sample after the end of the reset, in µs.
    pub(super) times_us: Vec<f64>,
    /// In LSB above the nominal reset potential, in the order of [`TAPS`].
    pub(super) voltages_lsb: [Vec<f32>; TAPS.len()],
    /// First and last event with a positive weight, in µs.
    pub(super) positive_us: [f64; 2],
    /// First and last event with a negative weight, in µs.
    pub(super) negative_us: [f64; 2],
    pub(super) readout_us: f64,
    /// What the CADC made of the same multiplication, in LSB.
    pub(super) result_lsb: f64,
}

/// What is recorded.
pub(super) const TAPS: [ReadoutSource; 3] = [
    ReadoutSource::Membrane,
    ReadoutSource::ExcitatoryLine,
    ReadoutSource::InhibitoryLine,
];

impl Trace {
    pub(super) fn record(
        bench: &mut Bench,
        parameters: &TraceParameters,
    ) -> Result<Self, ExperimentError> {
        const HEMISPHERE: usize = 0;
        let geometry = bench.geometry();
        let events = parameters.positive_rows + parameters.negative_rows;
        let weights = Array2::from_shape_fn((geometry.inputs(), geometry.columns()), |(i, _)| {
            if i < parameters.positive_rows {
                parameters.weight
            } else {
                -parameters.weight
            }
        });
        bench.load(HEMISPHERE, weights.view())?;
        let activations = Array2::from_shape_fn((1, geometry.inputs()), |(_, i)| {
            if i < events { parameters.activation } else { 0 }
        });

        let settings = RunSettings::new(1, parameters.wait_between_events)?;
        let interval_us = settings.event_interval_us();
        let readout_us = events as f64 * interval_us + RunSettings::READOUT_DELAY_US;
        let sample_us = f64::from(parameters.sample_interval) * RunSettings::CYCLE_US;
        let samples = ((readout_us + parameters.afterwards_us) / sample_us).ceil() as usize + 1;
        let run = bench.request(HEMISPHERE, settings);
        let mut voltages_lsb = TAPS.map(|_| vec![0.0; samples]);
        for (source, voltages) in TAPS.into_iter().zip(&mut voltages_lsb) {
            let request = TraceRequest {
                run,
                column: parameters.column,
                source,
                sample_interval_cycles: parameters.sample_interval,
            };
            let vector = activations.index_axis(Axis(0), 0);
            bench.chip.record_trace(&request, vector, voltages)?;
        }
        let outputs = bench.run(HEMISPHERE, settings, activations.view())?;
        let at = |event: usize| event as f64 * interval_us;
        Ok(Self {
            times_us: (0..samples).map(|n| n as f64 * sample_us).collect(),
            voltages_lsb,
            positive_us: [at(1), at(parameters.positive_rows)],
            negative_us: [at(parameters.positive_rows + 1), at(events)],
            readout_us,
            result_lsb: outputs[[0, parameters.column]],
        })
    }

    /// How far the membrane has risen from before the first event until the readout, in LSB: from
    /// means over as long as there is silence before the first event.
    pub(super) fn rise_lsb(&self) -> f64 {
        let [first_event_us, _] = self.positive_us;
        let mean_over = |times: Range<f64>| {
            let samples = self.times_us.iter().zip(&self.voltages_lsb[0]);
            let samples = samples.filter(|(time, _)| times.contains(time));
            mean(&samples.map(|(_, &v)| f64::from(v)).collect::<Vec<_>>())
        };
        let half_us = 0.5 * first_event_us;
        mean_over(self.readout_us - half_us..self.readout_us + half_us)
            - mean_over(0.0..first_event_us)
    }
}
