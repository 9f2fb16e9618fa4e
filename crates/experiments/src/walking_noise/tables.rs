//! The tables.

use bss2_training::NoiseKind;

use super::Results;
use super::architecture::Architecture;
use super::network_run::Bearing;
use super::results::KINDS;
use crate::published::WALKING_NOISE_MNIST_SIGMAS;
use crate::report::{Cell, Column, ReportError, Table};
use crate::wording::text;

/// Noise on all layers.
pub(super) fn global(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut columns = vec![
        Column::text("Network"),
        Column::number("Accuracy, %"),
        Column::number("Additive"),
        Column::number("Trained: ×"),
        Column::number("Accuracy then, %"),
        Column::number("Multiplicative"),
        Column::number("Trained: ×"),
    ];
    let is_published = results.has_published_counterpart();
    if is_published {
        columns.push(Column::number("Published"));
    }
    let mut table = Table::new(
        "Noise on all layers: mean ± standard deviation over seeds; midpoints of networks trained \
         without noise, what training with such noise multiplies them by, and what accuracy without \
         noise it leaves",
        columns,
    );
    for architecture in Architecture::ALL {
        let accuracies = results.of(architecture).map(|run| run.accuracy_percent);
        let values = |kind, of: fn(&_) -> _| results.values(architecture, kind, 0, of);
        let [additive, multiplicative] = KINDS.map(|(kind, _)| {
            [
                values(kind, |bearing| bearing.midpoint),
                values(kind, Bearing::gain),
            ]
        });
        let hardened = values(NoiseKind::Additive, |bearing| {
            Some(bearing.hardened.as_ref()?.accuracy_percent)
        });
        let mut row = vec![
            Cell::text(architecture.name()),
            Cell::text(text(accuracies, 1)),
        ];
        for ([midpoints, gains], accuracies) in [(additive, Some(hardened)), (multiplicative, None)]
        {
            row.push(Cell::text(text(midpoints, 3)));
            row.push(Cell::text(text(gains, 2)));
            row.extend(accuracies.map(|accuracies| Cell::text(text(accuracies, 1))));
        }
        if is_published {
            row.push(Cell::text(text(published(architecture), 3)));
        }
        table.push_row(row)?;
    }
    Ok(table)
}

/// The published midpoint of a network of the same kind.
pub(super) fn published(architecture: Architecture) -> Option<f64> {
    let mut published = WALKING_NOISE_MNIST_SIGMAS.iter();
    let found = published.find(|(name, _)| *name == architecture.published_name());
    found.map(|(_, sigma)| *sigma)
}

/// Noise on one layer at a time.
pub(super) fn layers(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "Noise on one layer at a time: mean ± standard deviation over seeds; additive noise in units of \
         the outputs and relative to their root mean square; what training with such noise multiplies \
         the midpoint and the outputs by",
        vec![
            Column::text("Network"),
            Column::text("Layer"),
            Column::number("Outputs"),
            Column::number("Additive"),
            Column::number("÷ outputs"),
            Column::number("Trained: ×"),
            Column::number("Outputs: ×"),
            Column::number("Multiplicative"),
        ],
    );
    for architecture in Architecture::ALL {
        for (place, name) in results.places(architecture).into_iter().enumerate().skip(1) {
            let cell = |kind, of: fn(&_) -> _, decimals| {
                Cell::text(text(
                    results.values(architecture, kind, place, of),
                    decimals,
                ))
            };
            let (additive, multiplicative) = (NoiseKind::Additive, NoiseKind::Multiplicative);
            table.push_row(vec![
                Cell::text(architecture.name()),
                Cell::text(name),
                cell(additive, |bearing| bearing.output_rms, 2),
                cell(additive, |bearing| bearing.midpoint, 2),
                cell(additive, Bearing::relative_midpoint, 2),
                cell(additive, Bearing::gain, 2),
                cell(additive, Bearing::growth, 2),
                cell(multiplicative, |bearing| bearing.midpoint, 2),
            ])?;
        }
    }
    Ok(table)
}
