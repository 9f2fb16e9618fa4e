//! Before or after calibration.

use serde::Serialize;

use crate::OperatingPoint;

/// Before or after calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Uncalibrated,
    Calibrated,
}

impl State {
    pub(super) const ALL: [Self; 2] = [Self::Uncalibrated, Self::Calibrated];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Uncalibrated => "uncalibrated",
            Self::Calibrated => "calibrated",
        }
    }

    /// A point for a chip in this state.
    pub(super) fn point(self, calibrated: &OperatingPoint) -> OperatingPoint {
        let mut point = calibrated.clone();
        if self == Self::Uncalibrated {
            point.calibration = None;
        }
        point
    }
}
