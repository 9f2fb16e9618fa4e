//! All stages for one chip.

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::random::derive_seed;
use bss2_core::{ArrayGeometry, CostModel, MacArray, Metered};
use bss2_hardware::{ChipConfig, IdealArray, MockArray, SimulatedChip};
use bss2_training::{
    Adam, CrossEntropy, DeployedLayer, Epoch, Network, Schedule, Session, deploy, evaluate,
    float_mlp, train,
};

use super::Parameters;
use crate::{ExperimentError, StudyData, Task};

/// At which point of its way a network is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Float,
    Ideal,
    Mock,
    Uncalibrated,
    Calibrated,
    InTheLoop,
}

impl Stage {
    pub(super) const ALL: [Self; 6] = [
        Self::Float,
        Self::Ideal,
        Self::Mock,
        Self::Uncalibrated,
        Self::Calibrated,
        Self::InTheLoop,
    ];

    /// Name in tables and result files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Ideal => "ideal array",
            Self::Mock => "mock",
            Self::Uncalibrated => "chip, uncalibrated",
            Self::Calibrated => "chip, calibrated",
            Self::InTheLoop => "chip in the loop",
        }
    }
}

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
    pub(super) learning: Vec<Epoch>,
}

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) fn steps(parameters: &Parameters) -> u64 {
        (Stage::ALL.len() + Procedure::ROUTINES + parameters.loop_epochs) as u64
    }

    pub(super) fn run(
        seed: u64,
        parameters: &Parameters,
        data: &StudyData,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let note = |what: &str| task.step(&format!("chip {seed}: {what}"));
        let (training, test) = (data.training()?, data.test()?);
        let on_array = |network: &mut Network, array: &mut dyn MacArray, stage: Stage| {
            let trial_seed = derive_seed(seed, stage as u64);
            let accuracy = evaluate(network, &mut Session::on(array, trial_seed), test)?;
            note(stage.name());
            Ok::<_, ExperimentError>(Evaluation::off_chip(accuracy))
        };
        let on_chip = |network: &mut Network, chip: &mut Metered<SimulatedChip>, stage: Stage| {
            chip.take_ledger();
            let evaluation = on_array(network, chip, stage)?;
            let chip_time_us = CostModel::default().chip_time_us(&chip.take_ledger());
            Ok::<_, ExperimentError>(Evaluation {
                inference_us: Some(chip_time_us / test.len() as f64),
                ..evaluation
            })
        };

        let mut digital = trained_digitally(seed, parameters, data)?;
        let float = evaluate(&mut digital, &mut Session::digital(), test)?;
        note(Stage::Float.name());

        let (mut network, layers) = deploy(
            &digital.weights(),
            training.inputs(),
            parameters.deployment(),
        )?;
        let geometry = ArrayGeometry::BSS2;
        let mut ideal = IdealArray::new(geometry, parameters.gain_lsb as f32)?;
        let ideal = on_array(&mut network, &mut ideal, Stage::Ideal)?;
        let mut mock = MockArray::new(
            geometry,
            parameters.gain_lsb as f32,
            parameters.mock_noise_lsb as f32,
        )?;
        let mock = on_array(&mut network, &mut mock, Stage::Mock)?;

        let config = ChipConfig::typical().check()?;
        let mut chip = Metered::new(SimulatedChip::new(&config, seed));
        let uncalibrated = on_chip(&mut network, &mut chip, Stage::Uncalibrated)?;
        let calibration = Procedure::default().run(
            &mut chip,
            derive_seed(seed, CALIBRATION),
            &mut |routine| note(&routine.name),
        )?;
        let calibrated = on_chip(&mut network, &mut chip, Stage::Calibrated)?;
        let learning = retrain(&mut network, &mut chip, seed, parameters, data, &note)?;
        let training_cost = chip.take_ledger();
        let in_the_loop = on_chip(&mut network, &mut chip, Stage::InTheLoop)?;

        let float = Evaluation::off_chip(float);
        Ok(Self {
            seed,
            evaluations: [float, ideal, mock, uncalibrated, calibrated, in_the_loop],
            calibration_ms: CostModel::default().chip_time_us(&calibration.cost) * 1e-3,
            training_s: CostModel::default().chip_time_us(&training_cost) * 1e-6,
            layers,
            calibration,
            learning,
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
    let mut network = float_mlp(&[data.features, parameters.hidden, data.classes], seed)?;
    let schedule = Schedule {
        epochs: parameters.float_epochs,
        batch: parameters.batch,
        seed,
    };
    train(
        &mut network,
        &mut Session::digital(),
        data.training()?,
        schedule,
        CrossEntropy {
            logits_per_unit: 1.0,
        },
        &mut Adam::new(parameters.float_rate as f32)?,
        &mut |_| {},
    )?;
    Ok(network)
}

fn retrain(
    network: &mut Network,
    chip: &mut dyn MacArray,
    seed: u64,
    parameters: &Parameters,
    data: &StudyData,
    note: &dyn Fn(&str),
) -> Result<Vec<Epoch>, ExperimentError> {
    let schedule = Schedule {
        epochs: parameters.loop_epochs,
        batch: parameters.batch,
        seed: derive_seed(seed, TRAINING),
    };
    let mut learning = Vec::with_capacity(parameters.loop_epochs);
    train(
        network,
        &mut Session::on(chip, derive_seed(seed, TRAINING)),
        data.training()?,
        schedule,
        CrossEntropy {
            logits_per_unit: parameters.logits_per_lsb as f32,
        },
        &mut Adam::new(parameters.loop_rate as f32)?,
        &mut |epoch| {
            note("trained an epoch in the loop");
            learning.push(epoch);
        },
    )?;
    Ok(learning)
}
