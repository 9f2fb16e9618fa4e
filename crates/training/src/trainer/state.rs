//! How far a training has come.

use serde::{Deserialize, Serialize};

use super::Epoch;
use crate::{Network, NetworkState, TrainingError};

/// How far a training has come: what happened in its epochs, and the best network so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    curve: Vec<Epoch>,
    best: Option<Best>,
}

/// The network with the highest validation accuracy; of equal ones the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Best {
    epoch: usize,
    accuracy: f64,
    network: NetworkState,
}

impl TrainingState {
    /// The epochs that were run.
    pub fn curve(&self) -> &[Epoch] {
        &self.curve
    }

    /// The epoch with the best network, counted from 0, where there is validation.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best.as_ref().map(|best| best.epoch)
    }

    pub(super) fn epochs_without_better(&self) -> usize {
        let last = self.curve.len().saturating_sub(1);
        self.best
            .as_ref()
            .map_or(0, |best| last.saturating_sub(best.epoch))
    }

    pub(crate) fn add(&mut self, epoch: Epoch, network: &Network) {
        self.curve.push(epoch);
        let Some(accuracy) = epoch.validation else {
            return;
        };
        if self
            .best
            .as_ref()
            .is_none_or(|best| accuracy > best.accuracy)
        {
            self.best = Some(Best {
                epoch: epoch.epoch,
                accuracy,
                network: network.state(),
            });
        }
    }

    /// Brings the best network back, if one was kept.
    ///
    /// # Errors
    /// [`TrainingError::OtherState`] if the network is another one.
    pub fn leave_best(&self, network: &mut Network) -> Result<(), TrainingError> {
        match &self.best {
            Some(best) => network.restore(&best.network),
            None => Ok(()),
        }
    }
}
