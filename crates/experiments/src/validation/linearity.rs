//! Rows 6 to 8: slopes and the ends of the linear range.

use bss2_core::{RunSettings, WEIGHT_MAX};

use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::mean;

const SOURCE: &str = "BrainScaleS-2 demos, linearity figure";

/// Published: deviation from the linear fit at a predicted value.
const DEVIATIONS: [(f64, f64); 7] = [
    (-144.0, 36.0),
    (-126.0, 19.0),
    (-108.0, 12.0),
    (-86.0, 4.5),
    (107.0, -2.4),
    (126.0, -5.9),
    (144.0, -19.0),
];

const fn deviation_at(index: usize, quantity: &'static str) -> Check {
    Check {
        row: 7,
        quantity,
        unit: "LSB",
        band: Band::around(DEVIATIONS[index].1, 5.0),
        decimals: 1,
        source: SOURCE,
    }
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        row: 6,
        quantity: "excitatory slope above inhibitory",
        unit: "%",
        band: Band::new(1.0, 8.0),
        decimals: 1,
        source: SOURCE,
    },
    deviation_at(0, "deviation at −144"),
    deviation_at(1, "deviation at −126"),
    deviation_at(2, "deviation at −108"),
    deviation_at(3, "deviation at −86"),
    deviation_at(4, "deviation at +107"),
    deviation_at(5, "deviation at +126"),
    deviation_at(6, "deviation at +144"),
    Check {
        row: 8,
        quantity: "largest deviation between −68 and +87",
        unit: "LSB",
        band: Band::at_most(2.0),
        decimals: 2,
        source: SOURCE,
    },
];

/// Range of values in which the published response is linear.
const LINEAR: std::ops::RangeInclusive<f64> = -68.0..=87.0;

/// The published figure has 100 sends; a chip of the default gain, a little lower than that of the
/// figure's, needs more to reach predictions of ±144.
const NUM_SENDS: u32 = 125;

/// One row at x = 12, all weights; mean over the columns of the chip. The linear fit goes through
/// the origin and the results between −68 and +87 LSB, with one slope for each sign.
pub(super) fn measure(lab: &mut Lab) -> Result<Vec<f64>, ExperimentError> {
    let settings = RunSettings::new(NUM_SENDS, 5)?;
    let vector = lab.one_row(0, 12);
    let mut curve = Vec::new();
    for weight in -WEIGHT_MAX..=WEIGHT_MAX {
        lab.load_uniform(weight)?;
        let outputs = lab.mean_over_runs(settings, &vector, 4)?;
        curve.push((f64::from(weight), mean(&lab.of_working(outputs))));
    }
    let excitatory = slope(&curve, |weight| weight > 0.0);
    let inhibitory = slope(&curve, |weight| weight < 0.0);
    let deviations: Vec<(f64, f64)> = curve
        .iter()
        .map(|(weight, output)| {
            let predicted = weight
                * if *weight > 0.0 {
                    excitatory
                } else {
                    inhibitory
                };
            (predicted, output - predicted)
        })
        .collect();
    let largest = deviations
        .iter()
        .filter(|(predicted, _)| LINEAR.contains(predicted))
        .map(|(_, deviation)| deviation.abs())
        .fold(0.0, f64::max);

    let mut values = vec![100.0 * (excitatory / inhibitory - 1.0)];
    values.extend(DEVIATIONS.map(|(predicted, _)| interpolated(&deviations, predicted)));
    values.push(largest);
    Ok(values)
}

/// Slope through the origin of the part of a curve with the weights to keep and results in the
/// linear range.
fn slope(curve: &[(f64, f64)], keep: impl Fn(f64) -> bool) -> f64 {
    let points = curve
        .iter()
        .filter(|(weight, output)| keep(*weight) && LINEAR.contains(output));
    let (mut wy, mut ww) = (0.0, 0.0);
    for (weight, output) in points {
        wy += weight * output;
        ww += weight * weight;
    }
    wy / ww
}

/// Value of a rising sequence of points at a place; NaN outside.
fn interpolated(points: &[(f64, f64)], at: f64) -> f64 {
    let next = points.iter().position(|(x, _)| *x > at).unwrap_or_default();
    match next.checked_sub(1) {
        None => f64::NAN,
        Some(last) => {
            let ((x0, y0), (x1, y1)) = (points[last], points[next]);
            y0 + (at - x0) / (x1 - x0) * (y1 - y0)
        }
    }
}
