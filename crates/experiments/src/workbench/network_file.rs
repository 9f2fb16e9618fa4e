//! Networks and recipes that are written down in files.

use std::path::Path;

use bss2_training::{NetworkDescription, Recipe};

use crate::{ExperimentError, StudyData};

/// Reads the description of a network.
///
/// # Errors
/// [`ExperimentError::Read`] if there is no such file, [`ExperimentError::NetworkFile`] if it holds
/// something else.
pub fn read_network(path: &Path) -> Result<NetworkDescription, ExperimentError> {
    NetworkDescription::from_toml(&read(path)?).map_err(|error| not_described(path, error))
}

/// Reads a recipe.
///
/// # Errors
/// [`ExperimentError::Read`] if there is no such file, [`ExperimentError::NetworkFile`] if it holds
/// something else.
pub fn read_recipe(path: &Path) -> Result<Recipe, ExperimentError> {
    toml::from_str(&read(path)?).map_err(|error| not_described(path, error))
}

fn read(path: &Path) -> Result<String, ExperimentError> {
    std::fs::read_to_string(path).map_err(|source| ExperimentError::Read {
        path: path.to_owned(),
        source,
    })
}

fn not_described(path: &Path, error: impl std::fmt::Display) -> ExperimentError {
    ExperimentError::NetworkFile {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// Refuses a network for inputs of another size than the data's.
pub(super) fn refuse_other_input(
    description: &NetworkDescription,
    data: &StudyData,
) -> Result<(), ExperimentError> {
    let (expected, found) = (data.description().features, description.input.len());
    if expected == found {
        return Ok(());
    }
    Err(ExperimentError::OtherInput {
        data: data.description().name.clone(),
        image: data.image(),
        found,
    })
}
