//! A trained network, to which noise is added.

use bss2_core::random::derive_seed;
use bss2_training::{
    Adam, CrossEntropy, InjectNoiseDescription, LayerDescription, NetworkDescription, NoiseKind,
    NoisyModes, RateSchedule, Schedule, Session, Trainer, TrainingState, WeightFile, evaluate,
};

use super::Parameters;
use super::place::Place;
use crate::{ExperimentError, StudyData};

/// Purposes of the seeds that are derived from a network's.
const ORDER: u64 = 1;
const TRAINING_NOISE: u64 = 2;
const EVALUATION_NOISE: u64 = 3;

/// A network without noise, and the weights it came to.
pub(super) struct Trained<'a> {
    seed: u64,
    description: &'a NetworkDescription,
    weights: WeightFile,
    parameters: &'a Parameters,
    data: &'a StudyData,
}

impl<'a> Trained<'a> {
    /// Trains a network from the beginning, with noise if there is to be any.
    pub(super) fn new(
        seed: u64,
        description: &'a NetworkDescription,
        noise: Option<(NoiseKind, &Place, f64)>,
        parameters: &'a Parameters,
        data: &'a StudyData,
    ) -> Result<Self, ExperimentError> {
        let noisy = noise.map(|(kind, place, sigma)| with_noise(description, kind, place, sigma));
        let mut built = noisy.as_ref().unwrap_or(description).build(seed)?;
        let loss = CrossEntropy {
            logits_per_unit: parameters.logits_per_unit,
        };
        let schedule = Schedule {
            epochs: parameters.epochs,
            batch: parameters.batch,
            seed: derive_seed(seed, ORDER),
            rate: RateSchedule::Cosine {
                to: parameters.last_rate,
            },
        };
        let trainer = Trainer::new(schedule, &loss);
        trainer.run(
            &mut built.network,
            &mut Session::digital_with_seed(derive_seed(seed, TRAINING_NOISE)),
            &mut Adam::new(parameters.rate)?,
            data.training()?,
            &mut TrainingState::default(),
            &mut |_, _, _| Ok(()),
        )?;
        Ok(Self {
            seed,
            description,
            weights: built.names.export(&built.network)?,
            parameters,
            data,
        })
    }

    /// Accuracy in percent without noise.
    pub(super) fn accuracy_percent(&self) -> Result<f64, ExperimentError> {
        self.evaluated(self.description, 1)
    }

    /// Accuracy in percent with noise, the mean over its draws.
    pub(super) fn noisy_percent(
        &self,
        kind: NoiseKind,
        place: &Place,
        sigma: f64,
    ) -> Result<f64, ExperimentError> {
        let noisy = with_noise(self.description, kind, place, sigma);
        self.evaluated(&noisy, self.parameters.noise_draws)
    }

    /// The noise of a kind at a place at which accuracy lies half way between that without noise,
    /// `accuracy_percent`, and chance.
    pub(super) fn midpoint(
        &self,
        accuracy_percent: f64,
        kind: NoiseKind,
        place: &Place,
    ) -> Result<Option<f64>, ExperimentError> {
        let chance_percent = 100.0 / self.data.description().classes as f64;
        let target = f64::midpoint(accuracy_percent, chance_percent);
        let accuracy = |sigma| self.noisy_percent(kind, place, sigma);
        self.parameters.search().find(target, accuracy)
    }

    /// Root mean square of a layer's outputs on test samples without noise.
    pub(super) fn output_rms(&self, place: &Place) -> Result<f64, ExperimentError> {
        let mut front = with_noise(self.description, NoiseKind::Additive, place, 0.0);
        let is_noise = |layer: &LayerDescription| matches!(layer, LayerDescription::InjectNoise(_));
        let end = front.layers.iter().position(is_noise);
        front.layers.truncate(end.unwrap_or(front.layers.len()));
        let mut built = front.build(self.seed)?;
        let mut weights = built.names.export(&built.network)?;
        for (name, values) in &mut weights.tensors {
            if let Some(trained) = self.weights.tensors.get(name) {
                values.clone_from(trained);
            }
        }
        built.names.import(&mut built.network, &weights)?;
        let samples = self.data.test()?;
        let outputs = built
            .network
            .forward(&mut Session::digital(), samples.inputs())?;
        let squares = outputs.iter().map(|&y| f64::from(y).powi(2)).sum::<f64>();
        Ok((squares / outputs.len() as f64).sqrt())
    }

    /// Mean accuracy in percent over draws of noise.
    fn evaluated(
        &self,
        description: &NetworkDescription,
        draws: u64,
    ) -> Result<f64, ExperimentError> {
        let mut built = description.build(self.seed)?;
        built.names.import(&mut built.network, &self.weights)?;
        let mut sum = 0.0;
        for draw in 0..draws {
            let seed = derive_seed(derive_seed(self.seed, EVALUATION_NOISE), draw);
            let mut session = Session::digital_with_seed(seed);
            sum += evaluate(&mut built.network, &mut session, self.data.test()?)?;
        }
        Ok(100.0 * sum / draws as f64)
    }
}

fn with_noise(
    description: &NetworkDescription,
    kind: NoiseKind,
    place: &Place,
    sigma: f64,
) -> NetworkDescription {
    let noise = InjectNoiseDescription {
        kind,
        sigma: sigma as f32,
        modes: NoisyModes::Both,
    };
    description.with_noise(noise, |layer| place.holds(layer))
}
