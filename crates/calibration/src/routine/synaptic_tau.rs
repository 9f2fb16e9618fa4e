//! Time constants of the synaptic lines.

use bss2_core::{ACTIVATION_MAX, ReadoutSource, Register, RunSettings, TraceRequest, WEIGHT_MAX};
use ndarray::Array1;

use super::{InputSign, Routine, fill};
use crate::bench::Temporary;
use crate::fit::decay_time;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Drivers that send, one right after the other.
const DRIVERS: usize = 16;

/// Samples of the decay, and over how many target time constants they are spread.
const SAMPLES: usize = 60;
const TAUS: f64 = 4.0;

/// Span of a trace above which its line moved, in LSB: well above the samples' noise.
const SMALLEST_MOVE_LSB: f32 = 8.0;

/// Brings the time constant of every line to a target: an exponential fit to the decay of its voltage
/// after some events.
#[derive(Clone, Debug)]
pub struct SynapticTau {
    sign: InputSign,
    target_us: f64,
    temporary: Temporary,
}

impl SynapticTau {
    /// The routine for the lines of one sign and a time constant in µs.
    pub fn new(sign: InputSign, target_us: f64) -> Self {
        Self {
            sign,
            target_us,
            temporary: Temporary::default(),
        }
    }
}

/// Gives the synapses their full bias for now: a time constant does not follow from it, and is seen
/// best in much charge.
pub(crate) fn show_much_charge(
    bench: &mut Bench<'_>,
    temporary: &mut Temporary,
) -> Result<(), CalibrationError> {
    let bias = Register::SynIBiasDac;
    temporary.set_all(bench, bias, bias.spec().max)
}

/// Time constants of all lines of one sign in µs, found over some times `about_us`: 0 where a decay is
/// over within the first samples, infinity where it is too slow, NaN where the line does not move.
pub(crate) fn time_constants(
    bench: &mut Bench<'_>,
    sign: InputSign,
    about_us: f64,
) -> Result<Vec<f64>, CalibrationError> {
    bench.load(|_, _| sign.of(WEIGHT_MAX))?;
    let source = match sign {
        InputSign::Excitatory => ReadoutSource::ExcitatoryLine,
        InputSign::Inhibitory => ReadoutSource::InhibitoryLine,
    };
    let drivers = DRIVERS.min(bench.geometry().inputs());
    let every = TAUS * about_us / (SAMPLES as f64 * RunSettings::CYCLE_US);
    let every = (every.round() as u32).clamp(1, TraceRequest::SAMPLE_INTERVAL_MAX);
    let fastest = RunSettings::new(1, 1)?;
    // Samples are taken from the reset on: the first while events are still coming.
    let sending = drivers.div_ceil(every as usize);
    let events = Array1::from_elem(drivers, ACTIVATION_MAX);
    let mut samples = vec![0.0; sending + SAMPLES];
    let interval_us = f64::from(every) * RunSettings::CYCLE_US;
    (0..bench.instances(sign.tau()))
        .map(|column| {
            bench.trace(column, source, fastest, events.view(), every, &mut samples)?;
            let tau_us = decay_time(&samples[sending..], interval_us);
            Ok(if tau_us.is_nan() && moves(&samples) {
                0.0
            } else {
                tau_us
            })
        })
        .collect()
}

/// Whether a line moved at all, be it while events were still coming.
fn moves(samples_lsb: &[f32]) -> bool {
    let (least, most) = samples_lsb
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &s| {
            (least.min(s), most.max(s))
        });
    most - least > SMALLEST_MOVE_LSB
}

impl Routine for SynapticTau {
    fn name(&self) -> &'static str {
        match self.sign {
            InputSign::Excitatory => "excitatory time constant",
            InputSign::Inhibitory => "inhibitory time constant",
        }
    }

    fn register(&self) -> Register {
        self.sign.tau()
    }

    fn slope(&self) -> Slope {
        Slope::Falling
    }

    fn unit(&self) -> &'static str {
        "µs"
    }

    fn tolerance(&self) -> f64 {
        0.1 * self.target_us
    }

    /// The longest time constant takes a bias of zero.
    fn may_end_at_boundary(&self) -> bool {
        true
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        show_much_charge(bench, &mut self.temporary)
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![self.target_us; initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        fill(
            responses,
            &time_constants(bench, self.sign, self.target_us)?,
        )
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}
