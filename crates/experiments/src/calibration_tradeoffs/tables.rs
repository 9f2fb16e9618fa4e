//! The tables.

use super::results::AtPoint;
use super::tradeoff::{Expected, Found};
use crate::ExperimentError;
use crate::report::{Cell, Column, Table, Verdict};
use crate::wording::{chips, text};

/// What became of what is known.
pub(super) fn tradeoffs(found: &[Found<'_>], chip_count: usize) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        format!(
            "Known trade-offs, from one end of each knob to the other; mean ± standard deviation \
             over {}",
            chips(chip_count)
        ),
        vec![
            Column::text("Turned"),
            Column::text("Quantity"),
            Column::text("Expected"),
            Column::number("At first"),
            Column::number("At last"),
            Column::text("Visible"),
        ],
    );
    for found in found {
        let quantity = found.tradeoff.quantity;
        let value =
            |at: &AtPoint<'_>| Cell::text(text(at.values(quantity.value), quantity.decimals));
        let name = match quantity.unit {
            "" => quantity.name.to_owned(),
            unit => format!("{}, {unit}", quantity.name),
        };
        let expected = match found.tradeoff.expected {
            Expected::Rises => "rises",
            Expected::Falls => "falls",
        };
        table.push_row(vec![
            Cell::text(format!(
                "{}, {} → {}",
                found.tradeoff.turned(),
                found.from.point.value,
                found.to.point.text()
            )),
            Cell::text(name),
            Cell::text(expected),
            value(&found.from),
            value(&found.to),
            Cell::verdict(Verdict::of(found.is_visible())),
        ])?;
    }
    Ok(table)
}
