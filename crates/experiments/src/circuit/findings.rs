//! From the chips' results to tables and text.

use super::charts::charts;
use super::chip_run::ChipRun;
use super::drivers::MIDDLE;
use super::parameters::ValidityParameters;
use super::summary::{BEYOND, DOUBTFUL, Figure, WITHIN, figures, over_chips, summary};
use super::validity::{Order, Stimulus};
use super::{EXPERIMENT, Parameters, records};
use crate::named_chart::NamedChart;
use crate::plot::fixed;
use crate::report::{Cell, Column, Section, Table};
use crate::statistics::mean;
use crate::wording::{chips, text, unbroken};
use crate::{ExperimentError, Outcome};

pub(super) fn outcome(
    runs: &[ChipRun],
    parameters: &Parameters,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = table(runs)?;
    let section = Section::new(EXPERIMENT.name, "The circuit, from an activation to a result")
        .with_question(
            "What happens in the circuit during one multiplication, and how far can the fast model \
             of it be trusted?",
        )
        .with_method(method(runs, parameters))
        .with_finding(finding(runs, parameters))
        .with_limits(
            "The figures show the first chip; numbers are over all chips. Published points exist for \
             the ends of the swing only. Which differences between the models matter depends on the \
             network: a few LSB on few outputs are less than the noise of a single pass.",
        )
        .with_table(table.clone());
    let charts = match runs.first() {
        Some(first) => charts(first)?,
        None => Vec::new(),
    };
    Ok(Outcome {
        configuration,
        records: runs.iter().flat_map(records::of).collect(),
        further_tables: records::tables(runs)?,
        summary: summary(runs),
        table,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

fn table(runs: &[ChipRun]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        format!(
            "What the figures show, mean ± standard deviation over {}",
            chips(runs.len())
        ),
        vec![
            Column::text("Stage"),
            Column::text("Quantity"),
            Column::number("Value"),
            Column::number("Published"),
            Column::text("Unit"),
        ],
    );
    for figure in figures() {
        let published = figure
            .published
            .map_or_else(String::new, |p| fixed(p, figure.decimals));
        table.push_row(vec![
            Cell::text(figure.stage),
            Cell::text(&*figure.name),
            Cell::text(text(over_chips(runs, &figure), figure.decimals)),
            Cell::text(published),
            Cell::text(figure.unit),
        ])?;
    }
    Ok(table)
}

fn method(runs: &[ChipRun], parameters: &Parameters) -> String {
    let Parameters {
        trace,
        drivers,
        swing,
        line,
        validity,
        ..
    } = parameters;
    format!(
        "{}. Trace: {} rows of activation {} and weight {} send one after the other, then {} rows of \
         weight −{}, {} cycles apart, on a calibrated chip. Drivers: each alone, weight {}, {} sends, \
         on the same chip with all other imperfections switched off, before and with the trims that \
         calibration found. Swing: row {} at activation {}, {} sends, all weights, on the calibrated \
         chip; the prediction is a line for each sign through results up to {} LSB.\n\nSaturation: \
         all rows at activation 31, noise and ends of the swing switched off, the OTAs' bias lowered \
         to {} so that results stay in range; signal lost against the same chip with linear OTAs. \
         Models: random weights between half and the whole of a magnitude up to {}, random \
         activations, signs mixed, in blocks, or all positive (with the same lowered bias), waits of {} cycles; results beyond ±{} LSB are left out.",
        chips(runs.len()),
        trace.positive_rows,
        trace.activation,
        trace.weight,
        trace.negative_rows,
        trace.weight,
        trace.wait_between_events,
        drivers.weight,
        drivers.num_sends,
        swing.row,
        swing.activation,
        swing.num_sends,
        swing.linear_lsb,
        line.ota_bias,
        validity
            .magnitudes
            .iter()
            .max()
            .copied()
            .unwrap_or_default(),
        listed(&validity.waits),
        validity.in_range_lsb,
    )
}

/// "1, 2 and 5".
fn listed(values: &[u32]) -> String {
    let texts: Vec<String> = values.iter().map(u32::to_string).collect();
    match texts.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// Says what the numbers say, whatever they are.
fn finding(runs: &[ChipRun], parameters: &Parameters) -> String {
    let figures = figures();
    let number = |stage: &str, name: &str| {
        let mut figures = figures.iter();
        let figure = figures.find(|figure| figure.stage == stage && figure.name.starts_with(name));
        figure.map_or_else(String::new, |figure| {
            text(over_chips(runs, figure), figure.decimals)
        })
    };
    let lost = |wait: u32, model: &str| {
        number(
            "OTA",
            &format!("lost at full weight and wait {wait}, {model}"),
        )
    };
    let paragraphs = [
        format!(
            "The trim brings the spread of the drivers from {} to {} activation units. At activation \
             1 trimmed drivers deliver {} % of the ideal amplitude, at 2 {} %, at 4 {} % and at \
             {MIDDLE} {} %.",
            number("drivers", &format!("spread at activation {MIDDLE}, fresh")),
            number(
                "drivers",
                &format!("spread at activation {MIDDLE}, trimmed")
            ),
            number("drivers", "amplitude at activation 1,"),
            number("drivers", "amplitude at activation 2,"),
            number("drivers", "amplitude at activation 4,"),
            number("drivers", &format!("amplitude at activation {MIDDLE},")),
        ),
        swing_finding(runs, &figures),
        format!(
            "With all rows at full activation and weight, one event per cycle loses {} % of the \
             signal to the OTAs ({} % in the lumped model), one in two cycles {} % ({} %), one in \
             five {} % ({} %).",
            lost(1, "transient"),
            lost(1, "lumped"),
            lost(2, "transient"),
            lost(2, "lumped"),
            lost(5, "transient"),
            lost(5, "lumped"),
        ),
        models_finding(runs, parameters, &number),
    ];
    unbroken(&paragraphs.join("\n\n"))
}

/// Where both models agree, and whether the lumped one knows where not.
fn models_finding(
    runs: &[ChipRun],
    parameters: &Parameters,
    number: &dyn Fn(&str, &str) -> String,
) -> String {
    let models = |what: &str, order: Order| number("models", &format!("{what}, {}", order.name()));
    let text = format!(
        "The lumped model reports {} % of the outputs as doubtful with signs mixed, {} % with signs in \
         blocks and {} % with one sign. Of the others, in vectors without any doubt, {} %, {} % and \
         {} % lie within 1 LSB of the transient model, and {} %, {} % and {} % more than 3 LSB apart.",
        models(DOUBTFUL, Order::Mixed),
        models(DOUBTFUL, Order::Blocks),
        models(DOUBTFUL, Order::OneSign),
        models(WITHIN, Order::Mixed),
        models(WITHIN, Order::Blocks),
        models(WITHIN, Order::OneSign),
        models(BEYOND, Order::Mixed),
        models(BEYOND, Order::Blocks),
        models(BEYOND, Order::OneSign),
    );
    let ValidityParameters {
        sends,
        least_activations,
        ..
    } = &parameters.validity;
    let (Some(&most_sends), Some(&strongest)) =
        (sends.iter().max(), least_activations.iter().max())
    else {
        return text;
    };
    let of_far = |is: &dyn Fn(&Stimulus) -> bool| far_percent(runs, is);
    if let (Some(of_sends), Some(of_strong)) = (
        of_far(&|stimulus| stimulus.num_sends == most_sends),
        of_far(&|stimulus| stimulus.least_activation == strongest),
    ) {
        return format!(
            "{text} Of those more than 3 LSB apart, {} % belong to vectors with {most_sends} sends and \
             {} % to vectors whose smallest activation is {strongest} or more.",
            fixed(of_sends, 0),
            fixed(of_strong, 0),
        );
    }
    text
}

/// How far the mean over chips lies from the published deviations.
fn swing_finding(runs: &[ChipRun], figures: &[Figure]) -> String {
    let distances = figures.iter().filter_map(|figure| {
        let values = over_chips(runs, figure);
        let published = figure.published.filter(|_| !values.is_empty())?;
        Some((mean(&values) - published).abs())
    });
    let distances: Vec<f64> = distances.collect();
    let largest = distances.iter().copied().fold(0.0, f64::max);
    format!(
        "At {} predicted results the chips deviate from the line as published within {} LSB.",
        distances.len(),
        fixed(largest, 1)
    )
}

/// Share of the outputs far apart, of vectors without doubt, that belong to certain stimuli, in %;
/// none if no outputs are far apart.
fn far_percent(runs: &[ChipRun], is: &dyn Fn(&Stimulus) -> bool) -> Option<f64> {
    let (mut of_these, mut all) = (0, 0);
    for comparison in runs.iter().flat_map(|run| &run.validity) {
        if comparison.doubtful == 0 {
            all += comparison.far;
            of_these += usize::from(is(&comparison.stimulus)) * comparison.far;
        }
    }
    (all > 0).then(|| 100.0 * of_these as f64 / all as f64)
}
