//! What a job's result depends on, and the name that follows from it.

use std::fmt::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::ExperimentError;
use crate::sources::SOURCES;

/// Entries of a configuration that say which jobs there are, and nothing about one of them.
const WHICH_JOBS: &str = "chip_seeds";

/// The entry of a configuration that describes the study's data.
const DATA: &str = "data";

/// What all jobs of an experiment depend on.
pub(super) struct Basis {
    digest: Sha256,
}

/// What tells a job's result from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The key within the list, as JSON.
    key: String,
    /// SHA-256 in hexadecimal digits.
    name: String,
}

impl Basis {
    /// The experiment, its configuration, and the program's sources.
    pub(super) fn new(
        experiment: &str,
        configuration: &toml::Table,
    ) -> Result<Self, ExperimentError> {
        let mut configuration = without_lists_of_jobs(configuration);
        if let Some(toml::Value::Table(data)) = configuration.get_mut(DATA) {
            // Their digest says which they are, in whatever folder they lie.
            data.remove("name");
        }
        let text = serde_json::to_string(&(SOURCES, experiment, configuration));
        let mut digest = Sha256::new();
        digest.update(text.map_err(|error| encode_error(&error))?);
        Ok(Self { digest })
    }

    /// The address of a job.
    pub(super) fn address(&self, key: &impl Serialize) -> Result<Address, ExperimentError> {
        let key = serde_json::to_string(key).map_err(|error| encode_error(&error))?;
        let mut digest = self.digest.clone();
        digest.update([0]);
        digest.update(&key);
        Ok(Address {
            key,
            name: hexadecimal(&digest.finalize()),
        })
    }
}

impl Address {
    /// The key as a text.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// A file's stem.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

fn without_lists_of_jobs(table: &toml::Table) -> toml::Table {
    let entries = table.iter().filter(|(name, _)| *name != WHICH_JOBS);
    entries
        .map(|(name, value)| (name.clone(), within(value)))
        .collect()
}

fn within(value: &toml::Value) -> toml::Value {
    match value {
        toml::Value::Table(table) => without_lists_of_jobs(table).into(),
        toml::Value::Array(values) => values.iter().map(within).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

/// Bytes as text.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn encode_error(error: &serde_json::Error) -> ExperimentError {
    ExperimentError::Encode {
        what: "a job's parameters",
        reason: error.to_string(),
    }
}
