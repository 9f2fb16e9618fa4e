//! Rows 1 to 3: gain and noise.

use bss2_core::RunSettings;
use ndarray::{Array2, Axis};
use rand::RngExt;

use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{line, mean};

pub(super) const CHECKS: &[Check] = &[
    Check {
        row: 1,
        quantity: "gain, wait 5, one send",
        unit: "LSB per activation·weight",
        band: Band::new(0.0015, 0.0021),
        decimals: 5,
        source: "hxtorch defaults; demos; arXiv:2609.15527",
    },
    Check {
        row: 2,
        quantity: "trial-to-trial σ, single pass",
        unit: "LSB",
        band: Band::new(1.2, 2.0),
        decimals: 2,
        source: "hxtorch defaults; arXiv:2609.15527",
    },
    Check {
        row: 3,
        quantity: "gain at 2 sends, relative to twice that at 1",
        unit: "1",
        band: Band::around(1.0, 0.05),
        decimals: 3,
        source: "arXiv:2609.15527, table 1",
    },
    Check {
        row: 3,
        quantity: "gain at 4 sends, relative to four times that at 1",
        unit: "1",
        band: Band::around(1.0, 0.05),
        decimals: 3,
        source: "arXiv:2609.15527, table 1",
    },
];

/// Random weights and vectors: the gain is the slope of results against exact sums. The weights are
/// small enough that four sends still lie in the linear range. Noise: repeats of one vector.
pub(super) fn measure(lab: &mut Lab) -> Result<Vec<f64>, ExperimentError> {
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
    ])
}
