//! From the chips' results to tables and text.

use super::budget::Budget;
use super::charts::charts;
use super::state::State;
use super::summary::summary;
use super::variant::Variant;
use super::{EXPERIMENT, Parameters, Source, records, tables};
use crate::named_chart::NamedChart;
use crate::operating_point::{Measured, NetworkState};
use crate::plot::fixed;
use crate::report::{Details, Section};
use crate::statistics::{Interval, mean};
use crate::wording::{chips, text, unbroken, with_interval};
use crate::{DataDescription, ExperimentError, Outcome};

pub(super) fn outcome(
    budgets: &[Budget<'_>],
    parameters: &Parameters,
    data: &DataDescription,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = tables::totals(budgets)?;
    let charts = charts(budgets);
    let section = Section::new(EXPERIMENT.name, "Error budget")
        .with_question(
            "Which imperfection makes which part of the error of a multiplication, and of the accuracy that \
             is lost? What is left that neither calibration nor training removes?",
        )
        .with_method(method(parameters, data))
        .with_finding(finding(budgets))
        .with_limits(limits())
        .with_table(table.clone())
        .with_table(tables::off_alone(budgets, State::Calibrated)?)
        .with_table(tables::on_alone(budgets, State::Calibrated)?)
        .with_table(tables::off_alone(budgets, State::Uncalibrated)?)
        .with_table(tables::on_alone(budgets, State::Uncalibrated)?)
        .with_details(Details::new(
            "Configuration of this experiment",
            configuration.to_string(),
        ));
    Ok(Outcome {
        configuration,
        records: records::of(budgets, &data.name),
        further_tables: Vec::new(),
        summary: summary(budgets),
        table,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

fn method(parameters: &Parameters, data: &DataDescription) -> String {
    let task = parameters.cases.first().map(|case| &case.task);
    let epochs = task.map_or(0, |task| task.budget.array_epochs);
    format!(
        "Networks so narrow that imperfections matter are trained digitally on {}, one for each chip, and run \
         with {} sends. {} of each kind are made with all imperfections, with none (what is left is \
         quantisation), with all but one source and with one source alone; no other random draw moves. Each is \
         used as it comes and after a calibration, {} h after it and {} K warmer. The network is brought onto it \
         as it is, and trained further in the loop for {epochs} epochs. The error is what separates single \
         results of the network's layers from one line for all columns, root mean square, in % of the signal.",
        data.name,
        parameters.point.num_sends,
        chips(parameters.chip_seeds.len()),
        parameters.meanwhile.hours,
        parameters.meanwhile.warmer_kelvin,
    )
}

fn limits() -> String {
    "Intervals are 95 % (Student's t over chips, each with a network of its own). Sources are \
     named whose interval still lies above zero if those of all sources together are to hold in 95 of 100 \
     cases (Bonferroni's correction). Sources act on one another: shares need not add up to \
     100 %, and a source that calibration removes matters little even if it is large. Switching off the \
     spread of gains also changes their mean."
        .to_owned()
}

/// Says what the numbers say, whatever they are.
fn finding(budgets: &[Budget<'_>]) -> String {
    let paragraphs: Vec<String> = budgets
        .iter()
        .flat_map(|budget| {
            [
                totals(budget),
                error(budget),
                accuracy(budget),
                residue(budget),
            ]
        })
        .collect();
    unbroken(&paragraphs.join("\n\n"))
}

fn totals(budget: &Budget<'_>) -> String {
    let told = State::ALL.map(|state| {
        let error = budget.values(state, Variant::All, Measured::error_percent);
        let [deployed, trained] =
            NetworkState::BOTH.map(|network| text(budget.percents(state, Variant::All, network), 1));
        format!(
            "{} the layers' error is {} % of the signal, accuracy {deployed} % as deployed and {trained} % \
             trained in the loop",
            state.name(),
            text(error, 1)
        )
    });
    let ideal = budget.percents(State::Calibrated, Variant::Ideal, NetworkState::Deployed);
    format!(
        "On {} chips, {}; on chips without imperfections {} %, digitally {} %.",
        budget.case.name,
        told.join("; "),
        text(ideal, 1),
        text(budget.float_percents(), 1),
    )
}

/// Sources with their values, largest mean first, of which the interval, as one among those of all
/// sources, lies above zero.
fn certain(budget: &Budget<'_>, of: impl Fn(Source) -> Vec<f64>) -> Vec<(Source, Vec<f64>)> {
    let sources = budget.sources();
    let count = sources.len();
    let is_above_zero = |values: &[f64]| {
        Interval::of_mean_among(values, count).is_some_and(|interval| interval.low > 0.0)
    };
    let mut found: Vec<(Source, Vec<f64>)> = sources
        .into_iter()
        .map(|source| (source, of(source)))
        .filter(|(_, values)| is_above_zero(values))
        .collect();
    found.sort_by(|a, b| mean(&b.1).total_cmp(&mean(&a.1)));
    found
}

fn list(found: &[(Source, Vec<f64>)], decimals: usize, unit: &str) -> String {
    if found.is_empty() {
        return "no source by more than chance".to_owned();
    }
    let told = found.iter().map(|(source, values)| {
        format!(
            "{} {}{unit}",
            source.name(),
            with_interval(values, decimals)
        )
    });
    told.collect::<Vec<_>>().join(", ")
}

fn error(budget: &Budget<'_>) -> String {
    let told = State::ALL.map(|state| {
        let mut found = certain(budget, |source| budget.error_share_percent(state, source));
        found.truncate(4);
        format!("{}: {}", state.name(), list(&found, 0, " %"))
    });
    format!(
        "The largest shares of the squared error that go when one source is switched off, {}.",
        told.join("; ")
    )
}

fn accuracy(budget: &Budget<'_>) -> String {
    let told = NetworkState::BOTH.map(|network| {
        let mut found = certain(budget, |source| {
            budget.gained_without(State::Calibrated, source, network)
        });
        found.truncate(4);
        format!("{}: {}", network.name(), list(&found, 1, " points"))
    });
    format!(
        "On calibrated chips accuracy comes back when these are switched off, {}.",
        told.join("; ")
    )
}

/// What neither calibration nor training removes.
fn residue(budget: &Budget<'_>) -> String {
    let percents = budget.percents(State::Calibrated, Variant::All, NetworkState::Trained);
    let ideal = budget.percents(State::Calibrated, Variant::Ideal, NetworkState::Trained);
    let float = budget.float_percents();
    let difference = |of: &[f64], from: &[f64]| -> Vec<f64> {
        of.iter().zip(from).map(|(of, from)| of - from).collect()
    };
    let left = difference(&ideal, &percents);
    let found = certain(budget, |source| {
        budget.gained_without(State::Calibrated, source, NetworkState::Trained)
    });
    let names: Vec<&str> = found.iter().map(|(source, _)| source.name()).collect();
    let named = if names.is_empty() {
        "no single source by more than chance".to_owned()
    } else {
        names.join(", ")
    };
    format!(
        "After calibration and training {} points are left between these chips and such without \
         imperfections, trained alike ({} between those and the digital network). What remains goes with: \
         {named}.",
        with_interval(&left, 1),
        fixed(mean(&difference(&float, &ideal)), 1),
    )
}
