//! A network and its samples, as they are for chips of one seed.

use bss2_training::{Examples, Recipe, RecipeRun};

use super::{Case, Parameters};
use crate::{ExperimentError, StudyData};

/// What all trainings of a case for chips of one seed share.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) seed: u64,
    pub(super) parameters: &'a Parameters,
    pub(super) case: &'a Case,
    pub(super) training: Examples<'a>,
    pub(super) test: Examples<'a>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        seed: u64,
        parameters: &'a Parameters,
        case: &'a Case,
        data: &'a StudyData,
    ) -> Result<Self, ExperimentError> {
        Ok(Self {
            seed,
            parameters,
            case,
            training: data.training()?.first(parameters.training_samples),
            test: data.test()?.first(parameters.test_samples),
        })
    }

    /// A recipe for the network, from random weights.
    pub(super) fn run<'b>(&'b self, recipe: &'b Recipe) -> RecipeRun<'b> {
        RecipeRun {
            recipe,
            description: &self.case.network,
            strategies: None,
            weights: None,
            training: self.training.reborrow(),
            validation: None,
            deployment_samples: self.parameters.deployment_samples,
            geometry: self.case.chip.geometry,
            seed: self.seed,
            checkpoint: None,
        }
    }

    /// The samples by which scales are chosen.
    pub(super) fn deployment_samples(&self) -> Examples<'a> {
        self.training.first(self.parameters.deployment_samples)
    }
}
