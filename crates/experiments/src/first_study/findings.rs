//! From the chips' results to tables and text.

use bss2_calibration::RoutineResult;

use super::charts::charts;
use super::chip_run::ChipRun;
use super::stage::Stage;
use super::statistics::{accuracies, compared, gaps, inference_times, training_times};
use super::summary::summary;
use super::{EXPERIMENT, Parameters, calibration_rows, records};
use crate::named_chart::NamedChart;
use crate::plot::{Summary, significant};
use crate::report::{Cell, Column, KeyNumber, Section, Table};
use crate::wording::{chips, text, unbroken};
use crate::{DataDescription, ExperimentError, Outcome};

pub(super) fn outcome(
    runs: &[ChipRun],
    parameters: &Parameters,
    data: &DataDescription,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = accuracy_table(runs)?;
    let charts = charts(runs, data)?;
    let section = section(runs, parameters, data, &table, &charts)?;
    Ok(Outcome {
        configuration,
        records: runs.iter().flat_map(|run| records::of(run, data)).collect(),
        further_tables: vec![calibration_rows::table(runs)?],
        summary: summary(runs, data),
        table,
        section,
        charts: NamedChart::into_files(charts),
    })
}

fn accuracy_table(runs: &[ChipRun]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        format!(
            "Test accuracy and chip time (per image, of calibration, of training), mean ± standard deviation over {}",
            chips(runs.len())
        ),
        vec![
            Column::text("Stage"),
            Column::number("Accuracy, %"),
            Column::number("Per image, µs"),
            Column::number("Calibration, ms"),
            Column::number("Training, s"),
        ],
    );
    for stage in Stage::ALL {
        let calibrated = matches!(stage, Stage::Calibrated | Stage::CalibratedInTheLoop);
        let calibration = runs
            .iter()
            .map(|run| run.calibration_ms)
            .filter(|_| calibrated);
        table.push_row(vec![
            Cell::text(stage.name()),
            Cell::text(text(accuracies(runs, stage), 1)),
            Cell::text(text(inference_times(runs, stage), 1)),
            Cell::text(text(calibration, 0)),
            Cell::text(text(training_times(runs, stage), 2)),
        ])?;
    }
    Ok(table)
}

fn section(
    runs: &[ChipRun],
    parameters: &Parameters,
    data: &DataDescription,
    table: &Table,
    charts: &[NamedChart],
) -> Result<Section, ExperimentError> {
    let mut section = Section::new(
        EXPERIMENT.name,
        "First study: from float to a chip in the loop",
    )
    .with_question(
        "What accuracy does a network keep on an analog chip, and how much of the loss do \
             calibration and training with the chip in the loop win back?",
    )
    .with_method(method(runs, parameters, data))
    .with_finding(finding(runs))
    .with_limits(limits(runs, data))
    .with_table(table.clone())
    .with_table(calibration_table(runs)?);
    for stage in [
        Stage::Ideal,
        Stage::Uncalibrated,
        Stage::Calibrated,
        Stage::CalibratedInTheLoop,
    ] {
        if let Some(summary) = Summary::of(&accuracies(runs, stage)) {
            let number =
                KeyNumber::new(format!("Accuracy, {}", stage.name()), summary.mean).with_unit("%");
            section = section.with_key_number(match summary.deviation {
                Some(deviation) => number.with_deviation(deviation).with_decimals(1),
                None => number.with_decimals(1),
            });
        }
    }
    Ok(NamedChart::add_all(charts, section))
}

fn limits(runs: &[ChipRun], data: &DataDescription) -> String {
    let in_the_loop = accuracies(runs, Stage::CalibratedInTheLoop);
    let share = 0.01 * in_the_loop.iter().sum::<f64>() / in_the_loop.len().max(1) as f64;
    let uncertainty = 100.0 * (share * (1.0 - share) / data.test_samples.max(1) as f64).sqrt();
    format!(
        "One test set of {} images serves all chips: the spread shows chips and networks, while the \
         finite number of images alone leaves every accuracy near {:.0} % uncertain by about {} \
         percentage points, so smaller differences mean little. Chips stay at the temperature of \
         reference and do not drift; their mismatch parameters are assumptions where nothing is \
         published.",
        data.test_samples,
        100.0 * share,
        significant(uncertainty, 1),
    )
}

fn method(runs: &[ChipRun], parameters: &Parameters, data: &DataDescription) -> String {
    format!(
        "Data: {} ({} inputs, {} classes, {} training and {} test images). For each of {}, a \
         {}-{}-{} network without bias is trained digitally for {} epochs, scaled to weights of ±63 \
         and activations of 0…31, and run with `num_sends` = {} and `wait_between_events` = {}. The \
         ideal array rounds exact sums at a gain of {} LSB per activation and weight unit; the mock \
         adds Gaussian noise of {} LSB per pass. An uncalibrated chip has its registers at their \
         reset values. In the loop means: the deployed weights are trained for {} more epochs, \
         every forward pass on that array or chip and a linear gain as its gradient.",
        data.name,
        data.features,
        data.classes,
        data.training_samples,
        data.test_samples,
        chips(runs.len()),
        data.features,
        parameters.hidden,
        data.classes,
        parameters.float_epochs,
        parameters.mapping.settings.num_sends(),
        parameters.mapping.settings.wait_between_events(),
        parameters.gain_lsb,
        parameters.mock_noise_lsb,
        parameters.loop_epochs,
    )
}

/// Says what the numbers say, whatever they are.
fn finding(runs: &[ChipRun]) -> String {
    let compared = |stage, with| compared(&gaps(runs, stage, with));
    let text = format!(
        "On the ideal array the network reaches {} %. An uncalibrated chip lies {} that; the \
         calibrated chip lies {} the uncalibrated one, and with training in the loop {} the \
         calibrated one.\n\nIn the loop, the ideal array reaches {} %; the calibrated chip lies {} \
         that. The uncalibrated chip in the loop lies {} the calibrated one in the loop: so much is \
         calibration worth to a network of this size and task that can be trained on its chip.",
        text(accuracies(runs, Stage::Ideal), 1),
        compared(Stage::Uncalibrated, Stage::Ideal),
        compared(Stage::Calibrated, Stage::Uncalibrated),
        compared(Stage::CalibratedInTheLoop, Stage::Calibrated),
        text(accuracies(runs, Stage::IdealInTheLoop), 1),
        compared(Stage::CalibratedInTheLoop, Stage::IdealInTheLoop),
        compared(Stage::UncalibratedInTheLoop, Stage::CalibratedInTheLoop),
    );
    unbroken(&text)
}

fn calibration_table(runs: &[ChipRun]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        "Calibration: root mean square distance from the target over the instances that succeeded, \
         mean over chips",
        vec![
            Column::text("Routine"),
            Column::text("Register"),
            Column::number("Before"),
            Column::number("After"),
            Column::number("Success, %"),
        ],
    );
    let Some(first) = runs.first() else {
        return Ok(table);
    };
    for (index, routine) in first.calibration.routines.iter().enumerate() {
        let mean = |value: fn(&RoutineResult) -> f64| {
            let routines = runs
                .iter()
                .filter_map(|run| run.calibration.routines.get(index));
            let values: Vec<f64> = routines.map(value).collect();
            Summary::of(&values).map_or(f64::NAN, |summary| summary.mean)
        };
        // A ratio has the unit 1, which is not written.
        let unit = if routine.unit == "1" {
            ""
        } else {
            routine.unit.as_str()
        };
        let spread = |value| format!("{} {unit}", significant(mean(value), 2));
        table.push_row(vec![
            Cell::text(&*routine.name),
            Cell::text(format!("`{}`", routine.register)),
            Cell::text(spread(RoutineResult::spread_before)),
            Cell::text(spread(RoutineResult::spread_after)),
            Cell::number(mean(|r| 100.0 * r.success_rate()), 1),
        ])?;
    }
    Ok(table)
}
