//! Row 11: layers of one and of many passes.

use bss2_core::RunSettings;
use ndarray::{Array2, Axis, s};
use rand::RngExt;

use super::Measured;
use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{deviation, line, median};

const SOURCE: &str = "arXiv:2609.15527, table 1";

const fn shown(quantity: &'static str, unit: &'static str, decimals: usize) -> Check {
    Check::shown(11, quantity, unit, decimals, SOURCE)
}

const GAIN_UNIT: &str = "LSB per activation·weight";

pub(super) const CHECKS: &[Check] = &[
    shown(
        "σ of 2560 inputs at 2 sends, 20 passes, published 5.4",
        "LSB",
        2,
    )
    .within(Band::new(4.0, 7.0))
    .departing(
        "the source does not say whether offsets are removed: here each column's constant \
             offset is, and σ is the median over columns; weights and inputs of our own instead of \
             a trained network's, on which σ depends; the band around 5.4 is ours",
    ),
    shown(
        "its σ with the columns' offsets, all columns pooled",
        "LSB",
        2,
    ),
    shown("its gain, published 0.003", GAIN_UNIT, 5),
    shown(
        "gain of 128 inputs at 4 sends, published 0.006",
        GAIN_UNIT,
        5,
    ),
    shown("its σ as above, published 1.5 and 1.7", "LSB", 2),
];

/// What a layer shows.
struct Seen {
    gain: f64,
    /// σ of a column over resampled inputs, less the column's constant offset; median over columns.
    column_sigma_lsb: f64,
    /// σ over columns and inputs.
    pooled_sigma_lsb: f64,
}

pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    let many = layer(lab, 20, 2)?;
    let one = layer(lab, 1, 4)?;
    Ok(vec![
        many.column_sigma_lsb,
        many.pooled_sigma_lsb,
        many.gain,
        one.gain,
        one.column_sigma_lsb,
    ]
    .into())
}

/// Weights and inputs like a trained layer's are drawn anew: residuals from the common line of
/// results against exact sums contain mismatch as well as noise. Passes take turns on the
/// hemispheres and are summed digitally, saturating; columns count that work on all of them. Half
/// of the inputs are zero, the others fall off exponentially; weights are the sums of uniform
/// numbers, with a standard deviation of about 10.
fn layer(lab: &mut Lab, passes: usize, num_sends: u32) -> Result<Seen, ExperimentError> {
    const VECTORS: usize = 64;
    let geometry = lab.geometry();
    let (rows, columns) = (geometry.inputs(), geometry.columns());
    let mut random = lab.stimuli(11);
    let weights = Array2::from_shape_simple_fn((passes * rows, columns), || {
        (0..3).map(|_| random.random_range(-10..=10_i8)).sum::<i8>()
    });
    let vectors = Array2::from_shape_simple_fn((VECTORS, passes * rows), || {
        let level: f64 = random.random();
        if level < 0.5 {
            0
        } else {
            (-8.0 * (2.0 - 2.0 * level).ln()).min(31.0) as u8
        }
    });
    let sums = vectors.mapv(f64::from).dot(&weights.mapv(f64::from));
    let mut outputs = Array2::<f64>::zeros((VECTORS, columns));
    for pass in 0..passes {
        let inputs = pass * rows..(pass + 1) * rows;
        let hemisphere = pass % geometry.hemispheres();
        lab.bench
            .load(hemisphere, weights.slice(s![inputs.clone(), ..]))?;
        let part = lab.bench.run(
            hemisphere,
            RunSettings::new(num_sends, 5)?,
            vectors.slice(s![.., inputs]),
        )?;
        outputs.zip_mut_with(&part, |sum, part| *sum = (*sum + part).clamp(-128.0, 127.0));
    }
    let working: Vec<usize> = (0..columns)
        .filter(|column| {
            let mut hemispheres = lab.working().chunks(columns);
            hemispheres.all(|working| working[*column])
        })
        .collect();
    let (sums, outputs) = (
        sums.select(Axis(1), &working),
        outputs.select(Axis(1), &working),
    );
    let points: Vec<(f64, f64)> = sums.iter().copied().zip(outputs.iter().copied()).collect();
    let (gain, offset) = line(&points);
    let residuals = outputs - sums.mapv(|sum| gain * sum + offset);
    Ok(Seen {
        gain,
        column_sigma_lsb: median(residuals.std_axis(Axis(0), 1.0)),
        pooled_sigma_lsb: deviation(&residuals.into_iter().collect::<Vec<_>>()),
    })
}
