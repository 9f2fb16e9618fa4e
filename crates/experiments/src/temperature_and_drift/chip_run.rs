//! Everything that is measured on one chip.

use super::Parameters;
use super::bench::{Bench, TrainedNetwork};
use super::drift::Course;
use super::network::StudyNetwork;
use super::temperatures::AtTemperature;
use crate::{ExperimentError, StudyData, Task};
use serde::{Deserialize, Serialize};

/// What was measured on one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct ChipRun {
    pub(super) seed: u64,
    /// In the order of the temperatures of calibration.
    pub(super) calibrations: Vec<AtCalibration>,
    pub(super) courses: Vec<Course>,
    /// By network that drifts: accuracy in percent right after the calibration.
    pub(super) fresh_percent: Vec<f64>,
}

/// What was measured with one calibration.
#[derive(Serialize, Deserialize)]
pub(super) struct AtCalibration {
    /// Gain that was measured after the calibration, in LSB per send. The layers whose errors are
    /// measured are scaled for it, and the network without further training; a training measures the
    /// chip again.
    pub(super) gain_lsb: f64,
    /// In the order of the temperatures of use.
    pub(super) points: Vec<AtTemperature>,
    /// Chip time of training, in s, in the order of the methods.
    pub(super) training_s: Vec<f64>,
}

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) fn steps(parameters: &Parameters) -> u64 {
        parameters.calibration_celsius.len() as u64 + 1
    }

    pub(super) fn run(
        seed: u64,
        parameters: &Parameters,
        data: &StudyData,
        network: &StudyNetwork,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let bench = Bench::new(seed, parameters, data, network)?;
        let note = |what: &str| task.step(&format!("chip {seed}: {what}"));
        let mut calibrations = Vec::with_capacity(parameters.calibration_celsius.len());
        for &celsius in &parameters.calibration_celsius {
            calibrations.push(bench.calibration(celsius)?);
            note(&format!("calibrated at {celsius} °C"));
        }
        let drifted = bench.drifted()?;
        note("drift");
        Ok(Self {
            seed,
            calibrations,
            courses: drifted.0,
            fresh_percent: drifted.1,
        })
    }
}

impl Bench<'_> {
    fn calibration(&self, celsius: f32) -> Result<AtCalibration, ExperimentError> {
        let calibrated = self.calibrated(celsius)?;
        let methods = self.parameters.methods.iter();
        let networks = methods.map(|&method| self.trained(&calibrated, method));
        let mut networks = networks.collect::<Result<Vec<_>, _>>()?;
        let model = &self.parameters.cost_model;
        let costs = networks.iter().map(|trained| trained.cost);
        Ok(AtCalibration {
            gain_lsb: f64::from(calibrated.figures.gain_lsb()),
            training_s: costs.map(|cost| 1e-6 * model.chip_time_us(&cost)).collect(),
            points: self.over_temperatures(&calibrated, &mut networks)?,
        })
    }

    /// The courses of all policies, and accuracies before them.
    fn drifted(&self) -> Result<(Vec<Course>, Vec<f64>), ExperimentError> {
        let drift = &self.parameters.drift;
        let calibrated = self.calibrated(drift.calibration_celsius)?;
        let methods = drift.methods.iter();
        let networks = methods.map(|&method| self.trained(&calibrated, method));
        let mut networks = networks.collect::<Result<Vec<TrainedNetwork>, _>>()?;
        let fresh = networks.iter_mut().map(|trained| {
            self.accuracy_percent(&mut trained.network, &mut calibrated.chip.clone())
        });
        let fresh = fresh.collect::<Result<_, _>>()?;
        let mut networks: Vec<&mut TrainedNetwork> = networks.iter_mut().collect();
        Ok((self.courses(&calibrated, &mut networks)?, fresh))
    }
}
