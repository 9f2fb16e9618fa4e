//! One training step.

use ndarray::Array2;

use crate::evaluation::count_correct;
use crate::layer::reshaped;
use crate::{Augmentation, Examples, Loss, Network, Optimizer, Session, TrainingError};

/// What a training step needs, kept from step to step and from epoch to epoch.
#[derive(Clone, Debug, Default)]
pub struct StepBuffers {
    inputs: Array2<f32>,
    labels: Vec<u8>,
    /// One that is about to be changed.
    sample: Vec<f32>,
    gradient: Array2<f32>,
}

pub(super) struct StepResult {
    /// Mean over the samples.
    pub(super) loss: f32,
    pub(super) correct: usize,
}

/// How samples are changed when they are gathered.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub(super) augmentation: Augmentation,
    pub(super) seed: u64,
    pub(super) epoch: u64,
}

impl StepBuffers {
    /// Takes the samples with these indices.
    pub(super) fn gather(
        &mut self,
        examples: Examples<'_>,
        indices: &[usize],
        change: Option<Change>,
    ) {
        let Examples { inputs, labels } = examples;
        let batch = reshaped(&mut self.inputs, (indices.len(), inputs.ncols()));
        self.labels.clear();
        for (mut row, &index) in batch.rows_mut().into_iter().zip(indices) {
            row.assign(&inputs.row(index));
            if let (Some(change), Some(row)) = (change, row.as_slice_mut()) {
                self.sample.clear();
                self.sample.extend_from_slice(row);
                let (of, epoch) = (change.augmentation, change.epoch);
                of.apply(&self.sample, change.seed, epoch, index as u64, row);
            }
            self.labels.push(labels[index]);
        }
    }

    /// Runs the batch forward and backward, and lets the optimizer update the network.
    pub(super) fn step(
        &mut self,
        network: &mut Network,
        session: &mut Session<'_>,
        loss: &dyn Loss,
        optimizer: &mut dyn Optimizer,
    ) -> Result<StepResult, TrainingError> {
        let outputs = network.forward(session, self.inputs.view())?;
        let gradient = reshaped(&mut self.gradient, outputs.dim()).view_mut();
        let loss = loss.evaluate(outputs.view(), &self.labels, gradient)?;
        if !loss.is_finite() {
            return Err(TrainingError::LossNotFinite {
                layer: network.last_trained(),
            });
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
