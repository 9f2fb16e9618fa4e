//! The charts of a calibration.

use bss2_calibration::{CalibrationResult, RoutineResult};
use bss2_core::{ArrayGeometry, Register, Scope};

use super::super::quadrants::{quadrant_of, short_name};
use super::table::{last_routines, spreads, turned};
use crate::ExperimentError;
use crate::plot::{
    Axis, Bar, BarChart, Bins, Change, ChangeChart, Chart, Distribution, HeatMap, Histogram,
    Panels, Reference,
};
use crate::workbench::cost::chip_time_ms;

/// Residuals before and after each routine.
pub(super) fn changes(result: &CalibrationResult) -> ChangeChart {
    let changes = numbered(result).map(|(name, routine)| {
        let [before, after] = spreads(routine).map(|spread| spread.unwrap_or(f64::NAN));
        Change::new(format!("{name} ({})", routine.unit), before, after)
    });
    ChangeChart::new(
        "Residuals before and after each routine",
        Axis::logarithmic("Standard deviation of the residuals, each in its unit", ""),
        ["before", "after"],
        changes.collect(),
    )
}

/// Chip time of each routine.
pub(super) fn chip_times(result: &CalibrationResult) -> BarChart {
    let bars = numbered(result).map(|(name, routine)| Bar::new(name, chip_time_ms(&routine.cost)));
    let axis = Axis::linear("Chip time", "ms");
    BarChart::new("Chip time of each routine", axis, bars.collect())
}

/// Routines with their place in the order: some run more than once.
fn numbered(result: &CalibrationResult) -> impl Iterator<Item = (String, &RoutineResult)> {
    let routines = result.routines.iter().enumerate();
    routines.map(|(index, routine)| (format!("{}. {}", index + 1, routine.name), routine))
}

/// Distributions of the residuals of the last routine of each register.
pub(super) fn residuals(result: &CalibrationResult) -> Panels {
    let panels = last_routines(result).into_iter().map(|routine| {
        let distribution = |name: &str, residuals: &[Option<f64>]| {
            Distribution::new(name, residuals.iter().flatten().copied().collect())
        };
        let chart = Histogram::new(
            routine.name.clone(),
            Axis::linear("Distance from the target", &routine.unit),
            vec![
                distribution("before", &routine.before),
                distribution("after", &routine.after),
            ],
        )
        .with_logarithmic_counts()
        .with_bins(Bins::About(40));
        Box::new(chart) as Box<dyn Chart>
    });
    Panels::new(
        "Residuals of single instances, last routine of each register",
        panels.collect(),
    )
}

/// Distributions of the registers that drivers, columns and channels have, by quadrant.
pub(super) fn parameters(result: &CalibrationResult, geometry: ArrayGeometry) -> Panels {
    let registers = turned(result, |scope| scope != Scope::Quadrant);
    let panels = registers.into_iter().map(|register| {
        let reset = f64::from(register.spec().reset);
        let chart = Histogram::new(
            register.name(),
            Axis::linear("Value", "").whole_numbers(),
            by_quadrant(register, result.values(register), geometry),
        )
        .with_bins(Bins::About(12))
        .with_reference(Reference::line(reset, "reset"));
        Box::new(chart) as Box<dyn Chart>
    });
    Panels::new("Registers as they were left, by quadrant", panels.collect())
}

fn by_quadrant(register: Register, values: &[i32], geometry: ArrayGeometry) -> Vec<Distribution> {
    let scope = register.spec().scope;
    let quadrants = Scope::Quadrant.instances(geometry);
    (0..quadrants)
        .map(|quadrant| {
            let own = values
                .iter()
                .enumerate()
                .filter(|(instance, _)| {
                    quadrant_of_instance(scope, *instance, geometry) == quadrant
                })
                .map(|(_, value)| f64::from(*value));
            Distribution::new(short_name(quadrant), own.collect())
        })
        .collect()
}

/// The quadrant of an instance of a scope. Channels stand by kind within a hemisphere.
fn quadrant_of_instance(scope: Scope, instance: usize, geometry: ArrayGeometry) -> usize {
    match scope {
        Scope::Channel => {
            let column = instance % geometry.columns();
            let hemisphere = instance / scope.per_hemisphere(geometry);
            quadrant_of(hemisphere * geometry.columns() + column, geometry.columns())
        }
        scope => quadrant_of(instance, scope.per_hemisphere(geometry)),
    }
}

/// How many of the last routines of their registers each column, or each driver, failed.
pub(super) fn failures(
    result: &CalibrationResult,
    scope: Scope,
    geometry: ArrayGeometry,
) -> Result<HeatMap, ExperimentError> {
    let (title, unit) = match scope {
        Scope::Driver => ("Drivers that failed", "driver"),
        _ => ("Columns that failed", "column"),
    };
    let counts = failures_by(result, scope, geometry);
    folded(title, unit, &counts, scope.per_hemisphere(geometry))
}

/// By column or driver of the chip. A column answers for the channel that delivers its results.
pub(super) fn failures_by(
    result: &CalibrationResult,
    scope: Scope,
    geometry: ArrayGeometry,
) -> Vec<usize> {
    let per_hemisphere = scope.per_hemisphere(geometry);
    let mut counts = vec![0; scope.instances(geometry)];
    for routine in last_routines(result) {
        let stride = match (scope, routine.register.spec().scope) {
            (Scope::Column, Scope::Channel) => Scope::Channel.per_hemisphere(geometry),
            (wanted, own) if wanted == own => per_hemisphere,
            _ => continue,
        };
        for (hemisphere, counts) in counts.chunks_mut(per_hemisphere).enumerate() {
            let own = routine.success.iter().skip(hemisphere * stride);
            for (count, success) in counts.iter_mut().zip(own) {
                *count += usize::from(!success);
            }
        }
    }
    counts
}

/// Elements in rows of 32, hemisphere below hemisphere.
fn folded(
    title: &str,
    unit: &str,
    counts: &[usize],
    per_hemisphere: usize,
) -> Result<HeatMap, ExperimentError> {
    const WIDTH: usize = 32;
    let width = WIDTH.min(per_hemisphere);
    let rows_each = per_hemisphere.div_ceil(width);
    let hemispheres = counts.len() / per_hemisphere;
    let mut values = vec![f64::NAN; hemispheres * rows_each * width];
    for (element, &count) in counts.iter().enumerate() {
        let (hemisphere, place) = (element / per_hemisphere, element % per_hemisphere);
        values[hemisphere * rows_each * width + place] = count as f64;
    }
    let names = (0..hemispheres * rows_each).map(|row| {
        let (hemisphere, row) = (row / rows_each, row % rows_each);
        format!("{hemisphere}: {}", row * width)
    });
    let most = counts.iter().max().copied().unwrap_or(0).max(1);
    let axis = Axis::linear(format!("Routines that each {unit} failed"), "")
        .whole_numbers()
        .with_range(0.0, most as f64)?;
    let map = HeatMap::new(title, axis, (hemispheres * rows_each, width), values)?
        .with_captions(
            format!("Hemisphere: first {unit} of the row"),
            "Place in the row",
        )
        .with_row_names(names.collect())?;
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_lie_in_the_quadrant_of_their_column() {
        let geometry = ArrayGeometry::new(2, 2, 4).unwrap();
        let quadrants: Vec<usize> = (0..16)
            .map(|instance| quadrant_of_instance(Scope::Channel, instance, geometry))
            .collect();
        assert_eq!(quadrants, [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]);
    }

    #[test]
    fn folding_fills_up_with_missing_values() {
        let map = folded("t", "column", &[0, 1, 2], 3).unwrap();
        assert!(map.to_svg().contains("1 rows by 3 columns"));
        let map = folded("t", "column", &[0; 40], 40).unwrap();
        assert!(map.to_svg().contains("24 missing"));
    }
}
