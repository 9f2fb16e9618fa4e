//! Measuring an operating point on a chip.

use std::sync::Arc;

use bss2_calibration::CalibrationResult;
use bss2_core::random::derive_seed;
use bss2_core::{CostLedger, MacArray, Metered, NOMINAL_GAIN_LSB, Trial};
use bss2_hardware::SimulatedChip;
use bss2_training::{
    ArrayChoice, ArrayGain, ChipFigures, Examples, Ground, LayerDescription, Method, Network,
    NetworkDescription, RecipeRun, Session, TrainingError, evaluate,
};
use ndarray::{Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::{
    DigitalNetwork, FreshChip, Measured, NetworkState, NetworkTask, OnChip, OperatingPoint,
};
use crate::ends::EndCounter;
use crate::mac_quality::MacQuality;
use crate::recording::NetworkRecording;
use crate::sample::Sample;
use crate::simulated_lab::SimulatedLab;
use crate::{ExperimentError, StudyData};

/// Purposes of the seeds that are derived from a chip's.
pub(super) const CALIBRATION: u64 = 1;
const TRAINING: u64 = 2;
/// That of all evaluations: networks meet the same noise.
const TRIALS: u64 = 3;
const LAYERS: u64 = 4;

/// A chip, and the network that is brought onto it.
pub(crate) struct PointBench<'a> {
    pub(crate) task: &'a NetworkTask,
    pub(crate) digital: &'a DigitalNetwork,
    pub(crate) data: &'a StudyData,
    pub(crate) chip: &'a FreshChip,
    /// What happens between calibration and use.
    pub(crate) meanwhile: Meanwhile,
    /// By which gain shifts between layers are chosen.
    pub(crate) shifts_by: ShiftsBy,
}

/// By which gain shifts between layers are chosen. A shift halves what follows: where the measured gain
/// is near the limit, a little more or less of it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShiftsBy {
    /// That of the chip, as a user would.
    Measured,
    /// The nominal one: the same shifts on all chips.
    Nominal,
}

/// What happens between calibration and use; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meanwhile {
    /// By how much the chip warms up, in K.
    pub warmer_kelvin: f32,
    /// Time that passes, in hours.
    pub hours: f64,
}

/// A chip that is ready for a network.
struct Ready {
    chip: SimulatedChip,
    calibration: Option<Arc<CalibrationResult>>,
    figures: ChipFigures,
    network: NetworkDescription,
}

/// How a network does at a point, and what that costs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Judged {
    pub(crate) on_chip: OnChip,
    /// Chip time of the calibration, in ms.
    pub(crate) calibration_ms: f64,
}

/// Share of the nominal gain below which it is none: what fills a third of the range at the nominal gain is then as
/// large as the noise of one reading, and what is measured of the gain may be noise, whatever its sign.
const LEAST_GAIN: f32 = 0.05;

impl PointBench<'_> {
    /// Everything at one point.
    ///
    /// Nothing if the chip's gain is too weak there to be told from noise.
    pub(crate) fn measured(
        &self,
        point: &OperatingPoint,
    ) -> Result<Option<Measured>, ExperimentError> {
        let Some(ready) = self.ready(point)? else {
            return Ok(None);
        };
        let (mut deployed, layers) = self.deployed(&ready)?;
        let (mut trained, training) = self.trained(&ready)?;
        let working = match &ready.calibration {
            None => &[][..],
            Some(result) => &*result.working_columns,
        };
        let works = working.iter().filter(|works| **works).count();
        Ok(Some(Measured {
            calibration_ms: self.calibration_ms(&ready),
            working_percent: 100.0 * works as f64 / working.len() as f64,
            layers: self.qualities(&ready, &layers)?,
            num_sends: point.num_sends,
            deployed: self.on_chip(&mut deployed, &ready)?,
            trained: self.on_chip(&mut trained, &ready)?,
            training_s: 1e-6 * self.task.cost_model.chip_time_us(&training),
        }))
    }

    /// How the network does at a point before or after training in the loop, and no more.
    ///
    /// Nothing if the chip's gain is too weak there to be told from noise.
    pub(crate) fn judged(
        &self,
        point: &OperatingPoint,
        state: NetworkState,
    ) -> Result<Option<Judged>, ExperimentError> {
        let Some(ready) = self.ready(point)? else {
            return Ok(None);
        };
        let mut network = match state {
            NetworkState::Deployed => self.deployed(&ready)?.0,
            NetworkState::Trained => self.trained(&ready)?.0,
        };
        Ok(Some(Judged {
            calibration_ms: self.calibration_ms(&ready),
            on_chip: self.on_chip(&mut network, &ready)?,
        }))
    }

    /// The chip calibrated and measured; nothing if it has no gain to speak of, or its outputs stand at
    /// the ends of their range.
    fn ready(&self, point: &OperatingPoint) -> Result<Option<Ready>, ExperimentError> {
        let (chip, calibration) = self.calibrated(point)?;
        let mut network = point.network(&self.task.network);
        if self.shifts_by == ShiftsBy::Nominal {
            self.fix_shifts(&mut network)?;
        }
        let mut lab = SimulatedLab::new(chip.clone());
        let settings = network.settings()?;
        let figures = match ChipFigures::measure(&mut lab, &settings, false, self.chip.seed) {
            Err(TrainingError::TooFewColumns { .. }) => return Ok(None),
            figures => figures?,
        };
        let has_gain = figures.gain_lsb() > LEAST_GAIN * NOMINAL_GAIN_LSB;
        Ok(has_gain.then_some(Ready {
            chip,
            calibration,
            figures,
            network,
        }))
    }

    fn calibration_ms(&self, ready: &Ready) -> f64 {
        let cost = ready.calibration.as_ref().map(|result| result.cost);
        1e-3 * self.task.cost_model.chip_time_us(&cost.unwrap_or_default())
    }

    /// Writes the shifts that suit the nominal gain into the network.
    fn fix_shifts(&self, network: &mut NetworkDescription) -> Result<(), ExperimentError> {
        let mut digital = network.build(self.chip.seed)?;
        digital
            .names
            .import(&mut digital.network, &self.digital.weights)?;
        let array = ArrayChoice {
            geometry: self.chip.as_made().geometry(),
            gain: ArrayGain::Uniform(NOMINAL_GAIN_LSB),
            strategies: None,
        };
        let count = self.task.deployment_samples;
        let samples = self.data.first_training_inputs(count);
        let report = network.deploy(&digital, samples, array)?.report;
        let mut shifts = report.iter().filter_map(|layer| layer.shift);
        for layer in &mut network.layers {
            if let LayerDescription::Relu(relu) = layer {
                relu.shift = shifts.next();
            }
        }
        Ok(())
    }

    fn calibrated(
        &self,
        point: &OperatingPoint,
    ) -> Result<(SimulatedChip, Option<Arc<CalibrationResult>>), ExperimentError> {
        let (mut chip, calibration) = match &point.calibration {
            None => (self.chip.as_made().clone(), None),
            Some(procedure) => {
                let (chip, result) = self.chip.calibrated(procedure)?;
                (chip, Some(result))
            }
        };
        let Meanwhile {
            warmer_kelvin,
            hours,
        } = self.meanwhile;
        if warmer_kelvin != 0.0 {
            chip.set_temperature_celsius(chip.temperature_celsius() + warmer_kelvin)?;
        }
        chip.let_pass_s(3600.0 * hours)?;
        Ok((chip, calibration))
    }

    /// The digital network as it is brought onto the chip, and its layers with typical inputs.
    fn deployed(&self, ready: &Ready) -> Result<(Network, Vec<Sample>), ExperimentError> {
        let task = self.task;
        let mut digital = ready.network.build(self.chip.seed)?;
        digital
            .names
            .import(&mut digital.network, &self.digital.weights)?;
        let recording = NetworkRecording::of(&ready.network)?;
        let array = ArrayChoice {
            geometry: ready.chip.geometry(),
            gain: ArrayGain::Measured(&ready.figures),
            strategies: Some(recording.strategies()),
        };
        let samples = self.data.first_training_inputs(task.deployment_samples);
        let network = ready.network.deploy(&digital, samples, array)?.network;
        let planned = recording.into_planned().into_iter();
        let layers = planned
            .zip(network.linear_layers())
            .map(|(planned, layer)| {
                Ok(Sample::new(planned, &layer)?.limited_to(task.layer_vectors))
            });
        let layers = layers.collect::<Result<_, ExperimentError>>()?;
        Ok((network, layers))
    }

    /// The same trained further in the loop, and what that costs on the chip.
    fn trained(&self, ready: &Ready) -> Result<(Network, CostLedger), ExperimentError> {
        let task = self.task;
        let mut recipe = Method::InTheLoop.recipe(&task.budget);
        recipe
            .stages
            .retain(|stage| stage.ground != Ground::Digital);
        for stage in &mut recipe.stages {
            stage.logits_per_unit = Some(task.logits_per_lsb);
        }
        let run = RecipeRun {
            recipe: &recipe,
            description: &ready.network,
            strategies: None,
            weights: Some(&self.digital.weights),
            training: self.data.training()?.first(task.training_samples),
            validation: None,
            deployment_samples: task.deployment_samples,
            geometry: ready.chip.geometry(),
            seed: derive_seed(self.chip.seed, TRAINING),
            checkpoint: None,
        };
        let mut lab = SimulatedLab::with_figures(ready.chip.clone(), ready.figures.clone());
        let trained = run.run(&mut lab, &mut |_| ())?;
        let cost = trained.cost();
        Ok((trained.deployed.network, cost))
    }

    /// How well the chip multiplies the layers.
    fn qualities(
        &self,
        ready: &Ready,
        layers: &[Sample],
    ) -> Result<Vec<MacQuality>, ExperimentError> {
        let mut chip = ready.chip.clone();
        let mut trial = Trial::new(derive_seed(self.chip.seed, LAYERS));
        let qualities = layers.iter().map(|layer| {
            let repeats = (0..self.task.layer_repeats)
                .map(|_| layer.outputs_lsb(&mut chip, &mut trial))
                .collect::<Result<Vec<_>, _>>()?;
            let views: Vec<_> = repeats.iter().map(|outputs| outputs.view()).collect();
            let outputs = concatenate(Axis(0), &views).unwrap_or_default();
            let amplification = f64::from(layer.plan.amplification());
            Ok(MacQuality::of(
                &layer.exact_products(),
                &(outputs * amplification),
            ))
        });
        qualities.collect()
    }

    /// A network's test accuracy on the chip, and what it costs.
    fn on_chip(&self, network: &mut Network, ready: &Ready) -> Result<OnChip, ExperimentError> {
        let test: Examples<'_> = self.data.test()?.first(self.task.test_samples);
        let mut chip = Metered::new(ready.chip.clone());
        let mut counted = EndCounter::new(&mut chip);
        let mut session = Session::on(&mut counted, derive_seed(self.chip.seed, TRIALS));
        let accuracy = evaluate(network, &mut session, test)?;
        let clipped_percent = counted.percent();
        let cost = chip.take_ledger();
        let cost_model = &self.task.cost_model;
        Ok(OnChip {
            percent: 100.0 * accuracy,
            clipped_percent,
            inference_us: cost_model.chip_time_us(&cost) / test.len() as f64,
            inference_uj: cost_model.energy_uj(&cost) / test.len() as f64,
        })
    }
}
