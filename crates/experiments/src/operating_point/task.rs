//! What is computed on chips.

use bss2_core::CostModel;
use bss2_training::{Budget, NetworkDescription};
use serde::{Deserialize, Serialize};

use crate::StudyData;

/// A network, how it is trained, and how it is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkTask {
    /// The network.
    pub network: NetworkDescription,
    /// How much training there is.
    pub budget: Budget,
    /// Logits per LSB in the loop.
    pub logits_per_lsb: f32,
    /// Training samples, from the first.
    pub training_samples: usize,
    /// Test samples, from the first.
    pub test_samples: usize,
    /// Training samples, from the first, that scales are taken from.
    pub deployment_samples: usize,
    /// Inputs of layers, from the first, on which multiplications are judged.
    pub layer_vectors: usize,
    /// How often each of them is run.
    pub layer_repeats: usize,
    /// What chip time and energy are reckoned with.
    pub cost_model: CostModel,
}

impl NetworkTask {
    /// A network with one hidden layer, so narrow that imperfections matter, and its training.
    pub(crate) fn narrow(data: &StudyData, digital_epochs: usize, array_epochs: usize) -> Self {
        const HIDDEN: usize = 16;
        let description = data.description();
        let widths = [description.features, HIDDEN, description.classes];
        let (batch, most) = if description.from_files {
            (100, 10_000)
        } else {
            (32, 1_000_000)
        };
        let budget = Budget {
            digital_epochs,
            array_epochs,
            last_epochs: array_epochs.div_ceil(3),
            batch,
            digital_rate: 0.002,
            array_rate: 1.0,
            augmentation: None,
        };
        Self {
            network: NetworkDescription::mlp(&widths, &bss2_training::OnArray::default()),
            budget,
            logits_per_lsb: 0.3,
            training_samples: most,
            test_samples: most,
            deployment_samples: 1000,
            layer_vectors: 200,
            layer_repeats: 8,
            cost_model: CostModel::default(),
        }
    }
}
