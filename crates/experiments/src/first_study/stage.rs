//! The points of a network's way at which it is evaluated.

/// At which point of its way a network is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Float,
    Ideal,
    IdealInTheLoop,
    Mock,
    Uncalibrated,
    UncalibratedInTheLoop,
    Calibrated,
    CalibratedInTheLoop,
}

impl Stage {
    pub(super) const ALL: [Self; 8] = [
        Self::Float,
        Self::Ideal,
        Self::IdealInTheLoop,
        Self::Mock,
        Self::Uncalibrated,
        Self::UncalibratedInTheLoop,
        Self::Calibrated,
        Self::CalibratedInTheLoop,
    ];

    /// The stages that retrain the deployed network, all in the same way.
    pub(super) const RETRAINED: [Self; 3] = [
        Self::IdealInTheLoop,
        Self::UncalibratedInTheLoop,
        Self::CalibratedInTheLoop,
    ];

    /// Name in tables and result files; without commas, which divide the fields of some of these.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Ideal => "ideal array",
            Self::IdealInTheLoop => "ideal array in the loop",
            Self::Mock => "mock",
            Self::Uncalibrated => "uncalibrated chip",
            Self::UncalibratedInTheLoop => "uncalibrated chip in the loop",
            Self::Calibrated => "calibrated chip",
            Self::CalibratedInTheLoop => "calibrated chip in the loop",
        }
    }

    /// Whether it runs on a chip, and so takes chip time.
    pub(super) const fn is_on_chip(self) -> bool {
        matches!(
            self,
            Self::Uncalibrated
                | Self::UncalibratedInTheLoop
                | Self::Calibrated
                | Self::CalibratedInTheLoop
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Stage;

    #[test]
    fn stages_stand_at_their_numbers_and_have_plain_names() {
        for (number, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, number);
            assert!(!stage.name().contains([',', '"', '\n']), "{}", stage.name());
        }
    }
}
