//! What networks are trained for.

use bss2_hardware::ChipConfig;
use bss2_training::{Budget, Gradients, Method, NetworkDescription};
use serde::{Deserialize, Serialize};

use super::ChipState;
use super::way::{GRADIENTS, WITH_GRADIENTS, Way};

/// A network with its data, its chips, its budget, and in which ways it is trained.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Name for people.
    pub name: String,
    /// What it learns.
    pub data: CaseData,
    /// Methods of training.
    pub methods: Vec<Method>,
    /// States of the chips.
    pub states: Vec<ChipState>,
    /// States of the chips on which training in the loop is also done by every gradient model.
    pub gradients_on: Vec<ChipState>,
    /// Logits per LSB of outputs on arrays.
    pub logits_per_lsb: f32,
    /// How much training there is.
    pub budget: Budget,
    /// The network, and how it lies on the array.
    pub network: NetworkDescription,
    /// The chips.
    pub chip: ChipConfig,
}

/// Which data a network learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseData {
    /// The study's.
    Study,
    /// Yin-Yang.
    YinYang,
}

impl Case {
    /// Everything that is trained on each chip.
    pub(super) fn ways(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        for &state in &self.states {
            let methods = self.methods.iter();
            ways.extend(methods.map(|&method| Way::of(state, method)));
            if self.gradients_on.contains(&state) {
                let others = GRADIENTS.into_iter().filter(|g| *g != Gradients::Linear);
                let others = others.flat_map(|gradients| {
                    WITH_GRADIENTS.map(|method| Way::by(state, method, gradients))
                });
                ways.extend(others);
            }
        }
        ways
    }
}
