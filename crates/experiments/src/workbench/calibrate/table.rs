//! The routines, and the registers of quadrants, in tables.

use bss2_calibration::{CalibrationResult, RoutineResult};
use bss2_core::{Register, Scope};

use super::super::quadrants::short_name;
use crate::ExperimentError;
use crate::plot::{fixed, significant};
use crate::report::{Cell, Column, Table};
use crate::workbench::cost::chip_time_ms;

/// One row per routine, in their order.
pub(super) fn routines(result: &CalibrationResult) -> Result<Table, ExperimentError> {
    let caption = format!(
        "Chip {}, {} procedure. Residual: standard deviation of the distance from the target over \
         the instances that succeeded.",
        result.chip,
        result.procedure.name()
    );
    let columns = vec![
        Column::text("Routine"),
        Column::text("Register"),
        Column::number("Before"),
        Column::number("After"),
        Column::text("Unit"),
        Column::number("OK (%)"),
        Column::number("Measurements"),
        Column::number("Settles"),
        Column::number("Chip time (ms)"),
    ];
    let mut table = Table::new(caption, columns);
    for routine in &result.routines {
        let [before, after] = spreads(routine).map(|spread| match spread {
            Some(spread) => significant(spread, 3),
            None => "–".to_owned(),
        });
        table.push_row(vec![
            Cell::text(&routine.name),
            Cell::text(routine.register.name()),
            Cell::text(before),
            Cell::text(after),
            Cell::text(&routine.unit),
            Cell::number(100.0 * routine.success_rate(), 1),
            Cell::text(routine.measurements.to_string()),
            Cell::text(routine.cost.settles.to_string()),
            Cell::number(chip_time_ms(&routine.cost), 0),
        ])?;
    }
    Ok(table)
}

/// The same in fewer columns, for a page.
pub(super) fn routines_for_page(result: &CalibrationResult) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Routine"),
        Column::text("Register"),
        Column::number("Residual"),
        Column::number("OK (%)"),
        Column::number("Runs"),
        Column::number("Settles"),
        Column::number("ms"),
    ];
    let mut table = Table::new(
        "Routines: residual before → after, share of instances that succeeded, measurements of all \
         instances, settles, chip time",
        columns,
    );
    for (index, routine) in result.routines.iter().enumerate() {
        let [before, after] = spreads(routine).map(|spread| match spread {
            Some(spread) => significant(spread, 2),
            None => "–".to_owned(),
        });
        let residual = format!("{before} → {after} {}", routine.unit);
        table.push_row(vec![
            Cell::text(format!("{}. {}", index + 1, routine.name)),
            Cell::text(routine.register.name()),
            Cell::text(residual.trim_end_matches(" 1").replace(' ', "\u{a0}")),
            Cell::number(100.0 * routine.success_rate(), 1),
            Cell::text(routine.measurements.to_string()),
            Cell::text(routine.cost.settles.to_string()),
            Cell::number(chip_time_ms(&routine.cost), 0),
        ])?;
    }
    Ok(table)
}

/// Spread of the residuals before and after; none where nothing succeeded.
pub(super) fn spreads(routine: &RoutineResult) -> [Option<f64>; 2] {
    let any = routine.success.contains(&true);
    [routine.spread_before(), routine.spread_after()].map(|spread| any.then_some(spread))
}

/// The registers that quadrants share, where a routine turned them.
pub(super) fn quadrants(result: &CalibrationResult) -> Result<Table, ExperimentError> {
    let turned = turned(result, |scope| scope == Scope::Quadrant);
    let count = turned
        .first()
        .map_or(0, |register| result.values(*register).len());
    let names = (0..count).map(|quadrant| Column::number(short_name(quadrant)));
    let columns: Vec<Column> = [Column::text("Register")]
        .into_iter()
        .chain(names)
        .chain([Column::number("Reset")])
        .collect();
    let mut table = Table::new("Registers of the quadrants, as they were left", columns);
    for register in turned {
        let values = result.values(register).iter();
        let values = values.map(|&value| Cell::text(fixed(f64::from(value), 0)));
        let reset = fixed(f64::from(register.spec().reset), 0);
        table.push_row(
            [Cell::text(register.name())]
                .into_iter()
                .chain(values)
                .chain([Cell::text(reset)])
                .collect(),
        )?;
    }
    Ok(table)
}

/// Registers of some scopes that routines turned, in the order of the registers.
pub(super) fn turned(result: &CalibrationResult, keep: impl Fn(Scope) -> bool) -> Vec<Register> {
    let registers = Register::ALL.iter().copied();
    registers
        .filter(|register| keep(register.spec().scope))
        .filter(|register| result.routines.iter().any(|r| r.register == *register))
        .collect()
}

/// The last routine of each register that has one per driver, column or channel: the one that says
/// how the register was left.
pub(super) fn last_routines(result: &CalibrationResult) -> Vec<&RoutineResult> {
    let routines = result.routines.iter().enumerate();
    routines
        .filter(|(_, routine)| routine.register.spec().scope != Scope::Quadrant)
        .filter(|(index, routine)| {
            let mut later = result.routines[index + 1..].iter();
            !later.any(|later| later.register == routine.register)
        })
        .map(|(_, routine)| routine)
        .collect()
}
