//! Transfer curves of the synapse drivers.
//!
//! A chip with the same drivers, and nothing else that deviates, shows them undisturbed: on it run
//! the trims that calibration found on the whole chip.

use bss2_core::{
    ACTIVATION_MAX, ChipControl, MacArray, Region, Register, RunRequest, RunSettings, Trial,
};
use bss2_hardware::{ChipConfig, Imperfection, SimulatedChip};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::parameters::DriverParameters;
use crate::ExperimentError;
use crate::bench::Bench;
use crate::statistics::{deviation, mean};

/// Results of each driver of the first hemisphere for all activations, in LSB.
#[derive(Serialize, Deserialize)]
pub(super) struct DriverCurves {
    /// Before the trim (drivers × activations).
    pub(super) fresh: Array2<f64>,
    /// With the trims that calibration found.
    pub(super) trimmed: Array2<f64>,
    /// What an ideal driver would give per activation unit.
    pub(super) ideal_lsb_per_activation: f64,
}

/// Activation at which drivers are compared: the middle of the range.
pub(super) const MIDDLE: usize = 16;

impl DriverCurves {
    pub(super) fn measure(
        seed: u64,
        calibrated: &mut Bench,
        config: &ChipConfig,
        parameters: &DriverParameters,
    ) -> Result<Self, ExperimentError> {
        let trims = calibrated.chip.register_values(Register::HagenDacOffset)?;
        let of_drivers = |imperfection: &&Imperfection| {
            matches!(
                imperfection,
                Imperfection::DriverOffset
                    | Imperfection::DriverGain
                    | Imperfection::DriverCeiling
                    | Imperfection::SoftStart
                    | Imperfection::FailedDrivers
            )
        };
        let others = Imperfection::ALL.iter().filter(|i| !of_drivers(i));
        let config = others
            .fold(config.clone(), |config, i| config.without(*i))
            .check()?;
        let mut chip = SimulatedChip::new(&config, seed);
        let fresh = curves(&mut chip, parameters)?;
        chip.write_register(Register::HagenDacOffset, &trims)?;
        let trimmed = curves(&mut chip, parameters)?;
        let sends = f64::from(parameters.num_sends);
        Ok(Self {
            fresh,
            trimmed,
            ideal_lsb_per_activation: f64::from(config.get().ota.gain_lsb)
                * f64::from(parameters.weight)
                * sends,
        })
    }

    /// Drivers that send, from the lowest result in the middle of the range to the highest.
    fn in_order(&self) -> Vec<usize> {
        let full = usize::from(ACTIVATION_MAX);
        let mut drivers: Vec<usize> = (0..self.fresh.nrows())
            .filter(|&driver| self.fresh[[driver, full]] > 0.0)
            .collect();
        let middle = |driver: &usize| self.fresh[[*driver, MIDDLE]];
        drivers.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
        drivers
    }

    /// A few drivers that stand for all: evenly spread over the order of their results.
    pub(super) fn examples(&self) -> Vec<usize> {
        const SHARES: [f64; 4] = [0.02, 0.33, 0.67, 0.98];
        let drivers = self.in_order();
        let last = drivers.len().saturating_sub(1) as f64;
        let places = SHARES.map(|share| (share * last).round() as usize);
        places
            .iter()
            .filter_map(|&place| drivers.get(place).copied())
            .collect()
    }

    /// Standard deviation over drivers in the middle of the range, in activation units.
    pub(super) fn spread(&self, curves: &Array2<f64>) -> f64 {
        let values: Vec<f64> = self
            .in_order()
            .iter()
            .map(|&d| curves[[d, MIDDLE]])
            .collect();
        deviation(&values) / self.ideal_lsb_per_activation
    }

    /// Mean result of the trimmed drivers, relative to an ideal driver's.
    pub(super) fn share_of_ideal(&self, activation: usize) -> f64 {
        let values = self.in_order();
        let values: Vec<f64> = values
            .iter()
            .map(|&d| self.trimmed[[d, activation]])
            .collect();
        mean(&values) / (self.ideal_lsb_per_activation * activation as f64)
    }
}

/// Each driver alone at each activation, into one column.
fn curves(
    chip: &mut SimulatedChip,
    parameters: &DriverParameters,
) -> Result<Array2<f64>, ExperimentError> {
    let drivers = chip.geometry().inputs();
    let activations = usize::from(ACTIVATION_MAX) + 1;
    let region = Region {
        columns: 1,
        ..Region::whole(chip.geometry(), 0)
    };
    let weights = Array2::from_elem((drivers, 1), parameters.weight);
    chip.load_weights(region, weights.view())?;
    let alone = Array2::from_shape_fn((drivers * activations, drivers), |(v, driver)| {
        if driver == v / activations {
            (v % activations) as u8
        } else {
            0
        }
    });
    let wait = RunSettings::default().wait_between_events();
    let request = RunRequest {
        region,
        settings: RunSettings::new(parameters.num_sends, wait)?,
        trial: Trial::default(),
    };
    let mut outputs = Array2::zeros((alone.nrows(), 1));
    chip.run(&request, alone.view(), outputs.view_mut())?;
    Ok(Array2::from_shape_fn(
        (drivers, activations),
        |(driver, x)| f64::from(outputs[[driver * activations + x, 0]]),
    ))
}
