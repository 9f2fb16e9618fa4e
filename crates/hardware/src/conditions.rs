//! What a chip's surroundings and age do to it.

use bss2_core::Scope;

use crate::config::ChipConfig;
use crate::drift;
use crate::stream::{Draw, Draws, NoiseSource};
use crate::synapse::Sign;

/// How each element changes per kelvin; drawn once per chip.
#[derive(Clone, Debug)]
pub(crate) struct Sensitivity {
    gain: Vec<f32>,
    offset_lsb: Vec<f32>,
    driver_activations: Vec<f32>,
}

impl Sensitivity {
    pub(crate) fn draw(config: &ChipConfig, seed: u64) -> Self {
        let columns = Scope::Column.instances(config.geometry);
        let drivers = Scope::Driver.instances(config.geometry);
        let temperature = &config.temperature;
        let scaled = |draw, count, mean, spread| Draws::new(seed, draw).scaled(count, mean, spread);
        Self {
            gain: scaled(
                Draw::GainTemperature,
                columns,
                temperature.gain_per_kelvin,
                temperature.gain_spread_per_kelvin,
            ),
            offset_lsb: scaled(
                Draw::OffsetTemperature,
                columns,
                0.0,
                temperature.offset_spread_lsb_per_kelvin,
            ),
            driver_activations: scaled(
                Draw::DriverTemperature,
                drivers,
                0.0,
                temperature.driver_offset_spread_activations_per_kelvin,
            ),
        }
    }
}

/// What temperature and age amount to, element by element.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    celsius: f32,
    age_s: f64,
    gain: Vec<f32>,
    offset_lsb: Vec<f32>,
    /// By column of the chip, then sign.
    balance_shift_codes: Vec<f32>,
    driver_shift_activations: Vec<f32>,
    noise: f32,
    leak: f32,
}

impl Conditions {
    /// Those of a chip of the given seed.
    pub(crate) fn new(
        config: &ChipConfig,
        sensitivity: &Sensitivity,
        seed: u64,
        celsius: f32,
        age_s: f64,
    ) -> Self {
        let kelvin = celsius - config.temperature.reference_celsius;
        let drift = &config.drift;
        let combined = |per_kelvin: &[f32], source, size: f32| -> Vec<f32> {
            let drifted = drift::at_age(drift, seed, source, age_s, per_kelvin.len());
            per_kelvin
                .iter()
                .zip(drifted)
                .map(|(per_kelvin, drifted)| per_kelvin * kelvin + size * drifted)
                .collect()
        };
        let factor = |change: f32| (1.0 + change).max(0.0);
        let mut gain = combined(&sensitivity.gain, NoiseSource::DriftGain, drift.gain);
        for gain in &mut gain {
            *gain = factor(*gain);
        }
        Self {
            celsius,
            age_s,
            gain,
            offset_lsb: combined(
                &sensitivity.offset_lsb,
                NoiseSource::DriftOffset,
                drift.offset_lsb,
            ),
            balance_shift_codes: drift::at_age(
                drift,
                seed,
                NoiseSource::DriftBalance,
                age_s,
                Sign::BOTH.len() * sensitivity.gain.len(),
            )
            .iter()
            .map(|drifted| drift.ota_balance_codes * drifted)
            .collect(),
            driver_shift_activations: combined(
                &sensitivity.driver_activations,
                NoiseSource::DriftDriver,
                drift.driver_offset_activations,
            ),
            noise: factor(config.temperature.noise_per_kelvin * kelvin),
            leak: factor(config.temperature.leak_per_kelvin * kelvin),
        }
    }

    pub(crate) fn celsius(&self) -> f32 {
        self.celsius
    }

    pub(crate) fn age_s(&self) -> f64 {
        self.age_s
    }

    /// Factor on the gains of a column's OTAs.
    pub(crate) fn gain(&self, column: usize) -> f32 {
        self.gain[column]
    }

    /// Shift of a column's potentials in LSB.
    pub(crate) fn offset_lsb(&self, column: usize) -> f32 {
        self.offset_lsb[column]
    }

    /// Shift of the value that balances an OTA of a column, in codes.
    pub(crate) fn balance_shift_codes(&self, column: usize, sign: Sign) -> f32 {
        self.balance_shift_codes[column * Sign::BOTH.len() + sign as usize]
    }

    /// Shift of a driver's offset in activation units.
    pub(crate) fn driver_shift_activations(&self, driver: usize) -> f32 {
        self.driver_shift_activations[driver]
    }

    /// Factor on all noise.
    pub(crate) fn noise(&self) -> f32 {
        self.noise
    }

    /// Factor on all leak rates.
    pub(crate) fn leak(&self) -> f32 {
        self.leak
    }
}
