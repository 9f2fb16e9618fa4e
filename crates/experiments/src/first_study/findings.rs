//! From the chips' results to records, summary, charts and text.

use std::collections::BTreeMap;

use bss2_calibration::RoutineResult;

use super::chip_run::{ChipRun, Stage};
use super::{EXPERIMENT, Parameters, records};
use crate::plot::{
    Axis, Bins, Category, CategoryChart, Chart, Distribution, ErrorStyle, Histogram, LineChart,
    LinePoint, LineSeries, Summary, fixed, significant,
};
use crate::report::{Cell, Column, Figure, KeyNumber, Section, Table};
use crate::{ExperimentError, Outcome, Rule, StudyData, SummaryEntry};

pub(super) fn outcome(
    runs: &[ChipRun],
    parameters: &Parameters,
    data: &StudyData,
) -> Result<Outcome, ExperimentError> {
    let summary = summary(runs, data);
    let table = accuracy_table(runs)?;
    let charts = charts(runs, data)?;
    let section = section(runs, parameters, data, &table, &charts)?;
    Ok(Outcome {
        records: runs.iter().flat_map(|run| records::of(run, data)).collect(),
        summary,
        table,
        section,
        charts,
    })
}

fn accuracies(runs: &[ChipRun], stage: Stage) -> Vec<f64> {
    runs.iter().map(|run| run.accuracy_percent(stage)).collect()
}

/// Accuracy that a stage lies below another, per chip.
fn gaps(runs: &[ChipRun], above: Stage, below: Stage) -> Vec<f64> {
    runs.iter()
        .map(|run| run.accuracy_percent(above) - run.accuracy_percent(below))
        .collect()
}

/// Targets are stated for the embedded digits; other data have none.
fn summary(runs: &[ChipRun], data: &StudyData) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    let mut add = |figure: &str, values: &[f64], unit, expected: Option<(Rule, f64)>| {
        if let Some(entry) = SummaryEntry::of(values, unit) {
            let entry = match expected.filter(|_| !data.from_files) {
                Some((rule, target)) => entry.expected(rule, target),
                None => entry,
            };
            summary.insert(figure.to_owned(), entry);
        }
    };
    for stage in Stage::ALL {
        let target = (stage == Stage::Float).then_some((Rule::AtLeast, 96.0));
        add(
            &format!("accuracy/{}", stage.name()),
            &accuracies(runs, stage),
            "%",
            target,
        );
    }
    let points = "percentage points";
    add(
        "float minus ideal array",
        &gaps(runs, Stage::Float, Stage::Ideal),
        points,
        Some((Rule::AtMost, 1.5)),
    );
    add(
        "calibrated minus uncalibrated",
        &gaps(runs, Stage::Calibrated, Stage::Uncalibrated),
        points,
        None,
    );
    add(
        "ideal array minus chip in the loop",
        &gaps(runs, Stage::Ideal, Stage::InTheLoop),
        points,
        Some((Rule::AtMost, 1.5)),
    );
    let of = |value: fn(&ChipRun) -> f64| runs.iter().map(value).collect::<Vec<_>>();
    let inference = inference_times(runs, Stage::InTheLoop);
    add("chip time/image", &inference, "µs", None);
    add(
        "chip time/calibration",
        &of(|run| run.calibration_ms),
        "ms",
        None,
    );
    add(
        "chip time/training in the loop",
        &of(|run| run.training_s),
        "s",
        None,
    );
    summary
}

fn accuracy_table(runs: &[ChipRun]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        format!(
            "Test accuracy and chip time, mean ± standard deviation over {} chips",
            runs.len()
        ),
        vec![
            Column::text("Stage"),
            Column::number("Accuracy, %"),
            Column::number("Chip time per image, µs"),
            Column::number("Chip time of preparation"),
        ],
    );
    for stage in Stage::ALL {
        let preparation = match stage {
            Stage::Calibrated => text(runs.iter().map(|run| run.calibration_ms), 1) + " ms",
            Stage::InTheLoop => text(runs.iter().map(|run| run.training_s), 2) + " s more",
            _ => "–".to_owned(),
        };
        table.push_row(vec![
            Cell::text(stage.name()),
            Cell::text(text(accuracies(runs, stage), 1)),
            Cell::text(text(inference_times(runs, stage), 1)),
            Cell::text(preparation),
        ])?;
    }
    Ok(table)
}

/// Mean ± standard deviation where there is one, a dash where there is nothing.
fn text(values: impl IntoIterator<Item = f64>, decimals: usize) -> String {
    let values: Vec<f64> = values.into_iter().collect();
    match Summary::of(&values) {
        None => "–".to_owned(),
        Some(Summary {
            mean,
            deviation: Some(0.0),
            ..
        }) => fixed(mean, decimals),
        Some(summary) => summary.text_with(decimals),
    }
}

fn inference_times(runs: &[ChipRun], stage: Stage) -> Vec<f64> {
    runs.iter()
        .filter_map(|run| run.inference_us(stage))
        .collect()
}

type NamedChart = (&'static str, Box<dyn Chart>);

fn charts(runs: &[ChipRun], data: &StudyData) -> Result<Vec<NamedChart>, ExperimentError> {
    let baselines = residual_chart(runs, 0, "CADC baselines before and after calibration", 50.0)?;
    let gains = residual_chart(
        runs,
        2,
        "Column amplitudes before and after calibration",
        40.0,
    )?;
    Ok(vec![
        ("first-study-accuracy", Box::new(accuracy_chart(runs, data))),
        ("first-study-learning", Box::new(learning_chart(runs))),
        ("first-study-baselines", Box::new(baselines)),
        ("first-study-gains", Box::new(gains)),
    ])
}

fn accuracy_chart(runs: &[ChipRun], data: &StudyData) -> CategoryChart {
    let categories = Stage::ALL
        .map(|stage| Category::new(stage.name(), accuracies(runs, stage)))
        .into();
    let title = format!("Accuracy from float to chip: {}", data.name);
    CategoryChart::new(title, Axis::linear("Test accuracy", "%"), categories)
        .with_dot_label("one chip")
        .with_decimals(1)
}

fn learning_chart(runs: &[ChipRun]) -> LineChart {
    let epochs = runs.iter().map(|run| run.learning.len()).max().unwrap_or(0);
    let points = (0..epochs).filter_map(|epoch| {
        let accuracies: Vec<f64> = runs
            .iter()
            .filter_map(|run| run.learning.get(epoch))
            .map(|e| 100.0 * e.accuracy)
            .collect();
        let summary = Summary::of(&accuracies)?;
        let x = (epoch + 1) as f64;
        Some(match summary.deviation {
            Some(deviation) => LinePoint::with_error(x, summary.mean, deviation),
            None => LinePoint::new(x, summary.mean),
        })
    });
    LineChart::new(
        "Learning with the chip in the loop",
        Axis::linear("Epoch", "").whole_numbers(),
        Axis::linear("Training accuracy", "%"),
        vec![LineSeries::new("chip in the loop", points.collect())],
    )
    .with_error_style(ErrorStyle::Band)
}

/// Distances from the target of all instances of a routine on all chips, up to ±`limit`.
fn residual_chart(
    runs: &[ChipRun],
    routine: usize,
    title: &str,
    limit: f64,
) -> Result<Histogram, ExperimentError> {
    let routines = || {
        runs.iter()
            .filter_map(|run| run.calibration.routines.get(routine))
    };
    let unit = routines().next().map_or("", |r| r.unit.as_str());
    let before = routines().flat_map(|r| r.before.iter().copied()).collect();
    let after = routines().flat_map(|r| r.after.iter().copied()).collect();
    let axis = Axis::linear("Distance from target", unit).with_range(-limit, limit)?;
    let distributions = vec![
        Distribution::new("before", before),
        Distribution::new("after", after),
    ];
    Ok(Histogram::new(title, axis, distributions).with_bins(Bins::About(60)))
}

fn section(
    runs: &[ChipRun],
    parameters: &Parameters,
    data: &StudyData,
    table: &Table,
    charts: &[NamedChart],
) -> Result<Section, ExperimentError> {
    let csv = format!("{}.csv", EXPERIMENT.name);
    let captions = [
        "Each dot is one chip with its own network; the marker shows mean ± standard deviation.",
        "Share of training samples classified correctly when they were visited, mean ± standard \
         deviation over chips.",
        "Code of every CADC channel of all chips without any event, relative to 128. Channels \
         that are stuck stay where they are.",
        "Amplitude of every column of all chips for the same excitatory input, relative to the \
         target (the chip's median).",
    ];
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
    .with_limits(LIMITS)
    .with_table(table.clone())
    .with_table(calibration_table(runs)?);
    for stage in [
        Stage::Float,
        Stage::Uncalibrated,
        Stage::Calibrated,
        Stage::InTheLoop,
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
    for ((_, chart), caption) in charts.iter().zip(captions) {
        section = section.with_figure(Figure::new(chart.as_ref(), caption).with_data(csv.clone()));
    }
    Ok(section)
}

const LIMITS: &str = "The chip model is the lumped one of this version: no temperature, drift or \
    settling of the synaptic time constants, and its mismatch parameters are assumptions where \
    nothing is published. The calibration covers CADC offsets, driver offsets and column gains \
    only. One test set serves all chips, so the spread shows chips and networks, not data.";

fn method(runs: &[ChipRun], parameters: &Parameters, data: &StudyData) -> String {
    format!(
        "Data: {} ({} inputs, {} classes). For each of {} chips, a {}-{}-{} network without bias is \
         trained digitally for {} epochs, scaled to weights of ±63 and activations of 0…31, and \
         run with `num_sends` = {} and `wait_between_events` = {}. The ideal array rounds exact \
         sums at a gain of {} LSB; the mock adds noise of {} LSB per pass. The fresh chip has \
         its registers at reset values. In the loop, the deployed weights are trained for {} \
         epochs with every forward pass on the calibrated chip and a linear gain as its gradient.",
        data.name,
        data.features,
        data.classes,
        runs.len(),
        data.features,
        parameters.hidden,
        data.classes,
        parameters.float_epochs,
        parameters.num_sends,
        parameters.wait_between_events,
        parameters.gain_lsb,
        parameters.mock_noise_lsb,
        parameters.loop_epochs,
    )
}

/// Says what the numbers say, whatever they are.
fn finding(runs: &[ChipRun]) -> String {
    format!(
        "On the ideal array the network reaches {} %. A fresh chip loses {} percentage points \
         against that; calibration wins back {} of them, training in the loop another {}. What \
         remains to the ideal array is {} percentage points.",
        text(accuracies(runs, Stage::Ideal), 1),
        text(gaps(runs, Stage::Ideal, Stage::Uncalibrated), 1),
        text(gaps(runs, Stage::Calibrated, Stage::Uncalibrated), 1),
        text(gaps(runs, Stage::InTheLoop, Stage::Calibrated), 1),
        text(gaps(runs, Stage::Ideal, Stage::InTheLoop), 1),
    )
}

fn calibration_table(runs: &[ChipRun]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        "Calibration: spread of the distance from the target over the instances that succeeded, \
         mean over chips",
        vec![
            Column::text("Routine"),
            Column::text("Register"),
            Column::number("Spread before"),
            Column::number("Spread after"),
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
