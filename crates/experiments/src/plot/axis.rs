//! What an axis shows: quantity, unit, linear or logarithmic, automatic or fixed range.

use super::PlotError;
use super::summary::is_drawable;

/// A fixed range must be wider than this fraction of its ends, or its ticks would not be distinct.
const NARROWEST: f64 = 1e-12;
/// Narrowest range at all: below, powers of ten leave the floating-point range.
const SMALLEST_SPAN: f64 = 1e-100;

/// One axis of a chart.
///
/// The range follows from the data and ends on ticks, unless it is fixed.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    label: String,
    unit: String,
    kind: Kind,
    whole_numbers: bool,
    range: Option<(f64, f64)>,
}

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Linear,
    Logarithmic,
}

impl Axis {
    /// A linear axis for the quantity `label` in `unit`; an empty unit means a pure number.
    pub fn linear(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            unit: unit.into(),
            kind: Kind::Linear,
            whole_numbers: false,
            range: None,
        }
    }

    /// A logarithmic axis; values that are not positive are left out of the chart, which says so.
    pub fn logarithmic(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            kind: Kind::Logarithmic,
            ..Self::linear(label, unit)
        }
    }

    /// Keeps ticks at whole numbers: for counts, epochs, bits.
    #[must_use]
    pub fn whole_numbers(mut self) -> Self {
        self.whole_numbers = true;
        self
    }

    /// Fixes the range to `low..=high`; data outside is left out of the chart, which says so.
    ///
    /// # Errors
    ///
    /// [`PlotError::Range`] if the ends are not finite, not in order, too close to each other to
    /// be told apart, or not positive on a logarithmic axis.
    pub fn with_range(mut self, low: f64, high: f64) -> Result<Self, PlotError> {
        let positive_enough = self.kind == Kind::Linear || low > 0.0;
        let drawable = is_drawable(low) && is_drawable(high);
        if !drawable || !positive_enough || high - low <= narrowest_span(low, high) {
            return Err(PlotError::Range { low, high });
        }
        self.range = Some((low, high));
        Ok(self)
    }

    /// The same axis, linear: for what has to be spread evenly.
    pub(super) fn into_linear(self) -> Self {
        Self {
            kind: Kind::Linear,
            ..self
        }
    }

    /// Quantity and unit as they stand at the axis.
    pub(super) fn caption(&self) -> String {
        if self.unit.is_empty() {
            self.label.clone()
        } else {
            format!("{} ({})", self.label, self.unit)
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    pub(super) fn wants_whole_numbers(&self) -> bool {
        self.whole_numbers
    }

    /// Whether the axis has a place for `value`, if its range permits.
    pub(super) fn accepts(&self, value: f64) -> bool {
        is_drawable(value) && (self.kind == Kind::Linear || value >= SMALLEST_SPAN)
    }

    /// Whether an accepted value lies inside the fixed range, if there is one.
    pub(super) fn contains(&self, value: f64) -> bool {
        self.range
            .is_none_or(|(low, high)| (low..=high).contains(&value))
    }
}

/// The smallest difference between two ends that still makes a range.
pub(super) fn narrowest_span(low: f64, high: f64) -> f64 {
    (low.abs().max(high.abs()) * NARROWEST).max(SMALLEST_SPAN)
}

/// Lowest and highest of the values seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bounds {
    /// The bounds of those `values` that `axis` accepts; none if there are none.
    pub(super) fn of(axis: &Axis, values: impl IntoIterator<Item = f64>) -> Option<Self> {
        values
            .into_iter()
            .filter(|value| axis.accepts(*value))
            .fold(None, |bounds, value| {
                Some(match bounds {
                    None => Self {
                        low: value,
                        high: value,
                    },
                    Some(Self { low, high }) => Self {
                        low: low.min(value),
                        high: high.max(value),
                    },
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_ranges_that_cannot_be_drawn() {
        let linear = || Axis::linear("a", "");
        assert!(linear().with_range(0.0, 1.0).is_ok());
        for (low, high) in [
            (1.0, 1.0),
            (2.0, 1.0),
            (f64::NAN, 1.0),
            (0.0, f64::INFINITY),
            (1e9, 1e9 + 1e-6),
        ] {
            assert!(linear().with_range(low, high).is_err(), "{low}..{high}");
        }
        assert!(Axis::logarithmic("a", "").with_range(0.0, 1.0).is_err());
    }

    #[test]
    fn caption_carries_the_unit() {
        assert_eq!(Axis::linear("Offset", "mV").caption(), "Offset (mV)");
        assert_eq!(Axis::linear("Epoch", "").caption(), "Epoch");
    }
}
