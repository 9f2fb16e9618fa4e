//! A way of training.

use bss2_training::{Budget, Method, Recipe};

use crate::{DataChoice, ExperimentError, StudyData};

/// A way of training.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainingWay {
    /// A named one. How methods that change images do so follows from the [data](StudyData::augmentation),
    /// unless the budget says it.
    Method(Method, Budget),
    /// One that was written down, as it is, with a name for people.
    Recipe(String, Recipe),
}

impl TrainingWay {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Method(method, _) => method.name(),
            Self::Recipe(name, _) => name,
        }
    }

    /// The recipe for data.
    pub(super) fn recipe(&self, data: &StudyData) -> Recipe {
        match self {
            Self::Recipe(_, recipe) => recipe.clone(),
            Self::Method(method, budget) => method.recipe(&Budget {
                augmentation: budget.augmentation.or_else(|| data.augmentation()),
                ..*budget
            }),
        }
    }

    /// The recipe for data as TOML: what a file for [`read_recipe`](super::super::read_recipe) holds.
    ///
    /// # Errors
    /// Those of [`StudyData::of`].
    pub fn print_recipe(&self, data: &DataChoice, seed: u64) -> Result<String, ExperimentError> {
        let data = StudyData::of(data, seed)?;
        let text = toml::to_string(&self.recipe(&data));
        text.map_err(|error| ExperimentError::Encode {
            what: "recipe",
            reason: error.to_string(),
        })
    }
}
