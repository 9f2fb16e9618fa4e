//! Logarithmic scales: ticks at powers of ten, or at 1, 2 and 5 times these where there is room.

use super::{Kind, SLACK, Scale, Tick, linear};
use crate::plot::axis::{Axis, Bounds};
use crate::plot::number::{exponent_of, fixed, power_of_ten, with_power};

/// If all powers of ten on an axis are in this range, they are written out.
const PLAIN_POWERS: std::ops::RangeInclusive<i32> = -3..=4;

/// A logarithmic scale with at most about `count` ticks.
pub(super) fn scale(axis: &Axis, bounds: Bounds, count: usize) -> Scale {
    let is_fixed = axis.range().is_some();
    let (low, high) = axis.range().unwrap_or_else(|| widened(bounds));
    let stride = stride(low, high, count);

    let fine = trimmed(fine_marks(low, high), low, high, is_fixed);
    let coarse = trimmed(powers(low, high, stride), low, high, is_fixed);
    let use_fine = (2..=count + 1).contains(&fine.len());
    if !use_fine && coarse.len() < 2 && is_fixed {
        // a fixed range between two powers of ten
        return Scale {
            kind: Kind::Logarithmic,
            ..linear(axis, bounds, count)
        };
    }

    let marks = if use_fine { fine } else { coarse };
    let ends =
        |mark: Option<&Mark>, end: f64| mark.filter(|_| !is_fixed).map_or(end, |mark| mark.value());
    let low = low.min(ends(marks.first(), low));
    let high = high.max(ends(marks.last(), high));
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

/// The marks inside a fixed range, or else those inside and the ones that enclose the data.
fn trimmed(marks: Vec<Mark>, low: f64, high: f64, is_fixed: bool) -> Vec<Mark> {
    let values = || marks.iter().map(|mark| mark.value());
    let (from, to) = if is_fixed {
        (low, high)
    } else {
        let below = values().rfind(|value| *value <= low);
        let above = values().find(|value| *value >= high);
        (below.unwrap_or(low), above.unwrap_or(high))
    };
    let inside = |value: f64| value >= from * (1.0 - SLACK) && value <= to * (1.0 + SLACK);
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
