//! Row 13: what the wait between events does.

use bss2_core::RunSettings;
use ndarray::Array2;

use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{deviation, mean};

const SOURCE: &str = "hxtorch documentation and history";

const fn trend(quantity: &'static str, band: Band, decimals: usize) -> Check {
    Check {
        row: 13,
        quantity,
        unit: "1",
        band,
        decimals,
        source: SOURCE,
    }
}

pub(super) const CHECKS: &[Check] = &[
    trend(
        "dense strong inputs: gain at wait 1 relative to wait 5",
        Band::at_most(0.95),
        3,
    ),
    trend(
        "dense strong inputs: gain at wait 2 relative to wait 5",
        Band::at_most(0.98),
        3,
    ),
    trend(
        "spread of drifts over columns at wait 25 relative to wait 5",
        Band::at_least(1.5),
        2,
    ),
];

/// Dense strong inputs: all rows at x = 31, with strong excitation and somewhat weaker inhibition,
/// so that lines are full and results stay in range. Drift: as many events at weight 0.
pub(super) fn measure(lab: &mut Lab) -> Result<Vec<f64>, ExperimentError> {
    let geometry = lab.geometry();
    let dense = vec![31; geometry.inputs()];
    let strong = Array2::from_shape_fn((geometry.inputs(), geometry.columns()), |(row, _)| {
        if row % 2 == 0 { 63 } else { -42 }
    });
    for hemisphere in 0..geometry.hemispheres() {
        lab.bench.load(hemisphere, strong.view())?;
    }
    let mut mean_at = |wait| -> Result<f64, ExperimentError> {
        let outputs = lab.mean_over_runs(RunSettings::new(1, wait)?, &dense, 10)?;
        Ok(mean(&lab.of_working(outputs)))
    };
    let slow = mean_at(5)?;
    let gains = [mean_at(1)? / slow, mean_at(2)? / slow];

    lab.load_uniform(0)?;
    let mut spread_at = |wait| -> Result<f64, ExperimentError> {
        let outputs = lab.mean_over_runs(RunSettings::new(1, wait)?, &dense, 50)?;
        Ok(deviation(&lab.of_working(outputs)))
    };
    let spread = spread_at(25)? / spread_at(5)?;
    Ok(vec![gains[0], gains[1], spread])
}
