//! A network before and after training in the loop.

use serde::{Deserialize, Serialize};

use super::{Measured, OnChip};

/// Before or after training in the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkState {
    /// As it was trained digitally.
    Deployed,
    /// Trained further in the loop.
    Trained,
}

impl NetworkState {
    pub(crate) const BOTH: [Self; 2] = [Self::Deployed, Self::Trained];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Deployed => "as deployed",
            Self::Trained => "trained in the loop",
        }
    }

    pub(crate) const fn of(self, measured: &Measured) -> &OnChip {
        match self {
            Self::Deployed => &measured.deployed,
            Self::Trained => &measured.trained,
        }
    }
}
