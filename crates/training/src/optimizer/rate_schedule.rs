//! How the learning rate changes in the course of a training.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::error::check_option;

/// How the learning rate changes in the course of a training: a factor on the optimizer's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RateSchedule {
    /// It stays as it is.
    #[default]
    Constant,
    /// It is multiplied by a factor again and again.
    Step {
        /// After so many epochs each time, 1…10⁶.
        every_epochs: usize,
        /// By this, 10⁻⁶…1.
        factor: f32,
    },
    /// It falls step by step along half a cosine (Loshchilov and Hutter 2017), from its own value at
    /// the first step to a share that the step after the last one would have.
    Cosine {
        /// The share, 0…1.
        to: f32,
    },
}

/// How far a training has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingProgress {
    /// The epoch, counted from 0.
    pub epoch: usize,
    /// Epochs of the training.
    pub epochs: usize,
    /// The step within the epoch, counted from 0.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
}

impl TrainingProgress {
    /// Share of all steps that lie behind, 0…1.
    pub fn done(self) -> f64 {
        let steps = self.steps.max(1) as f64;
        (self.epoch as f64 + self.step as f64 / steps) / self.epochs.max(1) as f64
    }
}

impl RateSchedule {
    /// Refuses options outside their ranges.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn check(self) -> Result<(), TrainingError> {
        match self {
            Self::Constant => Ok(()),
            Self::Step {
                every_epochs,
                factor,
            } => {
                check_option("every_epochs", every_epochs as f64, 1.0, 1e6)?;
                check_option("factor", f64::from(factor), 1e-6, 1.0)
            }
            Self::Cosine { to } => check_option("to", f64::from(to), 0.0, 1.0),
        }
    }

    /// What the learning rate is multiplied by, 0…1 for options in their ranges. It depends on
    /// nothing but its arguments.
    pub fn factor(self, progress: TrainingProgress) -> f32 {
        match self {
            Self::Constant => 1.0,
            Self::Step {
                every_epochs,
                factor,
            } => {
                let times = progress.epoch / every_epochs.max(1);
                factor.powi(i32::try_from(times).unwrap_or(i32::MAX))
            }
            Self::Cosine { to } => {
                let done = progress.done().clamp(0.0, 1.0);
                let left = f64::midpoint(1.0, (PI * done).cos()) as f32;
                to + (1.0 - to) * left
            }
        }
    }
}
