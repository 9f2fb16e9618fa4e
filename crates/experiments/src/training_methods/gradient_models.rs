//! Gradient models beside each other.

use bss2_training::{Gradients, Method};

use super::CaseResults;
use super::ChipState;
use super::way::{GRADIENTS, WITH_GRADIENTS, Way};

/// Training in the loop by every gradient model.
pub(super) struct GradientModels<'a> {
    pub(super) case: &'a CaseResults<'a>,
    pub(super) state: ChipState,
    pub(super) method: Method,
}

impl<'a> GradientModels<'a> {
    /// All comparisons of a case.
    pub(super) fn of(case: &'a CaseResults<'a>) -> Vec<Self> {
        let states = case.case.gradients_on.iter();
        let each = states.flat_map(|&state| {
            WITH_GRADIENTS.map(|method| Self {
                case,
                state,
                method,
            })
        });
        each.collect()
    }

    pub(super) fn name(&self) -> String {
        format!(
            "{}, {}, {}",
            self.case.case.name,
            self.state.name(),
            self.method
        )
    }

    pub(super) fn way(&self, gradients: Gradients) -> Way {
        Way::by(self.state, self.method, gradients)
    }

    pub(super) fn ways(&self) -> [(Gradients, Way); 4] {
        GRADIENTS.map(|gradients| (gradients, self.way(gradients)))
    }
}
