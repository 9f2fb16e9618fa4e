//! The training loop.

mod batch;
mod state;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::error::check_option;
use crate::evaluation::count_correct;
use crate::loss;
use crate::threads::on_threads;
use crate::{
    Augmentation, Evaluation, Examples, Loss, Mode, Network, Optimizer, RateSchedule, Session,
    TrainingError, TrainingProgress, epoch_order,
};
use batch::Change;

pub use batch::StepBuffers;
pub use state::TrainingState;

/// What is told of each epoch: the network and the optimizer after it, and all that happened so far.
pub type AfterEpoch<'f> =
    dyn FnMut(&Network, &dyn Optimizer, &TrainingState) -> Result<(), TrainingError> + 'f;

/// How long and in what order to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Passes over the training samples, 1…10⁶.
    pub epochs: usize,
    /// Samples per step, 1…10⁶; the last step of an epoch takes what is left.
    pub batch: usize,
    /// Seed of the order in which samples are visited, and of their augmentation.
    pub seed: u64,
    /// How the learning rate changes.
    #[serde(default)]
    pub rate: RateSchedule,
}

/// What happened in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Which, counted from 0.
    pub epoch: usize,
    /// Mean loss over its steps.
    pub loss: f32,
    /// Share of its samples that were classified correctly when they were visited, 0…1.
    pub accuracy: f64,
    /// Share of the validation samples that were classified correctly after it, 0…1, if there are
    /// any; the mean over the arrays where there are several.
    pub validation: Option<f64>,
}

/// How a network is trained.
#[derive(Clone, Copy)]
pub struct Trainer<'a> {
    /// How long, in what order, and at what rate.
    pub schedule: Schedule,
    /// What is minimised.
    pub loss: &'a dyn Loss,
    /// How images are changed whenever they are seen.
    pub augmentation: Option<Augmentation>,
    /// Samples on which the network is judged after each epoch, on each array of the session.
    pub validation: Option<Examples<'a>>,
    /// Epochs without a better validation accuracy after which training stops, 1…10⁶; without it,
    /// all epochs are run. The best network, not the last, is what is left if there are validation
    /// samples.
    pub patience: Option<usize>,
}

impl<'a> Trainer<'a> {
    /// Images as they are, no validation.
    pub const fn new(schedule: Schedule, loss: &'a dyn Loss) -> Self {
        Self {
            schedule,
            loss,
            augmentation: None,
            validation: None,
            patience: None,
        }
    }

    /// Refuses options outside their ranges, and samples that do not fit the network.
    ///
    /// # Errors
    /// [`TrainingError`].
    pub fn check(&self, network: &Network, examples: Examples<'_>) -> Result<(), TrainingError> {
        check_option("epochs", self.schedule.epochs as f64, 1.0, 1e6)?;
        check_option("batch", self.schedule.batch as f64, 1.0, 1e6)?;
        check_option("patience", self.patience.unwrap_or(1) as f64, 1.0, 1e6)?;
        self.schedule.rate.check()?;
        if self.patience.is_some() && self.validation.is_none() {
            return Err(TrainingError::NoValidation);
        }
        if let Some(augmentation) = self.augmentation {
            let (expected, found) = (augmentation.check()?.features(), examples.inputs.ncols());
            if expected != found {
                return Err(TrainingError::ImageSize {
                    image: augmentation.image,
                    features: found,
                });
            }
        }
        self.loss.check()?;
        check_labels(network, self.loss, examples)?;
        match self.validation {
            Some(validation) => check_classes(network, validation),
            None => Ok(()),
        }
    }

    /// Trains until all epochs are done or no better network is found, from wherever the state says
    /// training has come to; then leaves the best network (the last, without validation).
    ///
    /// Calls `after_epoch` with the network, the optimizer and the state after each epoch; what it
    /// keeps of them is a checkpoint from which training continues bit for bit.
    ///
    /// With an array in the session, that array is in the loop: every forward pass runs on it. The
    /// noise of an epoch, and that of the validation after it, depend on the session's seed and the
    /// epoch alone.
    ///
    /// # Errors
    /// [`TrainingError::Diverged`] if outputs, loss or weights are no longer finite;
    /// [`TrainingError`] for arguments that do not fit; what the network and `after_epoch` report.
    pub fn run(
        &self,
        network: &mut Network,
        session: &mut Session<'_>,
        optimizer: &mut dyn Optimizer,
        examples: Examples<'_>,
        state: &mut TrainingState,
        after_epoch: &mut AfterEpoch<'_>,
    ) -> Result<(), TrainingError> {
        self.check(network, examples)?;
        let mut buffers = StepBuffers::default();
        while !self.is_done(state) {
            self.epoch(network, session, optimizer, examples, state, &mut buffers)?;
            after_epoch(network, optimizer, state)?;
        }
        state.leave_best(network)
    }

    /// Whether there is nothing left to do.
    pub fn is_done(&self, state: &TrainingState) -> bool {
        let waits = |patience| state.epochs_without_better() >= patience;
        state.curve().len() >= self.schedule.epochs || self.patience.is_some_and(waits)
    }

    /// Trains for one epoch, the next of the state's.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub fn epoch(
        &self,
        network: &mut Network,
        session: &mut Session<'_>,
        optimizer: &mut dyn Optimizer,
        examples: Examples<'_>,
        state: &mut TrainingState,
        buffers: &mut StepBuffers,
    ) -> Result<(), TrainingError> {
        self.check(network, examples)?;
        let mut epoch = self.steps(network, session, optimizer, examples, state, buffers)?;
        epoch.validation = self.validate(network, session, epoch.epoch, examples.len())?;
        state.add(epoch, network);
        Ok(())
    }

    /// The steps of the next epoch, without the validation after them.
    pub(crate) fn steps(
        &self,
        network: &mut Network,
        session: &mut Session<'_>,
        optimizer: &mut dyn Optimizer,
        examples: Examples<'_>,
        state: &TrainingState,
        buffers: &mut StepBuffers,
    ) -> Result<Epoch, TrainingError> {
        let epoch = state.curve().len();
        let order = epoch_order(examples.len(), self.schedule.seed, epoch as u64);
        let (mut total_loss, mut correct) = (0.0, 0);
        let change = self.augmentation.map(|augmentation| Change {
            augmentation,
            seed: self.schedule.seed,
            epoch: epoch as u64,
        });
        session.begin_epoch(epoch as u64);
        on_threads(|| {
            session.in_mode(Mode::Training, |session| {
                let steps = order.len().div_ceil(self.schedule.batch);
                for (step, indices) in order.chunks(self.schedule.batch).enumerate() {
                    let progress = TrainingProgress {
                        epoch,
                        epochs: self.schedule.epochs,
                        step,
                        steps,
                    };
                    optimizer.set_rate_factor(self.schedule.rate.factor(progress));
                    buffers.gather(examples, indices, change);
                    session.select(step);
                    let result = buffers
                        .step(network, session, self.loss, optimizer)
                        .map_err(|cause| diverged(cause, epoch, step))?;
                    total_loss += f64::from(result.loss) * indices.len() as f64;
                    correct += result.correct;
                }
                Ok::<(), TrainingError>(())
            })
        })?;
        // What the last step made of the weights, no other one would notice.
        network
            .check_finite()
            .map_err(|cause| diverged(cause, epoch, self.last_step(examples.len())))?;
        session.select(0);
        Ok(Epoch {
            epoch,
            loss: (total_loss / order.len() as f64) as f32,
            accuracy: correct as f64 / order.len() as f64,
            validation: None,
        })
    }

    /// The accuracy after an epoch of training on so many samples, the mean over all arrays; none
    /// without validation samples.
    pub(crate) fn validate(
        &self,
        network: &mut Network,
        session: &mut Session<'_>,
        epoch: usize,
        trained_on: usize,
    ) -> Result<Option<f64>, TrainingError> {
        let Some(examples) = self.validation else {
            return Ok(None);
        };
        session.begin_validation(epoch as u64);
        let turns = session.turns();
        let mut total = 0.0;
        for turn in 0..turns {
            session.select(turn);
            total += evaluate(network, session, examples)
                .map_err(|cause| diverged(cause, epoch, self.last_step(trained_on)))?;
        }
        session.select(0);
        Ok(Some(total / turns as f64))
    }

    fn last_step(&self, samples: usize) -> usize {
        samples.div_ceil(self.schedule.batch).saturating_sub(1)
    }
}

/// Trains a network with a [`Trainer`] without options, and tells `on_epoch` of each epoch.
///
/// # Errors
/// See [`Trainer::run`].
pub fn train(
    network: &mut Network,
    session: &mut Session<'_>,
    examples: Examples<'_>,
    schedule: Schedule,
    loss: &dyn Loss,
    optimizer: &mut dyn Optimizer,
    on_epoch: &mut dyn FnMut(Epoch),
) -> Result<(), TrainingError> {
    Trainer::new(schedule, loss).run(
        network,
        session,
        optimizer,
        examples,
        &mut TrainingState::default(),
        &mut |_, _, state| {
            state
                .curve()
                .last()
                .copied()
                .into_iter()
                .for_each(&mut *on_epoch);
            Ok(())
        },
    )
}

/// Share of samples that the network classifies correctly, 0…1.
///
/// # Errors
/// See [`evaluation`].
pub fn evaluate(
    network: &mut Network,
    session: &mut Session<'_>,
    examples: Examples<'_>,
) -> Result<f64, TrainingError> {
    let mut correct = 0;
    on_batches(network, session, examples, &mut |outputs, labels| {
        correct += count_correct(outputs, labels);
    })?;
    Ok(correct as f64 / examples.len() as f64)
}

/// What the network makes of samples.
///
/// # Errors
/// [`TrainingError::OptionOutOfRange`] for networks of more than [`Evaluation::CLASSES_MAX`] outputs;
/// [`TrainingError`] for arguments that do not fit; what the network reports.
pub fn evaluation(
    network: &mut Network,
    session: &mut Session<'_>,
    examples: Examples<'_>,
) -> Result<Evaluation, TrainingError> {
    let classes = network.output_width(examples.inputs.ncols())?;
    let most = Evaluation::CLASSES_MAX;
    check_option("number of outputs", classes as f64, 1.0, most as f64)?;
    let mut evaluation = Evaluation::new(classes);
    on_batches(network, session, examples, &mut |outputs, labels| {
        evaluation.add(outputs, labels);
    })?;
    Ok(evaluation)
}

/// Shows the outputs of all samples with their labels, batch by batch.
fn on_batches(
    network: &mut Network,
    session: &mut Session<'_>,
    examples: Examples<'_>,
    show: &mut (dyn FnMut(&Array2<f32>, &[u8]) + Send),
) -> Result<(), TrainingError> {
    check_classes(network, examples)?;
    on_threads(|| {
        session.in_mode(Mode::Evaluation, |session| {
            for part in examples.chunks(EVALUATION_BATCH) {
                show(network.forward(session, part.inputs)?, part.labels);
            }
            Ok(())
        })
    })
}

/// Samples evaluated together; bounds the memory.
const EVALUATION_BATCH: usize = 1000;

/// Refuses labels beyond the network's outputs before anything is run.
fn check_classes(network: &Network, examples: Examples<'_>) -> Result<(), TrainingError> {
    let classes = network.output_width(examples.inputs.ncols())?;
    loss::check_labels((examples.len(), classes), examples.labels)
}

/// Refuses labels that a loss does not take.
fn check_labels(
    network: &Network,
    loss: &dyn Loss,
    examples: Examples<'_>,
) -> Result<(), TrainingError> {
    let classes = network.output_width(examples.inputs.ncols())?;
    loss.check_labels((examples.len(), classes), examples.labels)
}

fn diverged(cause: TrainingError, epoch: usize, step: usize) -> TrainingError {
    match cause {
        TrainingError::NotFinite { .. } | TrainingError::LossNotFinite { .. } => {
            TrainingError::Diverged {
                epoch,
                step,
                cause: Box::new(cause),
            }
        }
        other => other,
    }
}
