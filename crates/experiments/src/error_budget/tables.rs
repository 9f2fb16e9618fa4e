//! The tables of the report.

use super::budget::Budget;
use super::state::State;
use super::variant::Variant;
use crate::ExperimentError;
use crate::operating_point::{Measured, NetworkState};
use crate::report::{Cell, Column, Table};
use crate::wording::{text, with_interval};

/// What all sources together cost, and what is left without any.
pub(super) fn totals(budgets: &[Budget<'_>]) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Chips"),
        Column::text("State"),
        Column::text("Sources"),
        Column::number("Error, % of the signal"),
        Column::number("As deployed, %"),
        Column::number("Trained in the loop, %"),
    ];
    let mut table = Table::new(
        "Error of the multiplication and accuracy: mean ± standard deviation over chips",
        columns,
    );
    for budget in budgets {
        for state in State::ALL {
            for variant in [Variant::All, Variant::Ideal] {
                let percents = |network| text(budget.percents(state, variant, network), 1);
                table.push_row(vec![
                    Cell::text(&budget.case.name),
                    Cell::text(state.name()),
                    Cell::text(variant.text()),
                    Cell::text(text(
                        budget.values(state, variant, Measured::error_percent),
                        1,
                    )),
                    Cell::text(percents(NetworkState::Deployed)),
                    Cell::text(percents(NetworkState::Trained)),
                ])?;
            }
        }
    }
    Ok(table)
}

/// What goes with each source.
pub(super) fn off_alone(budgets: &[Budget<'_>], state: State) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Chips"),
        Column::text("Source"),
        Column::number("Squared error, %"),
        Column::number("As deployed, points"),
        Column::number("Trained in the loop, points"),
    ];
    let mut table = Table::new(
        format!(
            "{} chips, one source switched off: share of the squared error that goes, accuracy that comes \
             back; mean over chips (95 % interval)",
            capital(state.name())
        ),
        columns,
    );
    for budget in budgets {
        for source in budget.sources() {
            let gained = |network| with_interval(&budget.gained_without(state, source, network), 1);
            table.push_row(vec![
                Cell::text(&budget.case.name),
                Cell::text(source.name()),
                Cell::text(with_interval(&budget.error_share_percent(state, source), 1)),
                Cell::text(gained(NetworkState::Deployed)),
                Cell::text(gained(NetworkState::Trained)),
            ])?;
        }
    }
    Ok(table)
}

/// What each source costs alone.
pub(super) fn on_alone(budgets: &[Budget<'_>], state: State) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Chips"),
        Column::text("Source"),
        Column::number("Error, % of the signal"),
        Column::number("As deployed, points"),
        Column::number("Trained in the loop, points"),
    ];
    let mut table = Table::new(
        format!(
            "{} chips, one source alone: error of the multiplication, accuracy lost against a chip without \
             any; mean over chips (95 % interval)",
            capital(state.name())
        ),
        columns,
    );
    for budget in budgets {
        for source in budget.sources() {
            let lost = |network| with_interval(&budget.lost_with_only(state, source, network), 1);
            table.push_row(vec![
                Cell::text(&budget.case.name),
                Cell::text(source.name()),
                Cell::text(with_interval(&budget.error_alone_percent(state, source), 1)),
                Cell::text(lost(NetworkState::Deployed)),
                Cell::text(lost(NetworkState::Trained)),
            ])?;
        }
    }
    Ok(table)
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
