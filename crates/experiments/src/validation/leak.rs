//! Row 10: the residual leak.

use bss2_core::{ChipProbe, ReadoutSource, RunSettings, TraceRequest};
use ndarray::Array1;

use super::Measured;
use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{line, median};

pub(super) const CHECKS: &[Check] = &[Check::shown(
    10,
    "time constant of the residual leak, leak off",
    "µs",
    0,
    "BrainScaleS-2 demos, integrator trace (one neuron, read by eye: 500)",
)
.within(Band::new(300.0, 1000.0))
.departing(
    "median of 32 neurons instead of one; all rows send events, and traces without events are \
     subtracted; the band is ours; the chip's parameter comes from the same trace",
)];

const WEIGHT: i8 = 21;
const NEURONS: usize = 32;
const TRACES: usize = 8;
const SAMPLES: usize = 200;
/// Samples of 2 µs.
const INTERVAL_CYCLES: u32 = 250;
/// Samples after which all events and their charge have passed.
const SETTLED: usize = 5;

/// What events leave on the membrane, recorded for 400 µs less a trace without events; τ from the
/// slope of its logarithm. Median over neurons spread over the chip.
pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    let geometry = lab.geometry();
    lab.load_uniform(WEIGHT)?;
    let stimulus = Array1::from_elem(geometry.inputs(), 12_u8);
    let silence = Array1::zeros(geometry.inputs());
    let mut times_us = Vec::new();
    for neuron in 0..NEURONS {
        let hemisphere = neuron % geometry.hemispheres();
        let column = neuron * geometry.columns() / NEURONS;
        let mut signal = vec![0.0; SAMPLES];
        for _ in 0..TRACES {
            for (vector, sign) in [(&stimulus, 1.0), (&silence, -1.0)] {
                let request = TraceRequest {
                    run: lab.bench.request(hemisphere, RunSettings::default()),
                    column,
                    source: ReadoutSource::Membrane,
                    sample_interval_cycles: INTERVAL_CYCLES,
                };
                let mut samples = vec![0.0; SAMPLES];
                lab.bench
                    .chip
                    .record_trace(&request, vector.view(), &mut samples)?;
                for (signal, sample) in signal.iter_mut().zip(samples) {
                    *signal += sign * f64::from(sample) / TRACES as f64;
                }
            }
        }
        let interval_us = f64::from(INTERVAL_CYCLES) * RunSettings::CYCLE_US;
        let logarithms: Vec<(f64, f64)> = signal
            .iter()
            .enumerate()
            .skip(SETTLED)
            .filter(|(_, signal)| **signal > 1.0)
            .map(|(sample, signal)| (sample as f64 * interval_us, signal.ln()))
            .collect();
        times_us.push(-1.0 / line(&logarithms).0);
    }
    Ok(vec![median(times_us)].into())
}
