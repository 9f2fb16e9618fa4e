//! What a plan costs, in a table.

use bss2_mapping::{PlanCost, Workload};

use crate::ExperimentError;
use crate::plot::{fixed, significant};
use crate::report::{Cell, Column, Table};

/// One row per quantity, per vector only where that means something.
pub(super) fn of(cost: &PlanCost, workload: Workload) -> Result<Table, ExperimentError> {
    let ledger = &cost.ledger;
    let count = |count: u64| fixed(count as f64, 0);
    let whole = [
        ("passes", "1", count(cost.passes)),
        ("array runs", "1", count(cost.array_runs)),
        ("utilisation", "%", fixed(100.0 * cost.utilisation, 1)),
        ("weights written", "1", count(ledger.weights_written)),
    ];
    let counts = [
        ("vectors sent", ledger.vectors),
        ("events", ledger.events),
        ("CADC conversions", ledger.cadc_conversions),
    ];
    let sums = [
        ("chip time", "µs", cost.chip_time_us),
        ("energy", "µJ", cost.energy_uj),
    ];

    let columns = vec![
        Column::text("Quantity"),
        Column::text("Unit"),
        Column::number("In all"),
        Column::number("Per vector"),
    ];
    let mut table = Table::new(caption(workload), columns);
    let mut push = |name, unit, value, per_vector| {
        table.push_row(vec![
            Cell::text(name),
            Cell::text(unit),
            Cell::text(value),
            Cell::text(per_vector),
        ])
    };
    let per_vector = |value: f64| match workload.vectors() {
        0 => "–".to_owned(),
        vectors => significant(value / vectors as f64, 4),
    };
    for (name, unit, value) in whole {
        push(name, unit, value, "–".to_owned())?;
    }
    for (name, value) in counts {
        push(name, "1", count(value), per_vector(value as f64))?;
    }
    for (name, unit, value) in sums {
        push(name, unit, fixed(value, 1), per_vector(value))?;
    }
    Ok(table)
}

/// "Cost of 1000 vectors with 50 % of their inputs active, weights written once".
fn caption(workload: Workload) -> String {
    let vectors = match workload.vectors() {
        1 => "1 vector".to_owned(),
        vectors => format!("{} vectors", fixed(vectors as f64, 0)),
    };
    format!(
        "Cost of {vectors} with {} % of the inputs active, weights written once",
        significant(100.0 * workload.active_share(), 3)
    )
}
