//! Every instance of every register that was calibrated, as rows of a table of their own.

use bss2_calibration::RoutineResult;
use serde::Serialize;

use super::chip_run::ChipRun;
use crate::{CsvFile, ExperimentError};

/// The file that holds them.
pub(super) const FILE: &str = "first-study-calibration.csv";

/// What a routine did to one instance of its register.
#[derive(Serialize)]
struct Row<'a> {
    chip_seed: u64,
    routine: &'a str,
    register: &'static str,
    instance: usize,
    /// The register's value that was found.
    value: i32,
    /// Distance from the target before the routine.
    before: Option<f64>,
    /// The same after it.
    after: Option<f64>,
    /// Unit of the distances.
    unit: &'a str,
    success: bool,
}

/// The rows of all chips.
pub(super) fn table(runs: &[ChipRun]) -> Result<CsvFile, ExperimentError> {
    let rows = runs.iter().flat_map(|run| {
        let routines = &run.calibration.routines;
        routines.iter().flat_map(|routine| rows(run.seed, routine))
    });
    CsvFile::of(FILE, rows)
}

fn rows(chip_seed: u64, routine: &RoutineResult) -> impl Iterator<Item = Row<'_>> {
    let found = routine.values.iter().zip(&routine.success);
    let residuals = routine.before.iter().zip(&routine.after);
    let instances = found.zip(residuals).enumerate();
    instances.map(
        move |(instance, ((&value, &success), (&before, &after)))| Row {
            chip_seed,
            routine: &routine.name,
            register: routine.register.name(),
            instance,
            value,
            before,
            after,
            unit: &routine.unit,
            success,
        },
    )
}
