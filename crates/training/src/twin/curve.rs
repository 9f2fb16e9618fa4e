//! Response curves: a Catmull–Rom spline through uniform knots, straight beyond them.

use serde::{Deserialize, Serialize};

use super::HemisphereTwin;
use super::check::check_number;
use crate::TrainingError;

/// Sums at which response curves are known, at equal distances; a single one stands for curves
/// that are straight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawKnots")]
pub struct Knots {
    first_lsb: f32,
    step_lsb: f32,
    count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKnots {
    first_lsb: f32,
    step_lsb: f32,
    count: usize,
}

impl TryFrom<RawKnots> for Knots {
    type Error = TrainingError;

    fn try_from(raw: RawKnots) -> Result<Self, TrainingError> {
        Self::new(raw.first_lsb, raw.step_lsb, raw.count)
    }
}

impl Knots {
    /// Most knots.
    pub const COUNT_MAX: usize = 256;

    /// For curves without a bend.
    pub const STRAIGHT: Self = Self {
        first_lsb: 0.0,
        step_lsb: 1.0,
        count: 1,
    };

    /// The first knot, the distance from one to the next, both in LSB, and their number.
    ///
    /// # Errors
    /// [`TrainingError::TwinNumber`] unless the first is finite and the distance in 0.1…10⁶;
    /// [`TrainingError::OptionOutOfRange`] unless there are 1…256.
    pub fn new(first_lsb: f32, step_lsb: f32, count: usize) -> Result<Self, TrainingError> {
        check_number("first_lsb", first_lsb, true)?;
        check_number("step_lsb", step_lsb, step_lsb >= 0.1)?;
        crate::error::check_option("knots", count as f64, 1.0, Self::COUNT_MAX as f64)?;
        Ok(Self {
            first_lsb,
            step_lsb,
            count,
        })
    }

    /// Number of knots.
    pub const fn count(self) -> usize {
        self.count
    }

    /// The sum at a knot, in LSB.
    pub fn at(self, knot: usize) -> f32 {
        self.first_lsb + self.step_lsb * knot as f32
    }

    /// The segment of a sum, and where in it the sum lies: 0…1, less or more beyond the ends.
    #[inline(always)]
    fn locate(self, sum_lsb: f32) -> (usize, f32) {
        let place = (sum_lsb - self.first_lsb) / self.step_lsb;
        // Conversion saturates, to 0 below the first knot.
        let segment = (place as usize).min(self.count.saturating_sub(2));
        (segment, place - segment as f32)
    }

    /// By how much each of the knots around a sum counts there: the first of them, and four shares.
    /// Those of knots before the first or after the last are taken over by the two next to it.
    ///
    /// Needs two knots at least.
    #[inline(always)]
    pub(super) fn shares(self, sum_lsb: f32) -> (usize, [f64; 4]) {
        let (segment, place) = self.locate(sum_lsb);
        let t = f64::from(place).clamp(0.0, 1.0);
        let beyond = f64::from(place) - t;
        let value = [
            t * (-0.5 + t * (1.0 - 0.5 * t)),
            1.0 + t * t * (-2.5 + 1.5 * t),
            t * (0.5 + t * (2.0 - 1.5 * t)),
            t * t * (-0.5 + 0.5 * t),
        ];
        let slope = [
            -0.5 + t * (2.0 - 1.5 * t),
            t * (-5.0 + 4.5 * t),
            0.5 + t * (4.0 - 4.5 * t),
            t * (-1.0 + 1.5 * t),
        ];
        let [before, left, right, after] = std::array::from_fn(|i| value[i] + beyond * slope[i]);
        // A knot beyond the end lies on the line through the last two.
        match (segment == 0, segment + 2 == self.count) {
            (true, true) => (
                0,
                [
                    left + 2.0 * before - after,
                    right + 2.0 * after - before,
                    0.0,
                    0.0,
                ],
            ),
            (true, false) => (0, [left + 2.0 * before, right - before, after, 0.0]),
            (false, true) => (
                segment - 1,
                [before, left - after, right + 2.0 * after, 0.0],
            ),
            (false, false) => (segment - 1, [before, left, right, after]),
        }
    }
}

/// The response curves of a hemisphere's columns, ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Curves {
    knots: Knots,
    /// Polynomial of the deviation in each segment, columns × segments; of straight curves, the
    /// offset.
    segments: Vec<[f32; 4]>,
}

impl Curves {
    pub(super) fn new(knots: Knots, hemisphere: &HemisphereTwin) -> Self {
        let columns = hemisphere.columns.iter();
        Self {
            knots,
            segments: columns
                .flat_map(|column| polynomials(&column.deviations_lsb))
                .collect(),
        }
    }

    /// Whether every curve is the sum plus an offset.
    pub(super) const fn are_straight(&self) -> bool {
        self.knots.count == 1
    }

    /// What a column puts out for a sum, in LSB, not rounded.
    #[inline(always)]
    pub(super) fn output(&self, column: usize, sum_lsb: f32) -> f32 {
        if self.are_straight() {
            return sum_lsb + self.segments[column][0];
        }
        let (polynomial, t, beyond) = self.find(column, sum_lsb);
        let [a, b, c, d] = polynomial;
        let slope = b + t * (2.0 * c + 3.0 * d * t);
        sum_lsb + a + t * (b + t * (c + d * t)) + beyond * slope
    }

    /// Derivative of a column's output with respect to its sum.
    #[inline(always)]
    pub(super) fn slope(&self, column: usize, sum_lsb: f32) -> f32 {
        if self.are_straight() {
            return 1.0;
        }
        let ([_, b, c, d], t, _) = self.find(column, sum_lsb);
        1.0 + (b + t * (2.0 * c + 3.0 * d * t)) / self.knots.step_lsb
    }

    #[inline(always)]
    fn find(&self, column: usize, sum_lsb: f32) -> ([f32; 4], f32, f32) {
        let (segment, place) = self.knots.locate(sum_lsb);
        let t = place.clamp(0.0, 1.0);
        let polynomial = self.segments[column * (self.knots.count - 1) + segment];
        (polynomial, t, place - t)
    }
}

fn polynomials(values: &[f32]) -> Vec<[f32; 4]> {
    if let [offset] = values {
        return vec![[*offset, 0.0, 0.0, 0.0]];
    }
    let last = values.len() - 1;
    let slope = |knot: usize| match knot {
        0 => values[1] - values[0],
        _ if knot == last => values[last] - values[last - 1],
        _ => 0.5 * (values[knot + 1] - values[knot - 1]),
    };
    let segment = |left: usize| {
        let (rise, before, after) = (
            values[left + 1] - values[left],
            slope(left),
            slope(left + 1),
        );
        let curvature = 3.0 * rise - 2.0 * before - after;
        [values[left], before, curvature, before + after - 2.0 * rise]
    };
    (0..last).map(segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ColumnTwin;

    fn curves(deviations_lsb: Vec<f32>) -> (Knots, Curves) {
        let knots = Knots::new(-30.0, 10.0, deviations_lsb.len()).unwrap();
        let column = ColumnTwin {
            deviations_lsb,
            ..ColumnTwin::linear(1.0, 0.0, 0.0)
        };
        let hemisphere = HemisphereTwin {
            drivers: Vec::new(),
            columns: vec![column],
        };
        (knots, Curves::new(knots, &hemisphere))
    }

    #[test]
    fn shares_slopes_and_values_belong_to_one_curve() {
        let deviations = [5.0, 2.0, 1.0, 1.5, -1.0, -4.0, -9.0];
        for count in 2..=7 {
            let (knots, curves) = curves(deviations[..count].to_vec());
            for step in -120..=120_i16 {
                let sum = f32::from(step) * 0.5 + 0.25;
                let (first, shares) = knots.shares(sum);
                let parts = deviations[first..].iter().zip(shares);
                let expected: f64 = parts.map(|(&d, share)| f64::from(d) * share).sum();
                let found = f64::from(curves.output(0, sum) - sum);
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{sum}: {found}, {expected}"
                );
                let rise = curves.output(0, sum + 0.125) - curves.output(0, sum - 0.125);
                assert!((rise / 0.25 - curves.slope(0, sum)).abs() < 2e-3, "{sum}");
            }
        }
    }

    #[test]
    fn knots_are_met_and_ends_go_on_straight() {
        let (knots, curves) = curves(vec![3.0, 1.0, 0.0, 2.0]);
        for (knot, deviation) in [3.0, 1.0, 0.0, 2.0].into_iter().enumerate() {
            assert_eq!(curves.output(0, knots.at(knot)), knots.at(knot) + deviation);
        }
        assert_eq!(curves.output(0, -50.0), -50.0 + 7.0);
        assert_eq!(curves.output(0, 20.0), 20.0 + 6.0);
    }
}
