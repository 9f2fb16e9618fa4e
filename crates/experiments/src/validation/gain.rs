//! Rows 1 to 3: gain and noise.

use bss2_core::RunSettings;
use ndarray::{Array2, Axis};
use rand::RngExt;

use super::Measured;
use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{line, mean};

const TABLE_1: &str = "arXiv:2609.15527, table 1";
const RATIO: &str = "\
    random weights and inputs instead of those of trained layers; there, gains of different \
    layers at 2 and at 4 sends, here ratios on the same weights; the limit of 5 % is ours";

pub(super) const CHECKS: &[Check] = &[
    Check::shown(
        1,
        "gain, wait 5, one send",
        "LSB per activation·weight",
        5,
        "hxtorch defaults; demos; arXiv:2609.15527",
    )
    .within(Band::new(0.0015, 0.0021))
    .departing(
        "the sources give parameters of models (0.002, 0.0018), single results and gains of \
         trained layers (0.0015 per send), the band around them is ours; here the slope over \
         random weights and inputs",
    ),
    Check::shown(
        2,
        "trial-to-trial σ, single pass",
        "LSB",
        2,
        "hxtorch defaults; arXiv:2609.15527",
    )
    .within(Band::new(1.2, 2.0))
    .departing(
        "the sources give parameters of models (2.0, 1.6) and σ over resampled inputs (1.5, 1.7), \
         the band around them is ours; here repeats of one vector, mean over columns",
    ),
    Check::shown(
        3,
        "gain at 2 sends, relative to twice that at 1",
        "1",
        3,
        TABLE_1,
    )
    .within(Band::around(1.0, 0.05))
    .departing(RATIO),
    Check::shown(
        3,
        "gain at 4 sends, relative to four times that at 1",
        "1",
        3,
        TABLE_1,
    )
    .within(Band::around(1.0, 0.05))
    .departing(RATIO),
];

/// Random weights and vectors: the gain is the slope of results against exact sums. The weights are
/// small enough that four sends still lie in the linear range. Noise: repeats of one vector.
pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    const LARGEST_WEIGHT: i8 = 15;
    const VECTORS: usize = 100;
    const REPEATS: usize = 200;
    let geometry = lab.geometry();
    let mut random = lab.stimuli(1);
    let weights = Array2::from_shape_simple_fn((geometry.inputs(), geometry.columns()), || {
        random.random_range(-LARGEST_WEIGHT..=LARGEST_WEIGHT)
    });
    let vectors = Array2::from_shape_simple_fn((VECTORS, geometry.inputs()), || {
        random.random_range(0..=31_u8)
    });
    let sums = vectors.mapv(f64::from).dot(&weights.mapv(f64::from));
    let gain = |lab: &mut Lab, num_sends| -> Result<f64, ExperimentError> {
        let mut points = Vec::new();
        for hemisphere in 0..geometry.hemispheres() {
            lab.bench.load(hemisphere, weights.view())?;
            let settings = RunSettings::new(num_sends, 5)?;
            let outputs = lab.bench.run(hemisphere, settings, vectors.view())?;
            for (sums, outputs) in sums.outer_iter().zip(outputs.outer_iter()) {
                let sums = lab.of_working_in(hemisphere, sums.iter().copied());
                let outputs = lab.of_working_in(hemisphere, outputs.iter().copied());
                points.extend(sums.into_iter().zip(outputs));
            }
        }
        Ok(line(&points).0)
    };
    let gains = [gain(lab, 1)?, gain(lab, 2)?, gain(lab, 4)?];

    let repeated = Array2::from_shape_fn((REPEATS, geometry.inputs()), |(_, i)| vectors[[0, i]]);
    let mut noise = Vec::new();
    for hemisphere in 0..geometry.hemispheres() {
        let outputs = lab
            .bench
            .run(hemisphere, RunSettings::default(), repeated.view())?;
        noise.extend(lab.of_working_in(hemisphere, outputs.std_axis(Axis(0), 1.0)));
    }
    Ok(vec![
        gains[0],
        mean(&noise),
        gains[1] / (2.0 * gains[0]),
        gains[2] / (4.0 * gains[0]),
    ]
    .into())
}
