//! The training loop.

use ndarray::{Array2, ArrayView1, Axis};

use crate::error::check_option;
use crate::layer::reshaped;
use crate::loss::check_labels;
use crate::{
    CrossEntropy, Examples, Mode, Network, Optimizer, Session, TrainingError, epoch_order,
};

/// How long and in what order to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Passes over the training samples, 1…10⁶.
    pub epochs: usize,
    /// Samples per step, 1…10⁶; the last step of an epoch takes what is left.
    pub batch: usize,
    /// Seed of the order in which samples are visited.
    pub seed: u64,
}

/// What happened in an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Which, counted from 0.
    pub epoch: usize,
    /// Mean loss over its steps.
    pub loss: f32,
    /// Share of its samples that were classified correctly when they were visited, 0…1.
    pub accuracy: f64,
}

/// Trains a network and tells `on_epoch` of each epoch.
///
/// With an array in the session, that array is in the loop: every forward pass runs on it.
///
/// # Errors
/// [`TrainingError::Diverged`] if outputs or loss are no longer finite; [`TrainingError`] for
/// arguments that do not fit; what the network reports.
pub fn train(
    network: &mut Network,
    session: &mut Session<'_>,
    examples: Examples<'_>,
    schedule: Schedule,
    loss: CrossEntropy,
    optimizer: &mut dyn Optimizer,
    on_epoch: &mut dyn FnMut(Epoch),
) -> Result<(), TrainingError> {
    check_option("epochs", schedule.epochs as f64, 1.0, 1e6)?;
    check_option("batch", schedule.batch as f64, 1.0, 1e6)?;
    check_option(
        "logits_per_unit",
        f64::from(loss.logits_per_unit),
        1e-6,
        1e6,
    )?;
    check_classes(network, examples)?;
    session.in_mode(Mode::Training, |session| {
        let mut batch = Batch::default();
        for epoch in 0..schedule.epochs {
            let order = epoch_order(examples.len(), schedule.seed, epoch as u64);
            let (mut total_loss, mut correct) = (0.0, 0);
            for (step, indices) in order.chunks(schedule.batch).enumerate() {
                batch.gather(examples, indices);
                let result = batch
                    .step(network, session, loss, optimizer)
                    .map_err(|cause| diverged(cause, epoch, step))?;
                total_loss += result.loss * indices.len() as f32;
                correct += result.correct;
            }
            on_epoch(Epoch {
                epoch,
                loss: total_loss / order.len() as f32,
                accuracy: correct as f64 / order.len() as f64,
            });
        }
        Ok(())
    })
}

/// Share of samples that the network classifies correctly, 0…1.
///
/// # Errors
/// [`TrainingError`] for arguments that do not fit; what the network reports.
pub fn evaluate(
    network: &mut Network,
    session: &mut Session<'_>,
    examples: Examples<'_>,
) -> Result<f64, TrainingError> {
    check_classes(network, examples)?;
    session.in_mode(Mode::Evaluation, |session| {
        let mut correct = 0;
        for part in examples.chunks(EVALUATION_BATCH) {
            let outputs = network.forward(session, part.inputs)?;
            correct += count_correct(outputs, part.labels);
        }
        Ok(correct as f64 / examples.len() as f64)
    })
}

/// Samples evaluated together; bounds the memory.
const EVALUATION_BATCH: usize = 1000;

/// Buffers of one training step.
#[derive(Default)]
struct Batch {
    inputs: Array2<f32>,
    labels: Vec<u8>,
    gradient: Array2<f32>,
}

struct StepResult {
    loss: f32,
    correct: usize,
}

impl Batch {
    fn gather(&mut self, examples: Examples<'_>, indices: &[usize]) {
        let Examples { inputs, labels } = examples;
        let batch = reshaped(&mut self.inputs, (indices.len(), inputs.ncols()));
        self.labels.clear();
        for (mut row, &index) in batch.rows_mut().into_iter().zip(indices) {
            row.assign(&inputs.row(index));
            self.labels.push(labels[index]);
        }
    }

    fn step(
        &mut self,
        network: &mut Network,
        session: &mut Session<'_>,
        loss: CrossEntropy,
        optimizer: &mut dyn Optimizer,
    ) -> Result<StepResult, TrainingError> {
        let outputs = network.forward(session, self.inputs.view())?;
        let loss = loss.evaluate(outputs.view(), &self.labels, &mut self.gradient)?;
        if !loss.is_finite() {
            return Err(TrainingError::LossNotFinite);
        }
        let correct = count_correct(outputs, &self.labels);
        network.backward(self.inputs.view(), self.gradient.view())?;
        let mut number = 0;
        network.update_parameters(&mut |parameter| {
            number += 1;
            optimizer.update(number - 1, parameter)
        })?;
        Ok(StepResult { loss, correct })
    }
}

/// Refuses labels beyond the network's outputs before anything is run.
fn check_classes(network: &Network, examples: Examples<'_>) -> Result<(), TrainingError> {
    let classes = network.output_width(examples.inputs.ncols())?;
    check_labels(examples.len(), classes, examples.labels)
}

fn diverged(cause: TrainingError, epoch: usize, step: usize) -> TrainingError {
    match cause {
        TrainingError::NotFinite { .. } | TrainingError::LossNotFinite => TrainingError::Diverged {
            epoch,
            step,
            cause: Box::new(cause),
        },
        other => other,
    }
}

fn count_correct(outputs: &Array2<f32>, labels: &[u8]) -> usize {
    outputs
        .axis_iter(Axis(0))
        .zip(labels)
        .filter(|&(output, &label)| argmax(output) == usize::from(label))
        .count()
}

/// Index of the largest output; of equal ones the first.
fn argmax(outputs: ArrayView1<'_, f32>) -> usize {
    let mut best = 0;
    for (index, &output) in outputs.iter().enumerate() {
        if output > outputs[best] {
            best = index;
        }
    }
    best
}
