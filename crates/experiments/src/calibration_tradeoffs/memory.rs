//! How long membranes remember: in the state in which they multiply.

use bss2_core::{ChipProbe, PulseRequest, RunSettings, WEIGHT_MAX};
use ndarray::Array2;

use super::Stimuli;
use super::chip::Lab;
use super::layer::{Layer, only_columns};
use super::point::Point;
use super::stimulus::Stimulus;
use crate::ExperimentError;
use crate::bench::OverRepeats;
use crate::line_fit::lines;
use crate::statistics::{line, mean};

/// How long membranes remember.
pub(super) struct Memory {
    /// Time constant with which a signal fades, in µs.
    pub(super) tau_us: f64,
    /// Gain of the random layer sent slowly, in % of that at the usual pace.
    pub(super) long_gain_percent: f64,
}

/// Charge of a pulse of full length in units of activation · weight, per unit of weight.
const FULL_PULSE: f64 = 31.0;

impl Memory {
    pub(super) fn measure(
        lab: &mut Lab<'_>,
        stimulus: &Stimulus,
        point: &Point,
        layer: &Layer,
    ) -> Result<Self, ExperimentError> {
        Ok(Self {
            tau_us: time_constant(lab, point, layer)?,
            long_gain_percent: long_gain_percent(lab, stimulus, point.settings, layer)?,
        })
    }
}

/// The layer's gain where events come slowly, in % of its usual one.
fn long_gain_percent(
    lab: &mut Lab<'_>,
    stimulus: &Stimulus,
    settings: RunSettings,
    layer: &Layer,
) -> Result<f64, ExperimentError> {
    let (wait, repeats) = (lab.stimuli().long_wait, lab.stimuli().long_repeats);
    let slow = RunSettings::new(settings.num_sends(), wait)?.with_baseline(settings.baseline());
    let run = lab.run(stimulus, slow, repeats)?;
    let means = OverRepeats::of(&run.outputs, stimulus.vectors.nrows()).means;
    let sums = only_columns(&stimulus.sums, &layer.working);
    let lines = lines(&sums, &only_columns(&means, &layer.working), |_| true);
    let slopes: Vec<f64> = lines.iter().map(|line| line.slope).collect();
    Ok(100.0 * mean(&slopes) / layer.mac.slope_lsb)
}

/// One pulse of all drivers, read after longer and longer waits; what drifts without it is
/// subtracted.
fn time_constant(lab: &mut Lab<'_>, point: &Point, layer: &Layer) -> Result<f64, ExperimentError> {
    let stimuli = lab.stimuli().clone();
    let inputs = lab.bench.geometry().inputs() as f64;
    let weight = stimuli.memory_amplitude_lsb / (layer.mac.slope_lsb * inputs * FULL_PULSE);
    let weight = weight.round().clamp(1.0, f64::from(WEIGHT_MAX)) as i8;
    lab.bench.load_uniform(stimuli.hemisphere, weight)?;
    let empty_us = stimuli.memory_line_taus * point.calibration.targets.tau_syn_us
        + RunSettings::READOUT_DELAY_US;
    let mut left = Vec::new();
    for &wait_us in &stimuli.memory_waits_us {
        let mut code = |events| {
            let delay_us = empty_us + wait_us;
            read(lab, events, delay_us, &layer.working)
        };
        left.push((wait_us, code(1)? - code(0)?));
    }
    Ok(fading(&left, &stimuli))
}

/// Mean code of the columns that work, some time after a number of pulses.
fn read(
    lab: &mut Lab<'_>,
    events: u32,
    delay_us: f64,
    working: &[bool],
) -> Result<f64, ExperimentError> {
    let stimuli = lab.stimuli();
    let (hemisphere, repeats) = (stimuli.hemisphere, stimuli.memory_repeats);
    let settings = RunSettings::default();
    let request = lab.bench.request(hemisphere, settings);
    let mut causal = Array2::zeros((repeats, request.region.columns));
    let mut acausal = causal.clone();
    let pulses = PulseRequest {
        region: request.region,
        trial: request.trial,
        events,
        interval_cycles: settings.wait_between_events(),
        readout_delay_cycles: (delay_us / RunSettings::CYCLE_US).round() as u32,
    };
    let codes = [causal.view_mut(), acausal.view_mut()];
    lab.bench.chip.read_pulses(&pulses, codes)?;
    let codes = only_columns(&causal.mapv(f64::from), working);
    Ok(codes.sum() / codes.len() as f64)
}

/// Time constant of what is left after waits, in µs; NaN for what hardly fades.
fn fading(left: &[(f64, f64)], stimuli: &Stimuli) -> f64 {
    let first = left.first().map_or(f64::NAN, |(_, first)| *first);
    let points: Vec<(f64, f64)> = left
        .iter()
        .take_while(|(_, left)| *left >= stimuli.memory_least_share * first && *left > 0.0)
        .map(|(wait, left)| (*wait, left.ln()))
        .collect();
    let (slope, _) = line(&points);
    let longest_us = stimuli.memory_longest * left.last().map_or(f64::NAN, |(wait, _)| *wait);
    let tau_us = -1.0 / slope;
    if slope < 0.0 && tau_us <= longest_us {
        tau_us
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponential_has_its_time_constant() {
        let stimuli = Stimuli::default();
        let after = |tau: f64| {
            let waits = stimuli.memory_waits_us.iter();
            let left = waits.map(|wait| (*wait, 40.0 * (-wait / tau).exp()));
            fading(&left.collect::<Vec<_>>(), &stimuli)
        };
        for tau in [6.0, 60.0, 600.0] {
            assert!((after(tau) / tau - 1.0).abs() < 1e-9);
        }
        assert!(fading(&[(0.0, 1.0), (1.0, 1.0)], &stimuli).is_nan());
        assert!(after(5000.0).is_nan(), "too long for the waits");
        assert!(fading(&[], &stimuli).is_nan());
    }
}
