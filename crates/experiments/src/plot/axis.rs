//! What an axis shows: quantity, unit, linear or logarithmic, automatic or fixed range.

use super::PlotError;
use super::summary::is_drawable;

/// A fixed range must be wider than this fraction of its ends, or its ticks would not be distinct.
const NARROWEST: f64 = 1e-12;
/// Narrowest range at all: below, powers of ten leave the floating-point range.
const SMALLEST_SPAN: f64 = 1e-100;

/// One axis of a chart.
///
/// The range follows from the data and ends on ticks, unless it is fixed; it can be kept within
/// bounds that the quantity cannot leave, such as 0 to 100 %.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    label: String,
    unit: String,
    kind: Kind,
    whole_numbers: bool,
    range: Option<(f64, f64)>,
    limits: (f64, f64),
}

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Linear,
    Logarithmic,
}

/// On a logarithmic axis, how far an error takes the range below the lowest value: an error close
/// to its value would otherwise take it down by decades.
const LOWEST_ERROR: f64 = 1.0 / 3.0;

impl Axis {
    /// A linear axis for the quantity `label` in `unit`; an empty unit means a pure number.
    pub fn linear(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            unit: unit.into(),
            kind: Kind::Linear,
            whole_numbers: false,
            range: None,
            limits: (f64::NEG_INFINITY, f64::INFINITY),
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
    /// be told apart, or below 10⁻¹⁰⁰ on a logarithmic axis.
    pub fn with_range(mut self, low: f64, high: f64) -> Result<Self, PlotError> {
        let positive_enough = self.kind == Kind::Linear || low >= SMALLEST_SPAN;
        if !positive_enough || !is_range(low, high) {
            return Err(PlotError::Range { low, high });
        }
        self.range = Some((low, high));
        Ok(self)
    }

    /// Keeps the automatic range within `low..=high`, the bounds of the quantity itself: error
    /// bars and bands that go further are cut off there, and so are references. A value outside
    /// is left out of the chart, which says so. A fixed range comes before the bounds.
    ///
    /// # Errors
    ///
    /// [`PlotError::Range`] if the bounds are not finite, not in order, or too close to each other
    /// to be told apart, or if `high` is not positive on a logarithmic axis (`low` may be 0).
    pub fn within(mut self, low: f64, high: f64) -> Result<Self, PlotError> {
        let positive_enough = self.kind == Kind::Linear || high >= 2.0 * SMALLEST_SPAN;
        if !positive_enough || !is_range(low, high) {
            return Err(PlotError::Range { low, high });
        }
        self.limits = (low, high);
        Ok(self)
    }

    /// The same axis with a range that the caller knows to be sound.
    pub(super) fn spanning(self, low: f64, high: f64) -> Self {
        debug_assert!(is_range(low, high), "{low} to {high} is not a range");
        Self {
            range: Some((low, high)),
            ..self
        }
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

    /// The bounds that an automatic range keeps to.
    pub(super) fn limits(&self) -> (f64, f64) {
        match self.kind {
            Kind::Linear => self.limits,
            Kind::Logarithmic => (self.limits.0.max(SMALLEST_SPAN), self.limits.1),
        }
    }

    /// How far the low end of an error takes the range, given the lowest of the values.
    pub(super) fn reach(&self, low_end: f64, lowest: f64) -> f64 {
        if self.kind == Kind::Logarithmic && self.accepts(low_end) {
            low_end.max(lowest * LOWEST_ERROR)
        } else {
            low_end
        }
    }

    /// `bounds`, given some width by `widened` where there is none, within the limits.
    pub(super) fn automatic(
        &self,
        bounds: Bounds,
        widened: impl Fn(Bounds) -> (f64, f64),
    ) -> (f64, f64) {
        let (least, most) = self.limits();
        let inside = |value: f64| value.clamp(least, most);
        let (low, high) = widened(Bounds {
            low: inside(bounds.low),
            high: inside(bounds.high),
        });
        (inside(low), inside(high))
    }

    pub(super) fn wants_whole_numbers(&self) -> bool {
        self.whole_numbers
    }

    /// Whether the axis has a place for `value`, if its range permits.
    pub(super) fn accepts(&self, value: f64) -> bool {
        is_drawable(value) && (self.kind == Kind::Linear || value >= SMALLEST_SPAN)
    }

    /// Whether an accepted value lies inside the fixed range, or else inside the limits.
    pub(super) fn contains(&self, value: f64) -> bool {
        let (low, high) = self.range.unwrap_or(self.limits);
        (low..=high).contains(&value)
    }
}

/// Whether an axis can run from `low` to `high`.
pub(super) fn is_range(low: f64, high: f64) -> bool {
    is_drawable(low) && is_drawable(high) && high - low > narrowest_span(low, high)
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
        for (low, high) in [(0.0, 1.0), (1e-320, 1.0), (1e-300, 1e100)] {
            let logarithmic = Axis::logarithmic("a", "").with_range(low, high);
            assert!(logarithmic.is_err(), "{low}..{high}");
        }
    }

    #[test]
    fn rejects_bounds_that_cannot_be_drawn() {
        let linear = || Axis::linear("a", "%");
        assert!(linear().within(0.0, 100.0).is_ok());
        for (low, high) in [
            (1.0, 1.0),
            (2.0, 1.0),
            (f64::NAN, 1.0),
            (0.0, f64::INFINITY),
        ] {
            let expected = matches!(linear().within(low, high), Err(PlotError::Range { .. }));
            assert!(expected, "{low}..{high}");
        }
        let logarithmic = || Axis::logarithmic("a", "%");
        assert!(logarithmic().within(0.0, 100.0).is_ok());
        assert!(logarithmic().within(-5.0, 0.0).is_err());
    }

    #[test]
    fn bounds_admit_what_is_inside() {
        let axis = Axis::linear("a", "%").within(0.0, 100.0).expect("bounds");
        assert!(axis.contains(0.0) && axis.contains(100.0) && !axis.contains(100.5));
        let fixed = axis.with_range(90.0, 110.0).expect("a sound range");
        assert!(fixed.contains(100.5));
    }

    #[test]
    fn caption_carries_the_unit() {
        assert_eq!(Axis::linear("Offset", "mV").caption(), "Offset (mV)");
        assert_eq!(Axis::linear("Epoch", "").caption(), "Epoch");
    }
}
