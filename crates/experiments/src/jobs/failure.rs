//! Jobs that failed.

use std::error::Error;
use std::fmt;

use crate::ExperimentError;

/// A job that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    experiment: &'static str,
    key: String,
    reason: String,
}

impl JobFailure {
    pub(super) fn new(experiment: &'static str, key: &str, error: &ExperimentError) -> Self {
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !reason.contains(&text) {
                reason = format!("{reason}: {text}");
            }
            source = cause.source();
        }
        Self {
            experiment,
            key: key.to_owned(),
            reason,
        }
    }

    /// The experiment.
    pub const fn experiment(&self) -> &'static str {
        self.experiment
    }

    /// What tells the job from the others of the experiment, as JSON.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Why it failed.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for JobFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.experiment, self.key, self.reason)
    }
}
