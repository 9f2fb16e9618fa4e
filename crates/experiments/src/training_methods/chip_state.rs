//! In which state a chip is trained for.

use serde::{Deserialize, Serialize};

/// Whether a chip was calibrated before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChipState {
    /// As it was made.
    Uncalibrated,
    /// Calibrated by the experiment's procedure.
    Calibrated,
}

impl ChipState {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Uncalibrated, Self::Calibrated];

    /// Name for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Uncalibrated => "uncalibrated",
            Self::Calibrated => "calibrated",
        }
    }
}
