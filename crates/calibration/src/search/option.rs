//! Checks of a search's own options.

use std::ops::RangeInclusive;

use crate::CalibrationError;

/// Largest magnitude of a response per register step, or of a coefficient: far beyond any unit in
/// use, and far from where a prediction would overflow.
pub(super) const LARGEST: f64 = 1e15;

/// Refuses what is outside the range, or no number.
pub(super) fn within(
    option: &'static str,
    value: f64,
    range: RangeInclusive<f64>,
) -> Result<(), CalibrationError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(CalibrationError::OptionOutOfRange {
        option,
        value,
        min: *range.start(),
        max: *range.end(),
    })
}
