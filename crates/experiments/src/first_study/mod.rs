//! From a simulated chip to a trained network's accuracy, in six stages.
//!
//! For each chip seed a network is trained digitally, brought onto the array, evaluated on the
//! ideal array, on the mock, on the fresh chip and on the calibrated chip, and retrained with the
//! calibrated chip in the loop.

use bss2_training::Deployment;
use rayon::prelude::*;
use serde::Serialize;

use crate::experiment::to_toml;
use crate::{Experiment, ExperimentError, Outcome, Preset, Progress, Settings, StudyData};

mod chip_run;
mod findings;
mod records;

use chip_run::ChipRun;

/// The experiment `first-study`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "first-study",
    about: "accuracy of one network: float, ideal, mock, fresh chip, calibrated chip, chip in the loop",
    run,
    resolve: |settings| to_toml(&Parameters::resolve(settings)),
};

/// Every number that the experiment depends on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameters {
    /// Seeds of the chips; each also seeds its network.
    pub chip_seeds: Vec<u64>,
    /// Width of the network's hidden layer.
    pub hidden: usize,
    /// Repetitions of each vector on the array.
    pub num_sends: u32,
    /// Cycles of 8 ns between events.
    pub wait_between_events: u32,
    /// Gain assumed of the array and given to the ideal array and the mock, in LSB.
    pub gain_lsb: f64,
    /// Noise of the mock, in LSB.
    pub mock_noise_lsb: f64,
    /// Samples per training step.
    pub batch: usize,
    /// Epochs of digital training.
    pub float_epochs: usize,
    /// Learning rate of digital training.
    pub float_rate: f64,
    /// Epochs with the chip in the loop.
    pub loop_epochs: usize,
    /// Learning rate with the chip in the loop, in weight units.
    pub loop_rate: f64,
    /// Logits per LSB with the chip in the loop.
    pub logits_per_lsb: f64,
}

impl Parameters {
    /// The parameters for a preset. Data from files get more sends, because their longer inputs
    /// take several passes whose noise adds up, and fewer epochs, because they are larger.
    pub fn resolve(settings: &Settings) -> Self {
        let from_files = settings.data.is_some();
        let (chips, float_epochs, loop_epochs) = match (settings.preset, from_files) {
            (Preset::Quick, false) => (5, 40, 30),
            (Preset::Standard, false) => (10, 60, 40),
            (Preset::Full, false) => (20, 80, 60),
            (Preset::Quick, true) => (3, 6, 3),
            (Preset::Standard, true) => (5, 15, 8),
            (Preset::Full, true) => (10, 30, 20),
        };
        Self {
            chip_seeds: settings.chip_seeds(chips),
            hidden: 128,
            num_sends: if from_files { 4 } else { 2 },
            wait_between_events: 5,
            gain_lsb: decimal(bss2_hardware::NOMINAL_GAIN_LSB),
            mock_noise_lsb: decimal(bss2_hardware::MockArray::PUBLISHED_NOISE_LSB),
            batch: if from_files { 100 } else { 32 },
            float_epochs,
            float_rate: 0.002,
            loop_epochs,
            loop_rate: 0.3,
            logits_per_lsb: 0.1,
        }
    }
}

impl Parameters {
    fn deployment(&self) -> Deployment {
        Deployment {
            num_sends: self.num_sends,
            wait_between_events: self.wait_between_events,
            gain_lsb: self.gain_lsb as f32,
            ..Deployment::default()
        }
    }
}

/// The number that an `f32` is written as: 0.0018, not 0.001799999969….
fn decimal(value: f32) -> f64 {
    value
        .to_string()
        .parse()
        .unwrap_or_else(|_| f64::from(value))
}

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Outcome, ExperimentError> {
    let data = StudyData::load(settings)?;
    let parameters = Parameters::resolve(settings);
    let steps = parameters.chip_seeds.len() as u64 * ChipRun::steps(&parameters);
    let task = progress.begin(EXPERIMENT.name, steps);
    // Collecting keeps the order of the seeds, whichever chip is done first.
    let runs: Result<Vec<ChipRun>, ExperimentError> = parameters
        .chip_seeds
        .par_iter()
        .map(|&seed| ChipRun::run(seed, &parameters, &data, task.as_ref()))
        .collect();
    findings::outcome(&runs?, &parameters, &data)
}
