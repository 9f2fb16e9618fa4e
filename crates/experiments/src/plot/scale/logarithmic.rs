//! Logarithmic scales: ticks at powers of ten, or at 1, 2 and 5 times these where there is room.

use super::{Kind, SLACK, Scale, Tick, linear};
use crate::plot::axis::{Axis, Bounds, is_range};
use crate::plot::number::{exponent_of, fixed, power_of_ten, with_power};

/// If all powers of ten on an axis are in this range, they are written out.
const PLAIN_POWERS: std::ops::RangeInclusive<i32> = -3..=4;

/// A logarithmic scale with at most about `count` ticks.
pub(super) fn scale(axis: &Axis, bounds: Bounds, count: usize) -> Scale {
    let is_fixed = axis.range().is_some();
    let (low, high) = axis
        .range()
        .unwrap_or_else(|| axis.automatic(bounds, widened));
    let stride = stride(low, high, count);

    let trimmed = |marks: Vec<Mark>| {
        let enclosing = if is_fixed {
            (low, high)
        } else {
            enclosed(&marks, low, high, axis.limits())
        };
        (within(marks, enclosing), enclosing)
    };
    let (fine, coarse) = (
        trimmed(fine_marks(low, high)),
        trimmed(powers(low, high, stride)),
    );
    let use_fine = (2..=count + 1).contains(&fine.0.len());
    if !use_fine && coarse.0.len() < 2 {
        // a range between two powers of ten that may not be left
        return even(axis, bounds, (low, high), count);
    }

    let (marks, (low, high)) = if use_fine { fine } else { coarse };
    let minor = if stride == 1 {
        minor_values(low, high)
    } else {
        Vec::new()
    };
    Scale {
        kind: Kind::Logarithmic,
        low,
        high,
        ticks: ticks(&marks),
        minor,
    }
}

/// A logarithmic scale with ticks at even distances.
fn even(axis: &Axis, bounds: Bounds, (low, high): (f64, f64), count: usize) -> Scale {
    // values that lie too close for a range can only be so close to the limits
    let (low, high) = if is_range(low, high) {
        (low, high)
    } else {
        axis.limits()
    };
    let mut scale = linear(&axis.clone().spanning(low, high), bounds, count);
    if scale.low <= 0.0 {
        scale.low = low;
        scale.ticks.retain(|tick| tick.value > 0.0);
    }
    Scale {
        kind: Kind::Logarithmic,
        ..scale
    }
}

/// A value that a tick may stand at: `mantissa × 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    mantissa: u8,
    exponent: i32,
}

impl Mark {
    /// The number nearest to the mark.
    fn value(self) -> f64 {
        let mantissa = f64::from(self.mantissa);
        if self.exponent < 0 {
            mantissa / 10f64.powi(-self.exponent)
        } else {
            mantissa * 10f64.powi(self.exponent)
        }
    }

    fn label(self, plain: bool) -> String {
        if plain || self.exponent == 0 {
            fixed(self.value(), (-self.exponent).max(0) as usize)
        } else if self.mantissa == 1 {
            power_of_ten(self.exponent)
        } else {
            with_power(&self.mantissa.to_string(), self.exponent)
        }
    }
}

fn ticks(marks: &[Mark]) -> Vec<Tick> {
    let plain = marks
        .iter()
        .all(|mark| PLAIN_POWERS.contains(&mark.exponent));
    let tick = |mark: &Mark| Tick {
        value: mark.value(),
        label: mark.label(plain),
    };
    marks.iter().map(tick).collect()
}

/// How many powers of ten one tick stands for.
fn stride(low: f64, high: f64, count: usize) -> i32 {
    let decades = last_exponent(high) - exponent_of(low);
    (decades.max(0) as usize).div_ceil(count.max(1)).max(1) as i32
}

/// Marks at 1, 2 and 5 times powers of ten, to beyond both ends.
fn fine_marks(low: f64, high: f64) -> Vec<Mark> {
    (exponent_of(low) - 1..=last_exponent(high) + 1)
        .flat_map(|exponent| [1, 2, 5].map(|mantissa| Mark { mantissa, exponent }))
        .collect()
}

/// Marks at every `stride`-th power of ten, to beyond both ends.
fn powers(low: f64, high: f64, stride: i32) -> Vec<Mark> {
    let first = exponent_of(low).div_euclid(stride) * stride;
    let last = (last_exponent(high) + stride - 1).div_euclid(stride) * stride;
    let mark = |exponent| Mark {
        mantissa: 1,
        exponent,
    };
    (first..=last).step_by(stride as usize).map(mark).collect()
}

/// The ends of a range: at the marks that enclose the data, or at the limits.
fn enclosed(marks: &[Mark], low: f64, high: f64, (least, most): (f64, f64)) -> (f64, f64) {
    let values = || marks.iter().map(|mark| mark.value());
    let below = values().rfind(|value| *value <= low).unwrap_or(low);
    let above = values().find(|value| *value >= high).unwrap_or(high);
    (below.max(least), above.min(most))
}

fn within(marks: Vec<Mark>, (low, high): (f64, f64)) -> Vec<Mark> {
    let inside = |value: f64| value >= low * (1.0 - SLACK) && value <= high * (1.0 + SLACK);
    marks
        .into_iter()
        .filter(|mark| inside(mark.value()))
        .collect()
}

fn minor_values(low: f64, high: f64) -> Vec<f64> {
    (exponent_of(low)..=exponent_of(high))
        .flat_map(|exponent| (2..10).map(move |mantissa| Mark { mantissa, exponent }))
        .map(Mark::value)
        .filter(|value| (low..=high).contains(value))
        .collect()
}

fn last_exponent(high: f64) -> i32 {
    high.log10().ceil() as i32
}

/// The bounds, given some width where all values are (nearly) the same.
fn widened(Bounds { low, high }: Bounds) -> (f64, f64) {
    if high / low > 1.0 + 1e-6 {
        (low, high)
    } else {
        (low / 2.0, high * 2.0)
    }
}
