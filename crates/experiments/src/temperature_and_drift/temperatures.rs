//! A calibrated chip at other temperatures.

use bss2_core::Trial;
use bss2_core::random::derive_seed;
use bss2_training::{MockParameters, measure_mock};
use serde::{Deserialize, Serialize};

use super::bench::{Bench, Calibrated, TrainedNetwork};
use super::layer_state::{LayerState, NetworkState};
use crate::ExperimentError;

/// What was measured at one temperature.
#[derive(Serialize, Deserialize)]
pub(super) struct AtTemperature {
    /// Gain and noise by the published protocol.
    pub(super) mock: MockParameters,
    pub(super) layers: Vec<LayerState>,
    pub(super) network: NetworkState,
    /// Test accuracies in percent, in the order of the methods.
    pub(super) accuracies_percent: Vec<f64>,
}

/// Purposes of the seeds that are derived from that of the trials.
const MOCK: u64 = 1;
const LAYERS: u64 = 2;

impl Bench<'_> {
    /// The chip at every temperature, one after the other.
    pub(super) fn over_temperatures(
        &self,
        calibrated: &Calibrated,
        networks: &mut [TrainedNetwork],
    ) -> Result<Vec<AtTemperature>, ExperimentError> {
        let (_, layers) = self.deployed(calibrated)?;
        let gain_lsb = f64::from(calibrated.figures.gain_lsb());
        let settings = self.parameters.network.settings()?;
        let parameters = self.parameters;
        let mut points = Vec::with_capacity(parameters.celsius.len());
        for &celsius in &parameters.celsius {
            let mut chip = calibrated.chip.clone();
            chip.set_temperature_celsius(celsius)?;
            let mut trial = Trial::new(derive_seed(self.trial_seed(), MOCK));
            let mock = measure_mock(&mut chip, settings[0], parameters.mock, &mut trial)?;
            let states = layers.iter().enumerate().map(|(number, layer)| {
                let seed = derive_seed(derive_seed(self.trial_seed(), LAYERS), number as u64);
                LayerState::of(layer, &mut chip, gain_lsb, parameters.error_repeats, seed)
            });
            let layers = states.collect::<Result<Vec<_>, ExperimentError>>()?;
            let accuracies = networks
                .iter_mut()
                .map(|trained| self.accuracy_percent(&mut trained.network, &mut chip));
            points.push(AtTemperature {
                mock,
                network: NetworkState::of(&layers, gain_lsb),
                accuracies_percent: accuracies.collect::<Result<_, _>>()?,
                layers,
            });
        }
        Ok(points)
    }
}
