//! Where the lumped model agrees with the transient one.

use bss2_core::random::{derive_seed, keyed_stream};
use bss2_core::{ACTIVATION_MAX, Register, RunSettings};
use bss2_hardware::{ChipConfig, Fidelity, SimulatedChip};
use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::parameters::ValidityParameters;
use crate::ExperimentError;
use crate::bench::Bench;

/// A difference that rounding alone can make, in LSB.
pub(super) const CLOSE_LSB: f64 = 1.0;
/// What is asked of the lumped model where OTAs saturate, in LSB.
pub(super) const FAR_LSB: f64 = 3.0;

/// In which order positive and negative weights come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Signs at random.
    Mixed,
    /// All positive weights before all negative ones: each line gets its charge in half the time.
    Blocks,
    /// Positive weights only, with the OTAs' bias lowered to keep results in range.
    OneSign,
}

impl Order {
    pub(super) const ALL: [Self; 3] = [Self::Mixed, Self::Blocks, Self::OneSign];

    /// Name in tables and result files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mixed => "signs mixed",
            Self::Blocks => "signs in blocks",
            Self::OneSign => "one sign",
        }
    }
}

/// How events are sent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Stimulus {
    pub(super) num_sends: u32,
    pub(super) wait: u32,
    pub(super) least_activation: u8,
    /// Share of activations that are not zero.
    pub(super) density: f64,
}

/// One vector in both models.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Comparison {
    pub(super) order: Order,
    pub(super) magnitude: i8,
    pub(super) stimulus: Stimulus,
    /// Nominal mean voltage of the more strongly driven line while events are sent, relative to the
    /// OTA's linear range.
    pub(super) drive: f64,
    /// Columns whose result is in range.
    pub(super) compared: usize,
    /// Of these, columns whose results differ by at most [`CLOSE_LSB`].
    pub(super) close: usize,
    /// Of these, columns whose results differ by more than [`FAR_LSB`].
    pub(super) far: usize,
    /// Largest difference of results in range, in LSB.
    pub(super) largest_lsb: f64,
    /// Outputs, in range or not.
    pub(super) outputs: u64,
    /// Outputs that the lumped model reports as doubtful.
    pub(super) doubtful: u64,
}

pub(super) fn measure(
    seed: u64,
    config: &ChipConfig,
    parameters: &ValidityParameters,
) -> Result<Vec<Comparison>, ExperimentError> {
    const HEMISPHERE: usize = 0;
    const STIMULI: u64 = 3;
    let chip = SimulatedChip::new(&config.clone().without_noise().check()?, seed);
    let mut lumped = Bench::new(chip.clone(), 0);
    let mut transient = Bench::new(chip.with_fidelity(Fidelity::Transient), 0);
    let geometry = lumped.geometry();
    let mut random = keyed_stream(derive_seed(seed, STIMULI), 0);
    let mut comparisons = Vec::new();
    for order in Order::ALL {
        if order == Order::OneSign {
            for bench in [&mut lumped, &mut transient] {
                bench.set_all(Register::IBiasSyninExcGm, parameters.ota_bias)?;
            }
        }
        for &magnitude in &parameters.magnitudes {
            let weights = weights(
                &mut random,
                order,
                magnitude,
                (geometry.inputs(), geometry.columns()),
            );
            lumped.load(HEMISPHERE, weights.view())?;
            transient.load(HEMISPHERE, weights.view())?;
            for stimulus in parameters.stimuli() {
                let settings = RunSettings::new(stimulus.num_sends, stimulus.wait)?;
                for _ in 0..parameters.vectors {
                    let vector = stimulus.vector(&mut random, geometry.inputs());
                    let (fast, report) =
                        lumped.run_and_report(HEMISPHERE, settings, vector.view())?;
                    let reference = transient.run(HEMISPHERE, settings, vector.view())?;
                    let both = fast.iter().zip(&reference);
                    let in_range = both.filter(|(_, r)| r.abs() <= parameters.in_range_lsb);
                    let distances: Vec<f64> = in_range.map(|(a, b)| (a - b).abs()).collect();
                    comparisons.push(Comparison {
                        order,
                        magnitude,
                        stimulus,
                        drive: drive(config, settings, weights.view(), vector.view()),
                        compared: distances.len(),
                        close: distances.iter().filter(|d| **d <= CLOSE_LSB).count(),
                        far: distances.iter().filter(|d| **d > FAR_LSB).count(),
                        largest_lsb: distances.iter().copied().fold(0.0, f64::max),
                        outputs: fast.len() as u64,
                        doubtful: report.doubtful_outputs,
                    });
                }
            }
        }
    }
    Ok(comparisons)
}

impl ValidityParameters {
    /// Every combination of timing and activations.
    fn stimuli(&self) -> Vec<Stimulus> {
        let mut stimuli = Vec::new();
        for &num_sends in &self.sends {
            for &wait in &self.waits {
                for &least_activation in &self.least_activations {
                    stimuli.extend(self.densities.iter().map(|&density| Stimulus {
                        num_sends,
                        wait,
                        least_activation,
                        density,
                    }));
                }
            }
        }
        stimuli
    }
}

impl Stimulus {
    fn vector(&self, random: &mut ChaCha8Rng, inputs: usize) -> Array2<u8> {
        Array2::from_shape_simple_fn((1, inputs), || {
            if random.random_bool(self.density) {
                random.random_range(self.least_activation..=ACTIVATION_MAX)
            } else {
                0
            }
        })
    }
}

/// Weights between half the magnitude and the whole.
fn weights(
    random: &mut ChaCha8Rng,
    order: Order,
    magnitude: i8,
    (inputs, columns): (usize, usize),
) -> Array2<i8> {
    Array2::from_shape_fn((inputs, columns), |(i, _)| {
        let weight = random.random_range(magnitude / 2..=magnitude);
        let positive = match order {
            Order::Mixed => random.random(),
            Order::Blocks => i < inputs / 2,
            Order::OneSign => true,
        };
        if positive { weight } else { -weight }
    })
}

/// Mean over columns of the stronger line's charge, as the voltage it keeps up while events come.
fn drive(
    config: &ChipConfig,
    settings: RunSettings,
    weights: ArrayView2<'_, i8>,
    vector: ArrayView2<'_, u8>,
) -> f64 {
    let charge = |sign: f64| {
        let of_sign = weights.mapv(|w| (f64::from(w) * sign).max(0.0));
        let mean_weights = of_sign.sum_axis(Axis(1)) / weights.ncols() as f64;
        f64::from(settings.num_sends()) * vector.mapv(f64::from).dot(&mean_weights).sum()
    };
    let events = vector.iter().filter(|&&x| x > 0).count() as f64;
    let sending_us = events * f64::from(settings.num_sends()) * settings.event_interval_us();
    let tau_us = f64::from(config.line.tau_syn_us);
    let kept_up = tau_us / (sending_us + tau_us);
    charge(1.0).max(charge(-1.0)) * kept_up * f64::from(config.line.lsb_per_charge)
        / f64::from(config.ota.linear_range_lsb)
}
