//! Nice distances between ticks.

use super::SLACK;
use crate::plot::number::exponent_of;

/// A tick distance: 1, 2 or 5 times a power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plot) struct Step {
    mantissa: i64,
    pub(super) exponent: i32,
}

impl Step {
    /// The smallest nice step that divides `span` into at most `count` parts.
    pub(in crate::plot) fn nice(span: f64, count: usize) -> Self {
        let least = span / count.max(1) as f64;
        let exponent = exponent_of(least);
        let steps = [1, 2, 5].map(|mantissa| Self { mantissa, exponent });
        let enough = |step: &Self| step.size() >= least * (1.0 - SLACK);
        let next_power = Self {
            mantissa: 1,
            exponent: exponent + 1,
        };
        steps.into_iter().find(enough).unwrap_or(next_power)
    }

    pub(super) fn at_least_one(self) -> Self {
        if self.exponent < 0 {
            Self {
                mantissa: 1,
                exponent: 0,
            }
        } else {
            self
        }
    }

    pub(in crate::plot) fn size(self) -> f64 {
        self.multiple(1)
    }

    /// `index` steps, computed so that 3 × 0.1 is the number nearest to 0.3.
    pub(in crate::plot) fn multiple(self, index: i64) -> f64 {
        let mantissas = (index * self.mantissa) as f64;
        if self.exponent < 0 {
            mantissas / 10f64.powi(-self.exponent)
        } else {
            mantissas * 10f64.powi(self.exponent)
        }
    }

    /// The last multiple at or below `value`.
    pub(in crate::plot) fn index_below(self, value: f64) -> i64 {
        (value / self.size() + SLACK).floor() as i64
    }

    /// The first multiple at or above `value`.
    pub(in crate::plot) fn index_above(self, value: f64) -> i64 {
        (value / self.size() - SLACK).ceil() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_the_next_nice_number() {
        for (span, count, expected) in [
            (1.0, 5, 0.2),
            (0.3, 3, 0.1),
            (12.0, 5, 5.0),
            (99.0, 10, 10.0),
            (1e-7, 4, 5e-8),
        ] {
            assert_eq!(Step::nice(span, count).size(), expected, "{span} / {count}");
        }
    }

    #[test]
    fn multiples_carry_no_noise() {
        let step = Step::nice(0.5, 5);
        assert_eq!(step.multiple(3), 0.3);
        assert_eq!(step.index_below(0.3), 3);
        assert_eq!(step.index_above(0.3), 3);
    }
}
