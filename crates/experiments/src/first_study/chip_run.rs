//! All stages for one chip.

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::random::derive_seed;
use bss2_core::{CostLedger, MacArray, Metered};
use bss2_hardware::{IdealArray, MockArray, SimulatedChip};
use bss2_training::{
    Adam, DeployedLayer, Epoch, Network, Session, deploy, evaluate, float_mlp, train,
};

use super::Parameters;
use super::stage::Stage;
use crate::{ExperimentError, StudyData, Task};

/// How well a network did at a stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evaluation {
    /// Test accuracy in percent.
    pub(super) accuracy_percent: f64,
    /// Chip time per image in µs, where a chip was used.
    pub(super) inference_us: Option<f64>,
}

impl Evaluation {
    fn off_chip(accuracy: f64) -> Self {
        Self {
            accuracy_percent: 100.0 * accuracy,
            inference_us: None,
        }
    }
}

/// What was measured on one chip.
#[derive(Clone, Debug)]
pub(super) struct ChipRun {
    pub(super) seed: u64,
    /// In the order of [`Stage::ALL`].
    pub(super) evaluations: [Evaluation; Stage::ALL.len()],
    /// Chip time of the calibration, in ms.
    pub(super) calibration_ms: f64,
    /// Chip time of the training in the loop, in s.
    pub(super) training_s: f64,
    pub(super) layers: Vec<DeployedLayer>,
    pub(super) calibration: CalibrationResult,
    learning_on_ideal: Vec<Epoch>,
    learning_in_the_loop: Vec<Epoch>,
}

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) fn steps(parameters: &Parameters) -> u64 {
        let retrained = [Stage::RetrainedOnIdeal, Stage::InTheLoop].len();
        (Stage::ALL.len() + Procedure::ROUTINES + retrained * parameters.loop_epochs) as u64
    }

    pub(super) fn run(
        seed: u64,
        parameters: &Parameters,
        data: &StudyData,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let note = |what: &str| task.step(&format!("chip {seed}: {what}"));
        let test = data.test()?;
        let on_array = |network: &mut Network, array: &mut dyn MacArray, stage: Stage| {
            let trial_seed = derive_seed(seed, stage as u64);
            let accuracy = evaluate(network, &mut Session::on(array, trial_seed), test)?;
            note(stage.name());
            Ok::<_, ExperimentError>(Evaluation::off_chip(accuracy))
        };
        let chip_time_us = |cost: &CostLedger| parameters.cost_model.chip_time_us(cost);
        let on_chip = |network: &mut Network, chip: &mut Metered<SimulatedChip>, stage: Stage| {
            chip.take_ledger();
            let evaluation = on_array(network, chip, stage)?;
            Ok::<_, ExperimentError>(Evaluation {
                inference_us: Some(chip_time_us(&chip.take_ledger()) / test.len() as f64),
                ..evaluation
            })
        };

        let mut digital = trained_digitally(seed, parameters, data)?;
        let float = evaluate(&mut digital, &mut Session::digital(), test)?;
        note(Stage::Float.name());

        let weights = digital.weights();
        let deployed = || {
            let samples = data.first_training_inputs(parameters.deployment_samples);
            deploy(&weights, samples, parameters.deployment)
        };
        let (mut network, layers) = deployed()?;
        let (geometry, gain_lsb) = (
            parameters.deployment.geometry,
            parameters.deployment.gain_lsb,
        );
        let mut array = IdealArray::new(geometry, gain_lsb)?;
        let ideal = on_array(&mut network, &mut array, Stage::Ideal)?;
        let (mut retrained, _) = deployed()?;
        let learning_on_ideal = retrain(&mut retrained, &mut array, seed, parameters, data, &note)?;
        let retrained = on_array(&mut retrained, &mut array, Stage::RetrainedOnIdeal)?;
        let mut mock = MockArray::new(geometry, gain_lsb, parameters.mock_noise_lsb)?;
        let mock = on_array(&mut network, &mut mock, Stage::Mock)?;

        let config = parameters.chip.clone().check()?;
        let mut chip = Metered::new(SimulatedChip::new(&config, seed));
        let uncalibrated = on_chip(&mut network, &mut chip, Stage::Uncalibrated)?;
        let calibration = parameters.calibration.run(
            &mut chip,
            derive_seed(seed, CALIBRATION),
            &mut |routine| note(&routine.name),
        )?;
        let calibrated = on_chip(&mut network, &mut chip, Stage::Calibrated)?;
        let learning_in_the_loop = retrain(&mut network, &mut chip, seed, parameters, data, &note)?;
        let training_cost = chip.take_ledger();
        let in_the_loop = on_chip(&mut network, &mut chip, Stage::InTheLoop)?;

        let float = Evaluation::off_chip(float);
        Ok(Self {
            seed,
            evaluations: [
                float,
                ideal,
                retrained,
                mock,
                uncalibrated,
                calibrated,
                in_the_loop,
            ],
            calibration_ms: chip_time_us(&calibration.cost) * 1e-3,
            training_s: chip_time_us(&training_cost) * 1e-6,
            layers,
            calibration,
            learning_on_ideal,
            learning_in_the_loop,
        })
    }

    /// Test accuracy at a stage, in percent.
    pub(super) fn accuracy_percent(&self, stage: Stage) -> f64 {
        self.evaluations[stage as usize].accuracy_percent
    }

    /// Chip time per image at a stage, in µs.
    pub(super) fn inference_us(&self, stage: Stage) -> Option<f64> {
        self.evaluations[stage as usize].inference_us
    }

    /// The epochs of the retraining that led to a stage.
    pub(super) fn learning(&self, stage: Stage) -> &[Epoch] {
        match stage {
            Stage::RetrainedOnIdeal => &self.learning_on_ideal,
            Stage::InTheLoop => &self.learning_in_the_loop,
            _ => &[],
        }
    }
}

/// Purpose number of the calibration's noise, beyond those of the stages.
const CALIBRATION: u64 = 100;
/// Purpose number of the training's noise.
const TRAINING: u64 = 101;

fn trained_digitally(
    seed: u64,
    parameters: &Parameters,
    data: &StudyData,
) -> Result<Network, ExperimentError> {
    let description = data.description();
    let widths = [description.features, parameters.hidden, description.classes];
    let mut network = float_mlp(&widths, seed)?;
    train(
        &mut network,
        &mut Session::digital(),
        data.training()?,
        parameters.float_schedule(seed),
        parameters.float_loss(),
        &mut Adam::new(parameters.float_rate)?,
        &mut |_| {},
    )?;
    Ok(network)
}

/// Trains a deployed network with an array in the loop; the order of the samples is the same for
/// every array.
fn retrain(
    network: &mut Network,
    array: &mut dyn MacArray,
    seed: u64,
    parameters: &Parameters,
    data: &StudyData,
    note: &dyn Fn(&str),
) -> Result<Vec<Epoch>, ExperimentError> {
    let seed = derive_seed(seed, TRAINING);
    let mut learning = Vec::with_capacity(parameters.loop_epochs);
    train(
        network,
        &mut Session::on(array, seed),
        data.training()?,
        parameters.loop_schedule(seed),
        parameters.loop_loss(),
        &mut Adam::new(parameters.loop_rate)?,
        &mut |epoch| {
            note("retrained for an epoch");
            learning.push(epoch);
        },
    )?;
    Ok(learning)
}
