//! Before and after calibration.

/// In which state a chip is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Registers at their reset values.
    Fresh,
    /// After the calibration procedure.
    Calibrated,
}

impl State {
    pub(super) const ALL: [Self; 2] = [Self::Fresh, Self::Calibrated];

    /// Name in tables and result files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Calibrated => "calibrated",
        }
    }
}
