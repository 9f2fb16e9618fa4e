//! Row 13: what the wait between events does.

use bss2_core::RunSettings;
use ndarray::Array2;

use super::Measured;
use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{deviation, mean};

const SOURCE: &str = "hxtorch documentation and history";

const TREND: &str = "\
    gain: trend published, limit ours; followed event by event; the effect needs nearly full \
    lines, the stimulus for that is ours: x = 31 on all rows, w = 63 and −42 in turn";

pub(super) const CHECKS: &[Check] = &[
    Check::shown(
        13,
        "dense strong inputs: gain at wait 1 relative to wait 5",
        "1",
        3,
        SOURCE,
    )
    .within(Band::at_most(0.95))
    .departing(TREND),
    Check::shown(
        13,
        "dense strong inputs: gain at wait 2 relative to wait 5",
        "1",
        3,
        SOURCE,
    )
    .within(Band::at_most(0.98))
    .departing(TREND),
    Check::shown(
        13,
        "dense inputs of one sign, x = 31, w = 10: gain at wait 1 relative to wait 5",
        "1",
        3,
        SOURCE,
    ),
    Check::shown(
        13,
        "spread of drifts over columns at wait 25 relative to wait 5",
        "1",
        2,
        SOURCE,
    )
    .within(Band::at_least(1.5))
    .departing("drift: trend published, limit ours; as many events at weight 0"),
];

/// Dense strong inputs: all rows at x = 31, with strong excitation and somewhat weaker inhibition,
/// so that lines are full and results stay in range. Drift: as many events at weight 0. Lines so
/// full lie beyond what the lumped model is good for.
pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    lab.follow_events();
    let geometry = lab.geometry();
    let dense = vec![31; geometry.inputs()];
    let mean_at = |lab: &mut Lab, wait| -> Result<f64, ExperimentError> {
        let outputs = lab.mean_over_runs(RunSettings::new(1, wait)?, &dense, 4)?;
        Ok(mean(&lab.of_working(outputs)))
    };
    let strong = Array2::from_shape_fn((geometry.inputs(), geometry.columns()), |(row, _)| {
        if row % 2 == 0 { 63 } else { -42 }
    });
    for hemisphere in 0..geometry.hemispheres() {
        lab.bench.load(hemisphere, strong.view())?;
    }
    let slow = mean_at(lab, 5)?;
    let gains = [mean_at(lab, 1)? / slow, mean_at(lab, 2)? / slow];

    lab.load_uniform(10)?;
    let of_one_sign = mean_at(lab, 1)? / mean_at(lab, 5)?;

    lab.load_uniform(0)?;
    let mut spread_at = |wait| -> Result<f64, ExperimentError> {
        let outputs = lab.mean_over_runs(RunSettings::new(1, wait)?, &dense, 16)?;
        Ok(deviation(&lab.of_working(outputs)))
    };
    let spread = spread_at(25)? / spread_at(5)?;
    Ok(vec![gains[0], gains[1], of_one_sign, spread].into())
}
