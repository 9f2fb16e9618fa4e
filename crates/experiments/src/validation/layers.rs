//! Row 11: a layer of many passes.

use bss2_core::RunSettings;
use ndarray::{Array2, Axis, s};
use rand::RngExt;

use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{line, median};

pub(super) const CHECKS: &[Check] = &[Check {
    row: 11,
    quantity: "σ of a layer of 2560 inputs at 2 sends, 20 passes",
    unit: "LSB",
    band: Band::new(4.0, 7.0),
    decimals: 2,
    source: "arXiv:2609.15527, table 1 (5.4)",
}];

/// Weights and inputs like a trained layer's are drawn anew: σ is that of each column's residuals
/// from the common line of results against exact sums, and so contains mismatch as well as noise,
/// but no column's constant offset. Passes are summed digitally, saturating. Half of the inputs are zero, the others fall off exponentially; weights are the sums
/// of uniform numbers, with a standard deviation of about 10.
pub(super) fn measure(lab: &mut Lab) -> Result<Vec<f64>, ExperimentError> {
    const PASSES: usize = 20;
    const VECTORS: usize = 64;
    let geometry = lab.geometry();
    let (rows, columns) = (geometry.inputs(), geometry.columns());
    let mut random = lab.stimuli(11);
    let weights = Array2::from_shape_simple_fn((PASSES * rows, columns), || {
        (0..3).map(|_| random.random_range(-10..=10_i8)).sum::<i8>()
    });
    let vectors = Array2::from_shape_simple_fn((VECTORS, PASSES * rows), || {
        let level: f64 = random.random();
        if level < 0.5 {
            0
        } else {
            (-8.0 * (2.0 - 2.0 * level).ln()).min(31.0) as u8
        }
    });
    let sums = vectors.mapv(f64::from).dot(&weights.mapv(f64::from));
    let mut outputs = Array2::<f64>::zeros((VECTORS, columns));
    for pass in 0..PASSES {
        let inputs = pass * rows..(pass + 1) * rows;
        let hemisphere = pass % geometry.hemispheres();
        lab.bench
            .load(hemisphere, weights.slice(s![inputs.clone(), ..]))?;
        let part = lab.bench.run(
            hemisphere,
            RunSettings::new(2, 5)?,
            vectors.slice(s![.., inputs]),
        )?;
        outputs.zip_mut_with(&part, |sum, part| *sum = (*sum + part).clamp(-128.0, 127.0));
    }
    let points: Vec<(f64, f64)> = sums.iter().copied().zip(outputs.iter().copied()).collect();
    let (gain, offset) = line(&points);
    let residuals = outputs - sums.mapv(|sum| gain * sum + offset);
    let spreads = residuals.std_axis(Axis(0), 1.0);
    Ok(vec![median(spreads)])
}
