//! Carrying out a recipe.

use std::path::Path;

use bss2_core::random::derive_seed;
use bss2_core::{ArrayGeometry, CostLedger, MacArray};
use bss2_mapping::MappingStrategy;
use ndarray::{ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::arrays::{Twins, stand_ins};
use super::measured::clear;
use super::{Checkpoint, ChipFigures, Gradients, Ground, Lab, Noise, Recipe, Stage};
use crate::error::check_option;
use crate::{
    ArrayChoice, ArrayGain, DeployedNetwork, DescribedNetwork, Epoch, Examples, Loss, Network,
    NetworkDescription, Optimizer, Schedule, Session, StepBuffers, Trainer, TrainingError,
    TrainingState,
};

/// A recipe with all that it is to be carried out on.
pub struct RecipeRun<'a> {
    /// What is done.
    pub recipe: &'a Recipe,
    /// The network.
    pub description: &'a NetworkDescription,
    /// How its linear layers are mapped, in place of the described tilings.
    pub strategies: Option<&'a [Box<dyn MappingStrategy>]>,
    /// Weights to begin with, in place of random ones.
    pub weights: Option<&'a crate::WeightFile>,
    /// Samples to train on.
    pub training: Examples<'a>,
    /// Samples on which the network is judged after each epoch, on what it is trained on.
    pub validation: Option<Examples<'a>>,
    /// Training samples, from the first, by which scales are chosen, 1…10⁶.
    pub deployment_samples: usize,
    /// Sizes of the array.
    pub geometry: ArrayGeometry,
    /// Seed of weights, orders and noise.
    pub seed: u64,
    /// File from which an interrupted training continues, and where it is kept.
    pub checkpoint: Option<&'a Path>,
}

/// A trained network.
#[derive(Debug)]
pub struct Trained {
    /// The network before it was brought onto the array.
    pub digital: DescribedNetwork,
    /// The network on the array.
    pub deployed: DeployedNetwork,
    /// What is known of the chip.
    pub figures: ChipFigures,
    /// What happened, stage by stage.
    pub stages: Vec<StageReport>,
    /// What the chip was used for after the last stage: it is measured then, unless it was before.
    pub cost_after_stages: CostLedger,
}

impl Trained {
    /// What the chip was used for in all.
    pub fn cost(&self) -> CostLedger {
        let stages = self.stages.iter().map(|stage| stage.cost);
        stages.fold(self.cost_after_stages, |sum, cost| sum + cost)
    }
}

/// What happened in a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// Name of the ground.
    pub ground: String,
    /// Its epochs.
    pub curve: Vec<Epoch>,
    /// The epoch whose network was kept, counted from 0, where there was validation.
    pub best_epoch: Option<usize>,
    /// Samples that ran on the chip, forward.
    pub samples_in_the_loop: u64,
    /// What the chip was used for, measurements before the stage included, and what came before an
    /// interruption, up to the checkpoint.
    pub cost: CostLedger,
}

/// Where a recipe stands.
#[derive(Clone, Copy, Debug)]
pub struct StageProgress<'a> {
    /// The stage, counted from 0.
    pub stage: usize,
    /// What it is.
    pub of: &'a Stage,
    /// The epoch that has ended.
    pub epoch: Epoch,
}

impl RecipeRun<'_> {
    /// Trains the network and brings it onto the array; tells `on_epoch` of each epoch.
    ///
    /// An error leaves the last checkpoint as it is: running again continues from there, and ends with
    /// the same bits as if it had not been interrupted.
    ///
    /// What does not fit together is found before the first epoch, and before there is a checkpoint.
    ///
    /// # Errors
    /// [`TrainingError::OtherCheckpoint`] if the checkpoint is that of another training;
    /// [`TrainingError::Diverged`] names epoch, step and layer; what the parts report.
    pub fn run(
        &self,
        lab: &mut dyn Lab,
        on_epoch: &mut dyn FnMut(StageProgress<'_>),
    ) -> Result<Trained, TrainingError> {
        self.recipe.check()?;
        let mut work = self.begin(lab)?;
        while let Some(stage) = self.recipe.stages.get(work.stage) {
            self.run_stage(&mut work, stage, lab, on_epoch)?;
            work.next_stage();
        }
        let (deployed, figures) = self.take_onto_array(&mut work, lab)?;
        clear(lab.chip())?;
        Ok(Trained {
            digital: work.digital,
            deployed,
            figures,
            stages: work.reports,
            cost_after_stages: lab.take_cost(),
        })
    }

    /// Refuses what would fail after hours of training: options, samples, and layers that the array does
    /// not take.
    fn check(&self, fresh: &DescribedNetwork, lab: &mut dyn Lab) -> Result<(), TrainingError> {
        let samples = self.deployment_samples as f64;
        check_option("deployment_samples", samples, 1.0, 1e6)?;
        for (index, stage) in self.recipe.stages.iter().enumerate() {
            let loss = stage.loss_function();
            let trainer = self.trainer(index, stage, loss.as_ref());
            trainer.check(&fresh.network, self.training)?;
            if let Ground::Temperatures { celsius } = &stage.ground {
                lab.at_temperatures(celsius)?;
            }
        }
        // What is refused depends neither on the weights nor on the gain.
        let nominal = ArrayChoice {
            geometry: self.geometry,
            strategies: self.strategies,
            ..ArrayChoice::default()
        };
        self.description
            .deploy(fresh, self.deployment_samples(), nominal)?;
        Ok(())
    }

    fn trainer<'t>(&'t self, index: usize, stage: &Stage, loss: &'t dyn Loss) -> Trainer<'t> {
        Trainer {
            schedule: Schedule {
                epochs: stage.epochs,
                batch: stage.batch,
                seed: derive_seed(self.seed, ORDER + index as u64),
                rate: stage.rates,
            },
            loss,
            augmentation: stage.augmentation,
            validation: self.validation.map(Examples::reborrow),
            patience: stage.patience,
        }
    }

    /// The first stage with a fresh network, or where the checkpoint says.
    fn begin(&self, lab: &mut dyn Lab) -> Result<Work, TrainingError> {
        let mut digital = self.description.build(self.seed)?;
        if let Some(weights) = self.weights {
            digital.names.import(&mut digital.network, weights)?;
        }
        let fingerprint = self.fingerprint(lab)?;
        self.check(&digital, lab)?;
        let mut work = Work {
            fingerprint,
            stage: 0,
            reports: Vec::new(),
            digital,
            deployed: None,
            figures: None,
            training: TrainingState::default(),
            optimizer: None,
            cost: CostLedger::default(),
        };
        if let Some(path) = self.checkpoint
            && let Some(checkpoint) = Checkpoint::load(path)?
        {
            self.resume(&mut work, checkpoint, path, lab)?;
        }
        // What it took to get here belongs to no stage.
        lab.take_cost();
        Ok(work)
    }

    fn resume(
        &self,
        work: &mut Work,
        checkpoint: Checkpoint,
        path: &Path,
        lab: &mut dyn Lab,
    ) -> Result<(), TrainingError> {
        let stage = self.recipe.stages.get(checkpoint.stage);
        let (Some(stage), true) = (stage, checkpoint.fingerprint == work.fingerprint) else {
            return Err(TrainingError::OtherCheckpoint {
                path: path.to_owned(),
            });
        };
        work.stage = checkpoint.stage;
        work.reports = checkpoint.reports;
        work.figures = checkpoint.figures;
        work.training = checkpoint.training;
        work.cost = checkpoint.cost;
        if let Some(digital) = &checkpoint.digital {
            work.digital.network.restore(digital)?;
            self.bring_onto_array(work, lab)?;
        }
        work.network().restore(&checkpoint.network)?;
        let mut optimizer = stage.optimizer()?;
        checkpoint.optimizer.check_for(work.network())?;
        optimizer.set_state(checkpoint.optimizer)?;
        work.optimizer = Some(optimizer);
        Ok(())
    }

    fn run_stage(
        &self,
        work: &mut Work,
        stage: &Stage,
        lab: &mut dyn Lab,
        on_epoch: &mut dyn FnMut(StageProgress<'_>),
    ) -> Result<(), TrainingError> {
        if stage.ground != Ground::Digital {
            self.bring_onto_array(work, lab)?;
            work.see_by(stage.gradients)?;
        }
        let loss = stage.loss_function();
        let trainer = self.trainer(work.stage, stage, loss.as_ref());
        let mut optimizer = match work.optimizer.take() {
            Some(optimizer) => optimizer,
            None => stage.optimizer()?,
        };
        let mut training = std::mem::take(&mut work.training);
        let mut stand_ins = match &work.figures {
            Some(figures) => stand_ins(&stage.ground, self.geometry, figures)?,
            None => Vec::new(),
        };
        trainer.check(work.network(), self.training)?;
        let mut buffers = StepBuffers::default();
        while !trainer.is_done(&training) {
            let epoch = training.curve().len();
            for twins in &mut stand_ins {
                twins.set_noise(stage.ground.noise(), epoch, stage.epochs)?;
            }
            let seed = derive_seed(self.seed, TRIAL + work.stage as u64);
            // Whatever an earlier epoch left there: one that was interrupted begins with nothing either.
            clear_ground(&stage.ground, lab)?;
            let mut ended = on_ground(&stage.ground, &mut stand_ins, lab, seed, |session| {
                trainer.steps(
                    work.network(),
                    session,
                    optimizer.as_mut(),
                    self.training,
                    &training,
                    &mut buffers,
                )
            })?;
            if self.validation.is_some() {
                // Epochs of less noise than others must not look better.
                stand_ins.iter_mut().try_for_each(Twins::set_own_noise)?;
                ended.validation =
                    on_ground(&stage.ground, &mut stand_ins, lab, seed, |session| {
                        trainer.validate(work.network(), session, epoch, self.training.len())
                    })?;
            }
            training.add(ended, work.network());
            work.cost += lab.take_cost();
            self.keep(work, optimizer.as_ref(), &training)?;
            on_epoch(StageProgress {
                stage: work.stage,
                of: stage,
                epoch: ended,
            });
        }
        training.leave_best(work.network())?;
        work.reports.push(StageReport {
            ground: stage.ground.name().to_owned(),
            best_epoch: training.best_epoch(),
            samples_in_the_loop: self.samples_in_the_loop(stage, training.curve().len()),
            cost: std::mem::take(&mut work.cost) + lab.take_cost(),
            curve: training.curve().to_vec(),
        });
        Ok(())
    }

    /// Measures the chip as far as the recipe asks for it, and deploys the digital network; nothing if
    /// that was done.
    fn bring_onto_array(&self, work: &mut Work, lab: &mut dyn Lab) -> Result<(), TrainingError> {
        let (deployed, figures) = self.take_onto_array(work, lab)?;
        (work.deployed, work.figures) = (Some(deployed), Some(figures));
        Ok(())
    }

    /// The same, and takes both out of the work.
    fn take_onto_array(
        &self,
        work: &mut Work,
        lab: &mut dyn Lab,
    ) -> Result<(DeployedNetwork, ChipFigures), TrainingError> {
        let figures = match work.figures.take() {
            Some(figures) => figures,
            None => self.figures(lab)?,
        };
        if let Some(deployed) = work.deployed.take() {
            return Ok((deployed, figures));
        }
        clear(lab.chip())?;
        let array = ArrayChoice {
            geometry: self.geometry,
            gain: ArrayGain::Measured(&figures),
            strategies: self.strategies,
        };
        let samples = self.deployment_samples();
        let deployed = self.description.deploy(&work.digital, samples, array)?;
        Ok((deployed, figures))
    }

    /// What is known of the chip, or else measured.
    fn figures(&self, lab: &mut dyn Lab) -> Result<ChipFigures, TrainingError> {
        let settings = self.description.settings()?;
        let with_twins = self.recipe.needs_twin();
        if let Some(known) = lab.known_figures()
            && known.suffice_for(&settings, with_twins)
        {
            return Ok(known.clone());
        }
        ChipFigures::measure(lab, &settings, with_twins, self.seed)
    }

    /// What tells this training from others: a number made of all that decides its results, strategies
    /// of a user's own apart.
    fn fingerprint(&self, lab: &mut dyn Lab) -> Result<u64, TrainingError> {
        if self.checkpoint.is_none() {
            return Ok(0);
        }
        let geometry = [
            self.geometry.hemispheres(),
            self.geometry.inputs(),
            self.geometry.columns(),
        ];
        let chip = geometry
            .into_iter()
            .map(|size| size as u64)
            .chain([lab.fingerprint()?]);
        let in_words = |error: toml::ser::Error| TrainingError::Description {
            message: error.to_string(),
        };
        let recipe = toml::to_string(self.recipe).map_err(in_words)?;
        let texts = [recipe, self.description.to_toml()?];
        let bytes = texts.iter().flat_map(|text| text.bytes()).map(u64::from);
        let validation = self.validation.into_iter().flat_map(numbers);
        let weights = self
            .weights
            .into_iter()
            .flat_map(|file| file.tensors.values().flatten());
        let numbers = numbers(self.training).chain(validation);
        let numbers = numbers.chain(weights.map(|value| u64::from(value.to_bits())));
        let start = derive_seed(self.seed, self.deployment_samples as u64);
        Ok(bytes.chain(numbers).chain(chip).fold(start, derive_seed))
    }

    fn deployment_samples(&self) -> ArrayView2<'_, f32> {
        let inputs = self.training.inputs();
        let count = self.deployment_samples.clamp(1, inputs.nrows());
        inputs.split_at(Axis(0), count).0
    }

    fn samples_in_the_loop(&self, stage: &Stage, epochs: usize) -> u64 {
        // Each sample is validated at every temperature.
        let chips = match &stage.ground {
            Ground::Chip => 1,
            Ground::Temperatures { celsius } => celsius.len(),
            _ => return 0,
        };
        let validated = self.validation.map_or(0, |set| set.len() * chips);
        epochs as u64 * (self.training.len() + validated) as u64
    }

    fn keep(
        &self,
        work: &Work,
        optimizer: &dyn Optimizer,
        training: &TrainingState,
    ) -> Result<(), TrainingError> {
        let Some(path) = self.checkpoint else {
            return Ok(());
        };
        let deployed = work.deployed.as_ref();
        let network = deployed.map_or(&work.digital.network, |deployed| &deployed.network);
        let checkpoint = Checkpoint {
            fingerprint: work.fingerprint,
            stage: work.stage,
            reports: work.reports.clone(),
            digital: deployed.map(|_| work.digital.network.state()),
            figures: work.figures.clone(),
            network: network.state(),
            optimizer: optimizer.state(),
            training: training.clone(),
            cost: work.cost,
        };
        checkpoint.save(path)
    }
}

/// Where the work stands.
struct Work {
    fingerprint: u64,
    stage: usize,
    reports: Vec<StageReport>,
    digital: DescribedNetwork,
    deployed: Option<DeployedNetwork>,
    figures: Option<ChipFigures>,
    /// Of the stage, where it was interrupted.
    training: TrainingState,
    optimizer: Option<Box<dyn Optimizer>>,
    /// What the stage has cost so far.
    cost: CostLedger,
}

impl Work {
    /// The network that is trained at present.
    fn network(&mut self) -> &mut Network {
        match &mut self.deployed {
            Some(deployed) => &mut deployed.network,
            None => &mut self.digital.network,
        }
    }

    fn next_stage(&mut self) {
        self.stage += 1;
    }

    /// Gives the layers on the array a gradient model.
    fn see_by(&mut self, gradients: Gradients) -> Result<(), TrainingError> {
        let (Some(deployed), Some(figures)) = (&mut self.deployed, &self.figures) else {
            return Ok(());
        };
        deployed
            .network
            .set_gradient_models(&mut |plan| figures.gradient_model(gradients, plan))
    }
}

impl Stage {
    pub(super) fn needs_twin(&self) -> bool {
        matches!(self.ground, Ground::Twin(_))
            || matches!(self.gradients, Gradients::Smooth | Gradients::Twin)
    }
}

impl Ground {
    fn noise(&self) -> Noise {
        match self {
            Self::Mock(noise) | Self::Twin(noise) => *noise,
            _ => Noise::default(),
        }
    }
}

/// All numbers of a set of samples.
fn numbers(examples: Examples<'_>) -> impl Iterator<Item = u64> {
    let inputs = examples.inputs.into_iter();
    let labels = examples.labels.iter();
    inputs
        .map(|value| u64::from(value.to_bits()))
        .chain(labels.map(|&label| u64::from(label)))
}

/// Sets all weights of the chip to zero where it is trained on, at all temperatures.
fn clear_ground(ground: &Ground, lab: &mut dyn Lab) -> Result<(), TrainingError> {
    match ground {
        Ground::Chip => clear(lab.chip()),
        Ground::Temperatures { celsius } => {
            let mut chips = lab.at_temperatures(celsius)?;
            chips.iter_mut().try_for_each(|chip| clear(chip.as_mut()))
        }
        _ => Ok(()),
    }
}

/// Does something in a session on a ground.
fn on_ground<T>(
    ground: &Ground,
    stand_ins: &mut [Twins],
    lab: &mut dyn Lab,
    seed: u64,
    run: impl FnOnce(&mut Session<'_>) -> Result<T, TrainingError>,
) -> Result<T, TrainingError> {
    match ground {
        Ground::Chip => run(&mut Session::on(lab.chip(), seed)),
        Ground::Temperatures { celsius } => {
            let mut chips = lab.at_temperatures(celsius)?;
            let arrays = chips
                .iter_mut()
                .map(|chip| chip.as_mut() as &mut dyn MacArray);
            run(&mut Session::on_each(arrays.collect(), seed))
        }
        _ if stand_ins.is_empty() => run(&mut Session::digital_with_seed(seed)),
        _ => {
            let arrays = stand_ins.iter_mut().map(|twins| twins as &mut dyn MacArray);
            run(&mut Session::on_each(arrays.collect(), seed))
        }
    }
}

/// Purpose numbers of a stage's sample orders and noise under a seed, beyond those of others.
const ORDER: u64 = 1000;
const TRIAL: u64 = 2000;
