//! The tables.

use super::Results;
use super::measured::Measured;
use super::placement_gain::Pair;
use super::remains::Cause;
use crate::published::MNIST_ACCURACIES_PERCENT;
use crate::report::{Cell, Column, ReportError, Table};
use crate::statistics::mean;
use crate::wording::text;

/// Every strategy.
pub(super) fn strategies(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "Every strategy: mean ± standard deviation over chips; errors on the same chip relative to the \
         signal, and relative to those in order; time and energy per image in batches, time of an image \
         alone",
        vec![
            Column::text("Strategy"),
            Column::number("Error, %"),
            Column::number("÷ in order"),
            Column::number("Accuracy, %"),
            Column::number("Image, µs"),
            Column::number("Image, µJ"),
            Column::number("Alone, µs"),
            Column::number("Passes"),
            Column::number("Used, %"),
        ],
    );
    for (place, choice) in results.choices.iter().enumerate() {
        if results.measured(place).next().is_none() {
            continue;
        }
        let over = |of: fn(&Measured) -> f64, decimals| {
            Cell::text(text(results.values(place, of), decimals))
        };
        let mean_of = |of: fn(&Measured) -> f64, decimals| {
            Cell::number(mean(&results.values(place, of)), decimals)
        };
        table.push_row(vec![
            Cell::text(&*choice.name),
            over(|m| 100.0 * m.relative_error(), 1),
            Cell::text(text(results.errors_relative_to_in_order(place), 2)),
            over(|m| m.accuracy_percent, 1),
            mean_of(|m| m.image_us, 1),
            mean_of(|m| m.image_uj, 2),
            mean_of(|m| m.single_us, 0),
            mean_of(|m| m.passes() as f64, 0),
            mean_of(|m| 100.0 * m.utilisation(), 0),
        ])?;
    }
    for (name, percent) in references(results) {
        let none = || Cell::text("–");
        let mut row = vec![Cell::text(name), none(), none(), Cell::number(percent, 1)];
        row.extend((row.len()..9).map(|_| none()));
        table.push_row(row)?;
    }
    Ok(table)
}

/// Accuracies without a chip, and published ones of the same network.
fn references(results: &Results<'_>) -> Vec<(String, f64)> {
    let network = &results.network;
    let mut rows = vec![
        ("float".to_owned(), network.float_percent),
        ("ideal array".to_owned(), network.ideal_percent),
    ];
    if results.has_published_counterpart() {
        let published = MNIST_ACCURACIES_PERCENT.iter();
        rows.extend(published.map(|(name, percent)| (format!("published: {name}"), *percent)));
    }
    rows
}

/// Paired comparisons.
pub(super) fn pairs(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "What knowing the chip is worth, paired on the same chip: error and chip time of the one \
         relative to those of the other, accuracy in percentage points, error \
         where the other uses nothing that failed",
        vec![
            Column::text("Pair"),
            Column::number("Error"),
            Column::number("95 % interval"),
            Column::number("Gain"),
            Column::number("Chip time"),
            Column::number("Accuracy"),
            Column::number("Nothing failed"),
        ],
    );
    for gain in Pair::gains(results) {
        let better = gain.errors.iter().filter(|&&error| error < 1.0).count();
        let interval = gain.interval().map_or_else(
            || "–".to_owned(),
            |interval| format!("{:.3}–{:.3}", interval.low, interval.high),
        );
        table.push_row(vec![
            Cell::text(format!("{} ÷ {}", gain.pair.informed, gain.pair.uninformed)),
            Cell::text(text(gain.errors.iter().copied(), 3)),
            Cell::text(interval),
            Cell::text(format!("{better} of {}", gain.errors.len())),
            Cell::text(text(gain.times.iter().copied(), 3)),
            Cell::text(text(gain.accuracies.iter().copied(), 2)),
            Cell::text(format!(
                "{} ({})",
                text(gain.errors_without_failed.iter().copied(), 3),
                gain.errors_without_failed.len()
            )),
        ])?;
    }
    Ok(table)
}

/// What errors consist of.
pub(super) fn remains(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "What the error consists of: expected of each imperfection of the measured profile alone, \
         relative to the signal, rounding included; shares are of the sum of squares, rounding taken off \
         the others",
        vec![
            Column::text("Imperfection"),
            Column::number("In order, %"),
            Column::number("Placed, %"),
            Column::number("Share in order, %"),
        ],
    );
    for cause in Cause::ALL.into_iter().chain(Cause::TOGETHER) {
        let [in_order, placed] = results.caused(cause);
        let share = if Cause::TOGETHER.contains(&cause) {
            Cell::text("–")
        } else {
            Cell::number(results.share_in_order(cause), 0)
        };
        table.push_row(vec![
            Cell::text(cause.name()),
            Cell::text(text(in_order.iter().map(|e| 100.0 * e), 2)),
            Cell::text(text(placed.iter().map(|e| 100.0 * e), 2)),
            share,
        ])?;
    }
    Ok(table)
}

/// Codings of signed numbers.
pub(super) fn signed_layer(results: &Results<'_>) -> Result<Table, ReportError> {
    let layer = results.parameters.signed_layer;
    let mut table = Table::new(
        format!(
            "Codings of signed inputs (−16…15) and weights (±{}) on a layer of {} random inputs and {} \
             outputs",
            layer.largest_weight, layer.inputs, layer.outputs
        ),
        vec![
            Column::text("Inputs"),
            Column::text("Weights"),
            Column::number("Error, %"),
            Column::number("Time per vector, µs"),
            Column::number("Columns"),
        ],
    );
    let Some(first) = results.runs.first() else {
        return Ok(table);
    };
    for (place, coding) in first.signed_layer.iter().enumerate() {
        let runs = results.runs.iter();
        let errors = runs.map(|run| 100.0 * run.signed_layer[place].error);
        table.push_row(vec![
            Cell::text(coding.inputs.to_string()),
            Cell::text(coding.weights.to_string()),
            Cell::text(text(errors, 1)),
            Cell::number(coding.vector_us, 1),
            Cell::number(coding.columns as f64, 0),
        ])?;
    }
    Ok(table)
}

impl Results<'_> {
    /// Whether published accuracies are those of this network on this data.
    pub(super) fn has_published_counterpart(&self) -> bool {
        self.network.is_published && self.data.name == "mnist"
    }

    /// Expected errors of one imperfection alone on every chip, in order and placed.
    pub(super) fn caused(&self, cause: Cause) -> [Vec<f64>; 2] {
        let of = |value: fn(&super::remains::Remains) -> f64| {
            let all = self.runs.iter().flat_map(|run| &run.remains);
            all.filter(|r| r.cause == cause).map(value).collect()
        };
        [of(|remains| remains.in_order), of(|remains| remains.placed)]
    }

    /// Expected error in order of nothing but noise and rounding, relative to that of everything.
    pub(super) fn noise_and_rounding_alone(&self) -> f64 {
        mean(&self.caused(Cause::Noise)[0]) / mean(&self.caused(Cause::All)[0])
    }

    /// Share of the sum of squares over all imperfections in order, in percent. Each beyond rounding
    /// has rounding in it, which is taken off.
    pub(super) fn share_in_order(&self, cause: Cause) -> f64 {
        let square = |cause| {
            mean(
                &self.caused(cause)[0]
                    .iter()
                    .map(|e| e.powi(2))
                    .collect::<Vec<_>>(),
            )
        };
        let rounding = square(Cause::Rounding);
        let own = |cause| match cause {
            Cause::Rounding => rounding,
            cause => (square(cause) - rounding).max(0.0),
        };
        100.0 * own(cause) / Cause::ALL.map(own).iter().sum::<f64>()
    }
}
