//! The tables.

use super::comparison::Difference;
use super::gradient_models::GradientModels;
use super::measured::Measured;
use super::targets::Target;
use super::way::{Way, gradients_name};
use super::{CaseResults, ChipState, Results};
use crate::plot::fixed;
use crate::report::{Cell, Column, ReportError, Table, Verdict};
use crate::statistics::mean;
use crate::wording::text;
use bss2_training::{Gradients, Method};

/// Every method for every network, with the time that it took this computer: for the terminal only,
/// since that is another each time.
pub(super) fn overview(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut columns = vec![Column::text("Network")];
    columns.extend(method_columns());
    columns.push(Column::number("Computer, s"));
    let mut table = Table::new(METHODS_CAPTION, columns);
    for results in &results.cases {
        for &method in &results.case.methods {
            let wall_s = results.values(Way::of(ChipState::Calibrated, method), |m| m.wall_s);
            let mut row = vec![Cell::text(&*results.case.name)];
            row.extend(method_cells(results, method));
            row.push(Cell::number(mean(&wall_s), 2));
            table.push_row(row)?;
        }
    }
    Ok(table)
}

/// Every method for one network.
pub(super) fn methods(results: &CaseResults<'_>) -> Result<Table, ReportError> {
    let caption = format!("{}: {METHODS_CAPTION}", results.case.name);
    let mut table = Table::new(caption, method_columns());
    for &method in &results.case.methods {
        table.push_row(method_cells(results, method))?;
    }
    Ok(table)
}

const METHODS_CAPTION: &str = "test accuracy on uncalibrated and calibrated chips, that of the digital network before it was brought there, \
                               samples that were trained on, chip time of training (measurements of the chip \
                               included, calibration not) and of an inference; mean ± standard deviation over \
                               chips, costs on calibrated chips";

fn method_columns() -> Vec<Column> {
    vec![
        Column::text("Method"),
        Column::number("Uncal., %"),
        Column::number("Cal., %"),
        Column::number("Digital, %"),
        Column::number("In the loop"),
        Column::number("Off chip"),
        Column::number("Training, s"),
        Column::number("Inference, µs"),
    ]
}

fn method_cells(results: &CaseResults<'_>, method: Method) -> Vec<Cell> {
    let way = |state| Way::of(state, method);
    let on = |state| Cell::text(text(results.accuracies(way(state)), 1));
    let calibrated = |of: fn(&Measured) -> f64, decimals| {
        let values = results.values(way(ChipState::Calibrated), of);
        Cell::number(mean(&values), decimals)
    };
    vec![
        Cell::text(method.name()),
        on(ChipState::Uncalibrated),
        on(ChipState::Calibrated),
        calibrated(|m| m.digital_percent, 1),
        calibrated(|m| m.samples_in_the_loop as f64, 0),
        calibrated(|m| m.samples_off_chip as f64, 0),
        calibrated(|m| m.training_s, 3),
        calibrated(|m| m.inference_us, 1),
    ]
}

/// Every method against digital training alone and against training in the loop.
pub(super) fn differences(results: &CaseResults<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        format!(
            "{}: test accuracy against that of float and in-the-loop on the same chip, uncalibrated (U) and \
             calibrated (C), in percentage points (95 % interval of the mean)",
            results.case.name
        ),
        vec![
            Column::text("Method"),
            Column::number("U − float"),
            Column::number("U − loop"),
            Column::number("C − float"),
            Column::number("C − loop"),
        ],
    );
    for &method in &results.case.methods {
        let mut row = vec![Cell::text(method.name())];
        for state in ChipState::ALL {
            for reference in [Method::Float, Method::InTheLoop] {
                let difference =
                    results.difference(Way::of(state, method), Way::of(state, reference));
                row.push(points(difference));
            }
        }
        table.push_row(row)?;
    }
    Ok(table)
}

/// Gradient models.
pub(super) fn gradient_models(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "Models of the chip's derivative in the loop: test accuracy, difference to the linear gain on the \
         same chip in percentage points (95 % interval of the mean), share of outputs at the ends of \
         their range after training",
        vec![
            Column::text("Network, chips, method"),
            Column::text("Model"),
            Column::number("Accuracy, %"),
            Column::number("− linear gain"),
            Column::number("Saturated, %"),
            Column::number("Chip time, s"),
        ],
    );
    for models in results.cases.iter().flat_map(GradientModels::of) {
        let case = models.case;
        for (gradients, way) in models.ways() {
            let saturated = case.values(way, |measured| measured.saturated_percent);
            let training_s = case.values(way, |measured| measured.training_s);
            table.push_row(vec![
                Cell::text(models.name()),
                Cell::text(gradients_name(gradients)),
                Cell::text(text(case.accuracies(way), 1)),
                points(case.difference(way, models.way(Gradients::Linear))),
                Cell::text(text(saturated, 2)),
                Cell::number(mean(&training_s), 3),
            ])?;
        }
    }
    Ok(table)
}

/// Accuracies beside published ones.
pub(super) fn targets(case: &CaseResults<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "Beside what was published for this network (Weis et al. 2020), and what is to be reached",
        vec![
            Column::text("How it runs"),
            Column::number("Accuracy, %"),
            Column::number("Published, %"),
            Column::number("At least, %"),
            Column::text("Verdict"),
        ],
    );
    for target in Target::all(case) {
        let number = |percent: Option<f64>| {
            Cell::text(percent.map_or_else(|| "–".to_owned(), |percent| fixed(percent, 2)))
        };
        let reached = target.at_least.map(|least| mean(&target.percents) >= least);
        table.push_row(vec![
            Cell::text(target.name),
            Cell::text(text(target.percents.iter().copied(), 2)),
            number(target.published_percent()),
            number(target.at_least),
            reached.map_or_else(
                || Cell::text("–"),
                |reached| Cell::verdict(Verdict::of(reached)),
            ),
        ])?;
    }
    Ok(table)
}

fn points(difference: Option<Difference>) -> Cell {
    Cell::text(difference.map_or_else(|| "–".to_owned(), |difference| difference.text()))
}
