//! The charts.

use bss2_calibration::RoutineResult;
use bss2_core::Register;

use super::chip_run::ChipRun;
use super::stage::Stage;
use super::statistics::accuracies;
use super::{EXPERIMENT, calibration_rows};
use crate::named_chart::NamedChart;
use crate::plot::{
    Axis, Bins, Category, CategoryChart, Distribution, ErrorStyle, Histogram, LineChart, LinePoint,
    LineSeries,
};
use crate::{DataDescription, ExperimentError};

pub(super) fn charts(
    runs: &[ChipRun],
    data: &DataDescription,
) -> Result<Vec<NamedChart>, ExperimentError> {
    let baselines = residual_chart(
        runs,
        Register::CadcOffset,
        "CADC baselines before and after calibration",
        50.0,
    )?;
    let gains = residual_chart(
        runs,
        Register::IBiasSyninExcGm,
        "Column amplitudes before and after calibration",
        40.0,
    )?;
    Ok(vec![
        NamedChart::new(
            "first-study-error",
            error_chart(runs, data)?,
            "Each dot is one chip with its own network; the marker shows mean ± standard \
                deviation.",
            EXPERIMENT.records_file,
        ),
        NamedChart::new(
            "first-study-learning",
            learning_chart(runs)?,
            "Share of training samples classified correctly when they were visited, mean \
                ± standard deviation over chips.",
            EXPERIMENT.records_file,
        ),
        NamedChart::new(
            "first-study-baselines",
            baselines,
            "Code of the CADC channels of all chips without any event, relative to 128. \
                Channels that could not be calibrated are left out here and counted in the table.",
            calibration_rows::FILE,
        ),
        NamedChart::new(
            "first-study-gains",
            gains,
            "Amplitude of the columns of all chips for the same excitatory input, relative to \
                the target (the chip's median). Columns that could not be calibrated are left out \
                here and counted in the table.",
            calibration_rows::FILE,
        ),
    ])
}

/// Errors rather than accuracies, on a logarithmic axis: 2 % and 4 % differ as visibly as 30 % and
/// 60 %.
fn error_chart(runs: &[ChipRun], data: &DataDescription) -> Result<CategoryChart, ExperimentError> {
    let errors = |stage| accuracies(runs, stage).iter().map(|a| 100.0 - a).collect();
    let categories = Stage::ALL
        .map(|stage| Category::new(stage.name(), errors(stage)))
        .into();
    let title = format!("Test error from float to chip: {}", data.name);
    let axis = Axis::logarithmic("Test error", "%").within(0.0, 100.0)?;
    Ok(CategoryChart::new(title, axis, categories)
        .with_dot_label("one chip")
        .with_decimals(1))
}

fn learning_chart(runs: &[ChipRun]) -> Result<LineChart, ExperimentError> {
    let series =
        Stage::RETRAINED.map(|stage| LineSeries::new(stage.name(), learning_curve(runs, stage)));
    Ok(LineChart::new(
        "Learning of the deployed network",
        Axis::linear("Epoch", "").whole_numbers(),
        Axis::linear("Training accuracy", "%").within(0.0, 100.0)?,
        series.into(),
    )
    .with_error_style(ErrorStyle::Band))
}

/// Training accuracy per epoch, over all chips.
fn learning_curve(runs: &[ChipRun], stage: Stage) -> Vec<LinePoint> {
    let curves: Vec<_> = runs.iter().map(|run| &run.at(stage).learning).collect();
    let epochs = curves.iter().map(|curve| curve.len()).max().unwrap_or(0);
    let point = |epoch: usize| {
        let visited = curves.iter().filter_map(|curve| curve.get(epoch));
        let accuracies: Vec<f64> = visited.map(|e| 100.0 * e.accuracy).collect();
        LinePoint::over((epoch + 1) as f64, &accuracies)
    };
    (0..epochs).filter_map(point).collect()
}

/// Distances from the target of all instances of a register on all chips, up to ±`limit`.
fn residual_chart(
    runs: &[ChipRun],
    register: Register,
    title: &str,
    limit: f64,
) -> Result<Histogram, ExperimentError> {
    // A register may be calibrated more than once.
    let routines = |run: &'_ ChipRun| -> Vec<RoutineResult> {
        let routines = run.calibration.routines.iter();
        routines
            .filter(|r| r.register == register)
            .cloned()
            .collect()
    };
    let of = |pick: fn(&[RoutineResult]) -> Option<Vec<f64>>| -> Vec<f64> {
        runs.iter()
            .filter_map(|run| pick(&routines(run)))
            .flatten()
            .collect()
    };
    let unit = runs.first().map(routines);
    let unit = unit
        .as_ref()
        .and_then(|r| r.first())
        .map_or("", |r| r.unit.as_str());
    let before = of(|r| r.first().map(|r| succeeded(r, &r.before)));
    let after = of(|r| r.last().map(|r| succeeded(r, &r.after)));
    let axis = Axis::linear("Distance from target", unit).with_range(-limit, limit)?;
    let distributions = vec![
        Distribution::new("before", before),
        Distribution::new("after", after),
    ];
    Ok(Histogram::new(title, axis, distributions)
        .with_bins(Bins::About(60))
        .with_logarithmic_counts())
}

/// The residuals of the instances that the routine could calibrate, as in the table.
fn succeeded(routine: &RoutineResult, residuals: &[Option<f64>]) -> Vec<f64> {
    let instances = residuals.iter().zip(&routine.success);
    instances
        .filter(|(_, s)| **s)
        .filter_map(|(r, _)| *r)
        .collect()
}
