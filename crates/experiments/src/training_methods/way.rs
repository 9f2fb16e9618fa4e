//! One way of training for one state of the chip.

use bss2_training::{Gradients, Ground, Method, Recipe};
use serde::{Deserialize, Serialize};

use super::{Case, ChipState};

/// A method of training, with gradients of its own or others, for a chip in some state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Way {
    pub(super) state: ChipState,
    pub(super) method: Method,
    /// In place of the method's own.
    pub(super) gradients: Option<Gradients>,
}

/// Methods whose gradient models are compared.
pub(super) const WITH_GRADIENTS: [Method; 2] = [Method::InTheLoopFromScratch, Method::InTheLoop];

/// Gradient models, from the simplest to the one that knows most of the chip.
pub(super) const GRADIENTS: [Gradients; 4] = [
    Gradients::Linear,
    Gradients::Mask,
    Gradients::Smooth,
    Gradients::Twin,
];

impl Way {
    pub(super) const fn of(state: ChipState, method: Method) -> Self {
        Self {
            state,
            method,
            gradients: None,
        }
    }

    /// One of [`WITH_GRADIENTS`] by a gradient model; the linear one is their own.
    pub(super) fn by(state: ChipState, method: Method, gradients: Gradients) -> Self {
        Self {
            state,
            method,
            gradients: (gradients != Gradients::Linear).then_some(gradients),
        }
    }

    /// What is done.
    pub(super) fn recipe(self, case: &Case) -> Recipe {
        let mut recipe = self.method.recipe(&case.budget);
        for stage in &mut recipe.stages {
            // Digital stages stay as they are: what ways have in common is not done again.
            if stage.ground != Ground::Digital {
                stage.gradients = self.gradients.unwrap_or(stage.gradients);
                stage.logits_per_unit = Some(case.logits_per_lsb);
            }
        }
        recipe
    }

    /// "in-the-loop", "in-the-loop by the twin's derivative".
    pub(super) fn name(self) -> String {
        match self.gradients {
            None => self.method.name().to_owned(),
            Some(gradients) => format!("{} by {}", self.method, gradients_name(gradients)),
        }
    }
}

/// Name of a gradient model for people.
pub(super) const fn gradients_name(gradients: Gradients) -> &'static str {
    match gradients {
        Gradients::Linear => "a linear gain",
        Gradients::Mask => "a saturation mask",
        Gradients::Smooth => "a smooth saturation",
        Gradients::Twin => "the twin's derivative",
    }
}
