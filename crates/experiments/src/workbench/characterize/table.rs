//! The figures in a table: a row each, a column per quadrant and one for the chip.

use super::figures::{FIGURES, Part, State};
use crate::ExperimentError;
use crate::plot::fixed;
use crate::report::{Cell, Column, Table};
use crate::workbench::quadrants::short_name;

/// For the terminal: all states in one cell.
pub(super) fn of(states: &[State<'_>]) -> Result<Table, ExperimentError> {
    let quadrants = states.first().map_or(0, State::quadrants);
    let parts: Vec<Part> = [None].into_iter().chain((0..quadrants).map(Some)).collect();
    let columns = [Column::text("Quantity"), Column::text("Unit")]
        .into_iter()
        .chain(
            parts
                .iter()
                .map(|part| Column::number(part.map_or_else(|| "Chip".to_owned(), short_name))),
        );
    let names: Vec<&str> = states.iter().map(|state| state.name).collect();
    let mut table = Table::new(
        format!(
            "Figures of the chip and its quadrants, {}",
            names.join(" → ")
        ),
        columns.collect(),
    );
    for figure in FIGURES {
        let cell = |part: &Part| {
            let values: Vec<String> = states
                .iter()
                .map(|state| fixed((figure.value)(state, *part), figure.decimals))
                .collect();
            Cell::text(values.join(" → "))
        };
        table.push_row(
            [Cell::text(figure.name), Cell::text(figure.unit)]
                .into_iter()
                .chain(parts.iter().map(cell))
                .collect(),
        )?;
    }
    Ok(table)
}

/// For a page, in tables that are less wide: the chip's figures state beside state, then those of
/// its quadrants state by state.
pub(super) fn for_page(states: &[State<'_>]) -> Result<Vec<Table>, ExperimentError> {
    let chip: Vec<Entry<'_>> = states
        .iter()
        .map(|state| Entry {
            heading: state.name.to_owned(),
            state,
            part: None,
        })
        .collect();
    let mut tables = vec![table("Figures of the chip", &chip)?];
    for state in states {
        let quadrants: Vec<Entry<'_>> = (0..state.quadrants())
            .map(|quadrant| Entry {
                heading: short_name(quadrant),
                state,
                part: Some(quadrant),
            })
            .collect();
        tables.push(table(&format!("Quadrants, {}", state.name), &quadrants)?);
    }
    Ok(tables)
}

/// A column of a table on a page.
struct Entry<'a> {
    heading: String,
    state: &'a State<'a>,
    part: Part,
}

fn table(caption: &str, entries: &[Entry<'_>]) -> Result<Table, ExperimentError> {
    let headings = entries.iter().map(|entry| Column::number(&entry.heading));
    let columns = [Column::text("Quantity"), Column::text("Unit")];
    let mut table = Table::new(caption, columns.into_iter().chain(headings).collect());
    for figure in FIGURES {
        let cells = entries.iter().map(|entry| {
            let value = (figure.value)(entry.state, entry.part);
            Cell::number(value, figure.decimals)
        });
        let unit = figure.unit.replace(' ', "\u{a0}");
        let head = [Cell::text(figure.name), Cell::text(unit)];
        table.push_row(head.into_iter().chain(cells).collect())?;
    }
    Ok(table)
}
