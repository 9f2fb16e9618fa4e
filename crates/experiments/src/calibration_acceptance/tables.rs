//! What chips show, in tables.

use bss2_calibration::acceptance::Group;

use super::Parameters;
use super::chip_run::{ChipRun, Treatment};
use super::summary::{Place, count, of_process, passes};
use crate::ExperimentError;
use crate::acceptance::State;
use crate::plot::fixed;
use crate::report::{Cell, Column, Table};
use crate::statistics::median;
use crate::wording::unbroken;

/// How many chips meet each criterion, process by process.
pub(super) fn counts(runs: &[ChipRun], parameters: &Parameters) -> Result<Table, ExperimentError> {
    let processes: Vec<Vec<&ChipRun>> = (0..parameters.processes.len())
        .map(|process| of_process(runs, process))
        .collect();
    let named: Vec<String> = parameters
        .processes
        .iter()
        .zip(&processes)
        .map(|(process, runs)| format!("{} {}", runs.len(), process.name))
        .collect();
    let mut columns = vec![
        Column::text("No."),
        Column::text("Criterion"),
        Column::number("Limit"),
    ];
    columns.extend(Treatment::ALL.map(|treatment| Column::number(treatment.name())));
    let caption = format!(
        "How many chips meet each criterion, of {}",
        named.join(" / ")
    );
    let mut table = Table::new(caption, columns);
    for group in Group::ALL {
        for place in Place::all().filter(|place| place.group == group) {
            let mut row = vec![
                Cell::text(place.number()),
                Cell::text(unbroken(place.criterion.name)),
                Cell::text(place.criterion.limit_with_unit()),
            ];
            row.extend(Treatment::ALL.map(|t| counted(&processes, |runs| place.met(runs, t))));
            table.push_row(row)?;
        }
        let mut row = vec![
            Cell::text((group as usize + 1).to_string()),
            Cell::text(format!("{}: all of these", group.name())),
            Cell::text(""),
        ];
        row.extend(Treatment::ALL.map(|t| counted(&processes, |runs| passes(runs, t, group))));
        table.push_row(row)?;
    }
    Ok(table)
}

/// Counts of all processes; a dash where nothing was tested.
fn counted(processes: &[Vec<&ChipRun>], chips: impl Fn(&[&ChipRun]) -> Vec<bool>) -> Cell {
    let counts: Vec<String> = processes
        .iter()
        .map(|runs| match &chips(runs)[..] {
            [] => "–".to_owned(),
            chips => count(chips).to_string(),
        })
        .collect();
    Cell::text(counts.join(" / "))
}

/// How far calibrated chips stay from the limits.
pub(super) fn values(runs: &[ChipRun], parameters: &Parameters) -> Result<Table, ExperimentError> {
    let mut columns = vec![
        Column::text("No."),
        Column::text("Criterion"),
        Column::number("Limit"),
    ];
    let processes = parameters.processes.iter();
    columns.extend(processes.map(|process| Column::number(&*process.name)));
    let mut table = Table::new(
        "What chips show right after calibration: median (least … greatest) over the chips",
        columns,
    );
    for place in Place::all() {
        let mut row = vec![
            Cell::text(place.number()),
            Cell::text(unbroken(place.criterion.name)),
            Cell::text(place.criterion.limit_with_unit()),
        ];
        row.extend((0..parameters.processes.len()).map(|process| {
            let values = place.values(
                &of_process(runs, process),
                Treatment::Known(State::Calibrated),
            );
            Cell::text(range(&values))
        }));
        table.push_row(row)?;
    }
    Ok(table)
}

/// Median, least and greatest; a dash without values.
fn range(values: &[f64]) -> String {
    if values.is_empty() {
        return "–".to_owned();
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let decimals = if greatest.abs() < 10.0 { 2 } else { 1 };
    let number = |value| fixed(value, decimals);
    let median = number(median(values.iter().copied()));
    if least == greatest {
        return median;
    }
    format!("{median} ({} … {})", number(least), number(greatest))
}
