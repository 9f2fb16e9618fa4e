//! All stages for one chip.

use bss2_calibration::CalibrationResult;
use bss2_core::random::derive_seed;
use bss2_core::{MacArray, Metered};
use bss2_hardware::{IdealArray, MockArray, SimulatedChip};
use bss2_training::{
    Adam, DeployedLayer, Epoch, Examples, Network, Session, deploy, evaluate, float_mlp, train,
};
use serde::{Deserialize, Serialize};

use super::Parameters;
use super::stage::Stage;
use crate::{ExperimentError, StudyData, Task};

/// What was measured at a stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StageResult {
    /// Test accuracy in percent.
    pub(super) accuracy_percent: f64,
    /// Chip time per image in µs, where a chip was used.
    pub(super) inference_us: Option<f64>,
    /// Chip time of the training in s, where a chip was trained on.
    pub(super) training_s: Option<f64>,
    /// The epochs of the training that led here, where there was one.
    pub(super) learning: Vec<Epoch>,
}

/// What was measured on one chip.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ChipRun {
    pub(super) seed: u64,
    /// In the order of [`Stage::ALL`].
    stages: [StageResult; Stage::ALL.len()],
    /// Chip time of the calibration, in ms.
    pub(super) calibration_ms: f64,
    pub(super) layers: Vec<DeployedLayer>,
    pub(super) calibration: CalibrationResult,
}

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) fn steps(parameters: &Parameters) -> u64 {
        let epochs = Stage::RETRAINED
            .len()
            .saturating_mul(parameters.loop_epochs);
        let others = Stage::ALL.len() + parameters.calibration.routines();
        epochs.saturating_add(others) as u64
    }

    pub(super) fn run(
        seed: u64,
        parameters: &Parameters,
        data: &StudyData,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let bench = Bench {
            seed,
            parameters,
            training: data.training()?,
            test: data.test()?,
            task,
        };
        let mut digital = trained_digitally(seed, parameters, data)?;
        let float = bench.evaluated_digitally(&mut digital)?;

        let steps = digital.steps()?;
        let deployed = || {
            let samples = data.first_training_inputs(parameters.deployment_samples);
            deploy(&steps, samples, parameters.deployment())
        };
        let (mut network, layers) = deployed()?;
        let (geometry, gain_lsb) = (parameters.chip.geometry, parameters.gain_lsb);
        let mut array = Metered::new(IdealArray::new(geometry, gain_lsb)?);
        let ideal = bench.evaluated(&mut network, &mut array, Stage::Ideal)?;
        let ideal_in_the_loop =
            bench.retrained(deployed()?.0, &mut array, Stage::IdealInTheLoop)?;
        let mock = MockArray::new(geometry, gain_lsb, parameters.mock_noise_lsb)?;
        let mock = bench.evaluated(&mut network, &mut Metered::new(mock), Stage::Mock)?;

        let config = parameters.chip.clone().check()?;
        let mut chip = Metered::new(SimulatedChip::new(&config, seed));
        let uncalibrated = bench.evaluated(&mut network, &mut chip, Stage::Uncalibrated)?;
        let uncalibrated_in_the_loop =
            bench.retrained(deployed()?.0, &mut chip, Stage::UncalibratedInTheLoop)?;
        let calibration = parameters.calibration.run(
            &mut chip,
            derive_seed(seed, CALIBRATION),
            &mut |routine| bench.note(&routine.name),
        )?;
        let calibrated = bench.evaluated(&mut network, &mut chip, Stage::Calibrated)?;
        let calibrated_in_the_loop =
            bench.retrained(network, &mut chip, Stage::CalibratedInTheLoop)?;

        Ok(Self {
            seed,
            stages: [
                float,
                ideal,
                ideal_in_the_loop,
                mock,
                uncalibrated,
                uncalibrated_in_the_loop,
                calibrated,
                calibrated_in_the_loop,
            ],
            calibration_ms: parameters.cost_model.chip_time_us(&calibration.cost) * 1e-3,
            layers,
            calibration,
        })
    }

    /// What was measured at a stage.
    pub(super) fn at(&self, stage: Stage) -> &StageResult {
        &self.stages[stage as usize]
    }
}

/// What all stages of one chip share.
struct Bench<'a> {
    seed: u64,
    parameters: &'a Parameters,
    training: Examples<'a>,
    test: Examples<'a>,
    task: &'a dyn Task,
}

impl Bench<'_> {
    fn note(&self, what: &str) {
        self.task.step(&format!("chip {}: {what}", self.seed));
    }

    fn evaluated_digitally(&self, network: &mut Network) -> Result<StageResult, ExperimentError> {
        let accuracy = evaluate(network, &mut Session::digital(), self.test)?;
        self.note(Stage::Float.name());
        Ok(StageResult {
            accuracy_percent: 100.0 * accuracy,
            inference_us: None,
            training_s: None,
            learning: Vec::new(),
        })
    }

    fn evaluated<A: MacArray>(
        &self,
        network: &mut Network,
        array: &mut Metered<A>,
        stage: Stage,
    ) -> Result<StageResult, ExperimentError> {
        array.take_ledger();
        let mut session = Session::on(array, derive_seed(self.seed, stage as u64));
        let accuracy = evaluate(network, &mut session, self.test)?;
        self.note(stage.name());
        let chip_time_us = self.chip_time_us(array, stage);
        Ok(StageResult {
            accuracy_percent: 100.0 * accuracy,
            inference_us: chip_time_us.map(|time| time / self.test.len() as f64),
            training_s: None,
            learning: Vec::new(),
        })
    }

    /// Trains a deployed network with an array in the loop, then evaluates it there. Order of the
    /// samples and settings are the same for every array.
    fn retrained<A: MacArray>(
        &self,
        mut network: Network,
        array: &mut Metered<A>,
        stage: Stage,
    ) -> Result<StageResult, ExperimentError> {
        array.take_ledger();
        let seed = derive_seed(self.seed, TRAINING);
        let mut learning = Vec::new();
        train(
            &mut network,
            &mut Session::on(array, seed),
            self.training,
            self.parameters.loop_schedule(seed),
            &self.parameters.loop_loss(),
            &mut Adam::new(self.parameters.loop_rate)?,
            &mut |epoch| {
                self.note(stage.name());
                learning.push(epoch);
            },
        )?;
        let chip_time_us = self.chip_time_us(array, stage);
        Ok(StageResult {
            training_s: chip_time_us.map(|time| time * 1e-6),
            learning,
            ..self.evaluated(&mut network, array, stage)?
        })
    }

    /// What the array has cost since its ledger was last taken, where it is a chip.
    fn chip_time_us<A: MacArray>(&self, array: &mut Metered<A>, stage: Stage) -> Option<f64> {
        let cost = array.take_ledger();
        let time = self.parameters.cost_model.chip_time_us(&cost);
        stage.is_on_chip().then_some(time)
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
        &parameters.float_loss(),
        &mut Adam::new(parameters.float_rate)?,
        &mut |_| {},
    )?;
    Ok(network)
}
