//! The points of a network's way at which it is evaluated.

/// At which point of its way a network is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Float,
    Ideal,
    RetrainedOnIdeal,
    Mock,
    Uncalibrated,
    Calibrated,
    InTheLoop,
}

impl Stage {
    pub(super) const ALL: [Self; 7] = [
        Self::Float,
        Self::Ideal,
        Self::RetrainedOnIdeal,
        Self::Mock,
        Self::Uncalibrated,
        Self::Calibrated,
        Self::InTheLoop,
    ];

    /// Name in tables and result files; without commas, which divide the fields of some of these.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Ideal => "ideal array",
            Self::RetrainedOnIdeal => "retrained on the ideal array",
            Self::Mock => "mock",
            Self::Uncalibrated => "uncalibrated chip",
            Self::Calibrated => "calibrated chip",
            Self::InTheLoop => "chip in the loop",
        }
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
