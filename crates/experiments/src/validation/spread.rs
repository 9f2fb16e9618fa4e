//! Rows 4 and 5: how far columns lie apart.

use bss2_core::RunSettings;
use ndarray::Array2;

use super::Measured;
use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{deviation, mean, median};

const ONE_ROW: &str = "BrainScaleS-2 demos, figure (mean 50.9 LSB)";
const MANY_ROWS: &str = "BrainScaleS-2 demos, printed results";

/// Half a day after calibration.
pub(super) const CHECKS: &[Check] = &[
    Check::shown(
        4,
        "column spread, one row, x = 12, w = 21, 100 sends",
        "% of the mean",
        2,
        ONE_ROW,
    )
    .within(Band::new(4.0, 6.5))
    .departing(
        "8 rows on each hemisphere instead of one on one chip, median; the age of the figure's \
         calibration is unknown; the band around 5.3 % is ours",
    ),
    Check::shown(
        5,
        "column spread, 100 rows, x = 15, w = 21",
        "% of the mean",
        2,
        MANY_ROWS,
    )
    .within(Band::new(3.5, 5.5))
    .departing(
        "all columns that work instead of the ten that are printed; the age of the calibration is \
         unknown, and `drift.gain` was set with this row in view; the band is ours",
    ),
];

/// Right after calibration.
pub(super) const CHECKS_AT_ONCE: &[Check] = &[
    Check::shown(
        4,
        "column spread right after calibration, one row as above",
        "% of the mean",
        2,
        ONE_ROW,
    ),
    Check::shown(
        5,
        "column spread right after calibration, 100 rows as above",
        "% of the mean",
        2,
        MANY_ROWS,
    ),
];

/// As in the tutorial: a single run, its noise included, over the columns of a hemisphere. The
/// median over some rows, or hemispheres, stands for the chip.
pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    const ROWS: usize = 100;
    let geometry = lab.geometry();
    lab.load_uniform(21)?;

    let one_row = Array2::from_shape_fn((8, geometry.inputs()), |(v, i)| {
        if i == v * geometry.inputs() / 8 {
            12
        } else {
            0
        }
    });
    let many_rows = Array2::from_shape_fn(
        (1, geometry.inputs()),
        |(_, i)| {
            if i < ROWS { 15 } else { 0 }
        },
    );
    let mut spreads = [Vec::new(), Vec::new()];
    for hemisphere in 0..geometry.hemispheres() {
        let stimuli = [
            (RunSettings::new(100, 5)?, &one_row),
            (RunSettings::default(), &many_rows),
        ];
        for ((settings, activations), spreads) in stimuli.into_iter().zip(&mut spreads) {
            let outputs = lab.bench.run(hemisphere, settings, activations.view())?;
            let relative = |row: ndarray::ArrayView1<'_, f64>| {
                let row = lab.of_working_in(hemisphere, row.iter().copied());
                100.0 * deviation(&row) / mean(&row)
            };
            spreads.extend(outputs.outer_iter().map(relative));
        }
    }
    Ok(spreads.map(median).to_vec().into())
}
