//! Slow drift: offsets, balances and gains wander between calibrations.
//!
//! Each is an Ornstein–Uhlenbeck process that starts at 0 when the chip is drawn and approaches its
//! configured standard deviation with the time constant τ. It is computed on a grid of τ/32, with
//! straight lines between, from normals keyed by the chip's seed and the grid point: what a chip is
//! at a given age does not depend on how it came there.

use bss2_core::Trial;
use bss2_core::random::NoiseStream;

use crate::parameter::section;
use crate::stream::NoiseSource;

section! {
    /// Parameters of the slow drift.
    pub struct DriftConfig in "drift" {
        /// Time constant of all drifts, in s.
        tau_s: 3600.0 in 1.0 to 1_000_000_000.0, Fixed, "assumption";
        /// Standard deviation of the drift of a neuron's potentials, in LSB.
        offset_lsb: 1.0 in 0.0 to 50.0, PerChip, "assumption";
        /// Standard deviation of the relative drift of a neuron's gains.
        gain: 0.025 in 0.0 to 0.2, PerChip,
            "assumption: half a day after calibration, columns then spread as published";
        /// Standard deviation of the drift of the value of `i_bias_synin_*_shift` that balances an OTA,
        /// in codes.
        ota_balance_codes: 12.0 in 0.0 to 300.0, PerChip,
            "assumption: long waits add drift although references were calibrated, as published";
        /// Standard deviation of the drift of a driver's offset, in activation units.
        driver_offset_activations: 0.1 in 0.0 to 10.0, PerChip, "assumption";
    }
}

/// Greatest age of a chip, in s: about 30 years.
pub const AGE_MAX_S: f64 = 1e9;

/// Grid points per time constant.
const STEPS_PER_TAU: f64 = 32.0;

/// Time constants after which an earlier state is forgotten (e⁻²⁰).
const MEMORY_TAUS: f64 = 20.0;

/// Drift of `count` elements at an age, of a process whose standard deviation tends to 1.
pub(crate) fn at_age(
    config: &DriftConfig,
    seed: u64,
    source: NoiseSource,
    age_s: f64,
    count: usize,
) -> Vec<f32> {
    let position = age_s / f64::from(config.tau_s) * STEPS_PER_TAU;
    let (last, fraction) = (position.floor(), position.fract() as f32);
    let first = (last - MEMORY_TAUS * STEPS_PER_TAU).max(0.0);
    let kept = (-1.0 / STEPS_PER_TAU).exp() as f32;
    let fresh = (1.0 - kept * kept).sqrt();
    let stream = NoiseStream::new(Trial::new(seed), 0, source as u64);
    let mut normals = vec![0.0; count];
    let mut state = vec![0.0; count];
    let mut step = |state: &mut [f32], point: u64| {
        stream.fill(point, 0, &mut normals);
        for (state, normal) in state.iter_mut().zip(&normals) {
            *state = kept * *state + fresh * normal;
        }
    };
    for point in first as u64..last as u64 {
        step(&mut state, point);
    }
    let mut next = state.clone();
    step(&mut next, last as u64);
    for (state, next) in state.iter_mut().zip(next) {
        *state += fraction * (next - *state);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: &[f32]) -> f32 {
        (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt()
    }

    #[test]
    fn drift_starts_at_zero_grows_and_forgets() {
        let config = DriftConfig::default();
        let tau = f64::from(config.tau_s);
        let at = |age| at_age(&config, 3, NoiseSource::DriftGain, age, 4000);
        assert_eq!(spread(&at(0.0)), 0.0);
        let expected = (1.0 - (-1.0_f32).exp()).sqrt();
        assert!((spread(&at(0.5 * tau)) - expected).abs() < 0.05);
        let (late, later) = (at(50.0 * tau), at(51.0 * tau));
        assert!((spread(&late) - 1.0).abs() < 0.05);
        let covariance: f32 =
            late.iter().zip(&later).map(|(a, b)| a * b).sum::<f32>() / late.len() as f32;
        assert!((covariance - (-1.0_f32).exp()).abs() < 0.06, "{covariance}");
    }

    #[test]
    fn drift_is_continuous() {
        let config = DriftConfig::default();
        let at = |age| at_age(&config, 3, NoiseSource::DriftGain, age, 500);
        for age in [100.0, 112.4, 112.6, 3600.0, 80_000.0] {
            let moved: Vec<f32> = at(age)
                .iter()
                .zip(at(age + 0.1))
                .map(|(a, b)| b - a)
                .collect();
            assert!(spread(&moved) < 0.01, "{age}");
        }
    }
}
