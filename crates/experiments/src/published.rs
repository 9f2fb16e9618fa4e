//! Published figures that more than one experiment is compared with.

/// Deviation from the linear fit at a predicted result, both in LSB. Source: BrainScaleS-2 demos,
/// linearity figure, values read from it.
pub(crate) const SWING_DEVIATIONS: [(f64, f64); 7] = [
    (-144.0, 36.0),
    (-126.0, 19.0),
    (-108.0, 12.0),
    (-86.0, 4.5),
    (107.0, -2.4),
    (126.0, -5.9),
    (144.0, -19.0),
];
