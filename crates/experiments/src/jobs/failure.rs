//! Jobs that failed.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::ExperimentError;

/// A job that failed, or an experiment as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobFailure {
    experiment: &'static str,
    key: String,
    reason: String,
}

impl JobFailure {
    /// Of an experiment whose jobs are not to blame.
    pub(crate) fn of_experiment(experiment: &'static str, error: &ExperimentError) -> Self {
        Self::new(experiment, "", error)
    }

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

    /// What tells the job from the others of the experiment, as JSON; empty if it is the experiment
    /// as a whole that failed.
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
        let gap = if self.key.is_empty() { "" } else { " " };
        write!(f, "{}{gap}{}: {}", self.experiment, self.key, self.reason)
    }
}

/// A failure as it is read: the experiment may be one that there is not.
#[derive(Deserialize)]
struct Told {
    experiment: String,
    key: String,
    reason: String,
}

impl<'de> Deserialize<'de> for JobFailure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = Told::deserialize(deserializer)?;
        let experiment = crate::find(&told.experiment).map_err(serde::de::Error::custom)?;
        Ok(Self {
            experiment: experiment.name,
            key: told.key,
            reason: told.reason,
        })
    }
}
