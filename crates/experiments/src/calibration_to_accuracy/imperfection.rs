//! How well a network's layers are multiplied, quantity by quantity.

use crate::operating_point::Measured;

/// A quantity of the multiplication that may tell what accuracy is lost.
#[derive(Clone, Copy)]
pub(super) struct Imperfection {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) of: fn(&Measured) -> f64,
}

/// All of them: the whole error last.
pub(super) const IMPERFECTIONS: [Imperfection; 7] = [
    Imperfection {
        name: "trial-to-trial noise",
        unit: "% of the signal",
        of: Measured::noise_percent,
    },
    Imperfection {
        name: "spread of gains",
        unit: "% of the gain",
        of: Measured::gain_spread_percent,
    },
    Imperfection {
        name: "spread of offsets",
        unit: "% of the signal",
        of: Measured::offset_spread_percent,
    },
    Imperfection {
        name: "deviation from the line",
        unit: "% of the signal",
        of: Measured::deviation_percent,
    },
    Imperfection {
        name: "clipped outputs",
        unit: "%",
        of: |measured| measured.deployed.clipped_percent,
    },
    Imperfection {
        name: "weakness of the signal",
        unit: "1/LSB",
        of: |measured| 1.0 / measured.signal_lsb(),
    },
    Imperfection {
        name: "whole error",
        unit: "% of the signal",
        of: Measured::error_percent,
    },
];
