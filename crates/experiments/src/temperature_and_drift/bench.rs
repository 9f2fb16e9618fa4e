//! A chip, calibrated, and networks that were trained for it.

use bss2_calibration::CalibrationResult;
use bss2_core::random::derive_seed;
use bss2_core::{CostLedger, MacArray};
use bss2_hardware::SimulatedChip;
use bss2_training::{
    ArrayChoice, ArrayGain, ChipFigures, Examples, Ground, Method, Network, Recipe, RecipeRun,
    Session, evaluate,
};

use super::Parameters;
use super::network::StudyNetwork;
use crate::recording::NetworkRecording;
use crate::sample::Sample;
use crate::simulated_lab::SimulatedLab;
use crate::{ExperimentError, StudyData};

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const TRAINING: u64 = 2;
/// That of all evaluations: networks meet the same noise.
const TRIALS: u64 = 3;

/// What all measurements on one chip share.
pub(super) struct Bench<'a> {
    pub(super) seed: u64,
    pub(super) parameters: &'a Parameters,
    pub(super) network: &'a StudyNetwork,
    pub(super) data: &'a StudyData,
    pub(super) test: Examples<'a>,
}

/// A chip right after its calibration.
pub(super) struct Calibrated {
    pub(super) chip: SimulatedChip,
    pub(super) result: CalibrationResult,
    /// Measured at the temperature of the calibration.
    pub(super) figures: ChipFigures,
}

/// A network on the array, and what the chip was used for to get there.
pub(super) struct TrainedNetwork {
    pub(super) network: Network,
    pub(super) cost: CostLedger,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        seed: u64,
        parameters: &'a Parameters,
        data: &'a StudyData,
        network: &'a StudyNetwork,
    ) -> Result<Self, ExperimentError> {
        Ok(Self {
            seed,
            parameters,
            network,
            data,
            test: data.test()?,
        })
    }

    /// The chip, calibrated at a temperature.
    pub(super) fn calibrated(&self, celsius: f32) -> Result<Calibrated, ExperimentError> {
        let config = self.parameters.chip.clone().check()?;
        let mut chip = SimulatedChip::new(&config, self.seed);
        chip.set_temperature_celsius(celsius)?;
        chip.let_pass_s(3600.0 * self.parameters.hours_before)?;
        let seed = derive_seed(self.seed, CALIBRATION);
        let result = self
            .parameters
            .calibration
            .run(&mut chip, seed, &mut |_| ())?;
        let settings = self.parameters.network.settings()?;
        let mut lab = SimulatedLab::new(chip.clone());
        let figures = ChipFigures::measure(&mut lab, &settings, false, self.seed)?;
        Ok(Calibrated {
            chip,
            result,
            figures,
        })
    }

    /// The shared network, trained further in a way on a calibrated chip.
    pub(super) fn trained(
        &self,
        calibrated: &Calibrated,
        method: Method,
    ) -> Result<TrainedNetwork, ExperimentError> {
        let mut recipe = method.recipe(&self.parameters.budget);
        recipe
            .stages
            .retain(|stage| stage.ground != Ground::Digital);
        for stage in &mut recipe.stages {
            stage.logits_per_unit = Some(self.parameters.logits_per_lsb);
        }
        let (network, cost) = if recipe.stages.is_empty() {
            (self.deployed(calibrated)?.0, CostLedger::default())
        } else {
            self.retrained(calibrated, &recipe)?
        };
        Ok(TrainedNetwork { network, cost })
    }

    /// The shared network as it is brought onto a chip, and its layers with typical inputs.
    pub(super) fn deployed(
        &self,
        calibrated: &Calibrated,
    ) -> Result<(Network, Vec<Sample>), ExperimentError> {
        let parameters = self.parameters;
        let mut digital = parameters.network.build(parameters.network_seed)?;
        digital
            .names
            .import(&mut digital.network, &self.network.weights)?;
        let recording = NetworkRecording::of(&parameters.network)?;
        let array = ArrayChoice {
            geometry: calibrated.chip.geometry(),
            gain: ArrayGain::Uniform(calibrated.figures.gain_lsb()),
            strategies: Some(recording.strategies()),
        };
        let samples = self
            .data
            .first_training_inputs(parameters.deployment_samples);
        let network = parameters.network.deploy(&digital, samples, array)?.network;
        let planned = recording.into_planned().into_iter();
        let layers = planned
            .zip(network.linear_layers())
            .map(|(planned, layer)| {
                Ok(Sample::new(planned, &layer)?.limited_to(parameters.error_vectors))
            });
        let layers = layers.collect::<Result<_, ExperimentError>>()?;
        Ok((network, layers))
    }

    fn retrained(
        &self,
        calibrated: &Calibrated,
        recipe: &Recipe,
    ) -> Result<(Network, CostLedger), ExperimentError> {
        let run = RecipeRun {
            recipe,
            description: &self.parameters.network,
            strategies: None,
            weights: Some(&self.network.weights),
            training: self.data.training()?,
            validation: None,
            deployment_samples: self.parameters.deployment_samples,
            geometry: calibrated.chip.geometry(),
            seed: derive_seed(self.seed, TRAINING),
            checkpoint: None,
        };
        let mut lab = SimulatedLab::new(calibrated.chip.clone());
        let trained = run.run(&mut lab, &mut |_| ())?;
        let cost = trained.cost();
        Ok((trained.deployed.network, cost))
    }

    /// Test accuracy in percent.
    pub(super) fn accuracy_percent(
        &self,
        network: &mut Network,
        chip: &mut SimulatedChip,
    ) -> Result<f64, ExperimentError> {
        let mut session = Session::on(chip, self.trial_seed());
        Ok(100.0 * evaluate(network, &mut session, self.test)?)
    }

    pub(super) fn trial_seed(&self) -> u64 {
        derive_seed(self.seed, TRIALS)
    }
}

#[cfg(test)]
mod tests {
    use bss2_training::{LayerDescription, WeightFile};

    use super::*;
    use crate::Settings;

    /// The weights are the first that are drawn: good enough to be brought onto a chip.
    fn untrained(parameters: &Parameters) -> StudyNetwork {
        let drawn = parameters.network.build(1).unwrap();
        let weights: WeightFile = drawn.names.export(&drawn.network).unwrap();
        StudyNetwork {
            weights,
            float_percent: 0.0,
            ideal_percent: 0.0,
        }
    }

    #[test]
    fn every_layer_is_brought_onto_the_chip_as_it_is_described() {
        let settings = Settings::default();
        let data = StudyData::load(&settings).unwrap();
        let mut parameters = Parameters::resolve(&settings, &data);
        let sends = [3, 5];
        for (layer, sends) in parameters.network.on_array_mut().zip(sends) {
            layer.num_sends = sends;
        }
        for layer in &mut parameters.network.layers {
            if let LayerDescription::Relu(relu) = layer {
                relu.shift = Some(7);
            }
        }
        let network = untrained(&parameters);
        let bench = Bench::new(3, &parameters, &data, &network).unwrap();
        let calibrated = bench.calibrated(60.0).unwrap();
        let (_, layers) = bench.deployed(&calibrated).unwrap();
        let amplifications = layers.iter().map(|layer| layer.plan.amplification());
        assert!(amplifications.eq(sends));
        // Outputs of 7 bits, shifted by as many.
        assert!(layers[1].exact_products().iter().all(|&sum| sum == 0.0));
    }
}
