//! The tables of the report.

use super::results::Results;
use super::search::Search;
use super::tried::Tried;
use super::{Aim, Strategy};
use crate::ExperimentError;
use crate::report::{Cell, Column, Table};
use crate::wording::{difference, text};

/// What every strategy found, on fresh chips.
pub(super) fn found(results: &Results<'_>) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Network"),
        Column::number("Limit, µs"),
        Column::text("Settings by"),
        Column::number("Trials"),
        Column::number("Found by"),
        Column::number("Accuracy, %"),
        Column::number("Against usual, points"),
        Column::number("Chip time, µs"),
        Column::number("Energy, µJ"),
    ];
    let mut table = Table::new(
        "The best settings on fresh chips: mean ± standard deviation over chips (difference with 95 % interval)",
        columns,
    );
    for &aim in &results.parameters.aims {
        let usual = results.fresh_usual(aim);
        table.push_row(vec![
            Cell::text(aim.state.name()),
            limit(results, aim),
            Cell::text("usual"),
            Cell::text("–"),
            Cell::text("–"),
            Cell::text(text(usual.iter().map(|j| j.on_chip.percent), 1)),
            Cell::text("–"),
            Cell::text(text(usual.iter().map(|j| j.on_chip.inference_us), 1)),
            Cell::text(text(usual.iter().map(|j| j.on_chip.inference_uj), 2)),
        ])?;
        for &strategy in &results.parameters.strategies {
            let trials = results
                .of(aim, strategy)
                .map(|s| s.found.tried.len() as f64);
            let gained = results.gained(aim, strategy);
            let gained = if gained.is_empty() {
                "–".to_owned()
            } else {
                difference(&gained, 1)
            };
            table.push_row(vec![
                Cell::text(aim.state.name()),
                limit(results, aim),
                Cell::text(strategy.name()),
                Cell::text(text(trials, 0)),
                Cell::text(found_by(results, aim, strategy)),
                Cell::text(text(results.fresh(aim, strategy, |on| on.percent), 1)),
                Cell::text(gained),
                Cell::text(text(results.fresh(aim, strategy, |on| on.inference_us), 1)),
                Cell::text(text(results.fresh(aim, strategy, |on| on.inference_uj), 2)),
            ])?;
        }
    }
    Ok(table)
}

/// The settings that every search ended with.
pub(super) fn settings(results: &Results<'_>) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Network"),
        Column::number("Limit, µs"),
        Column::text("Search"),
        Column::text("Settings"),
        Column::number("In the search, %"),
        Column::number("On fresh chips, %"),
        Column::number("Chip time, µs"),
        Column::number("Calibration, ms"),
    ];
    let mut table = Table::new(
        "The best settings of every search: means over chips",
        columns,
    );
    for search in &results.searches {
        let Some(best) = search.found.best(results.limit_us(search.aim)) else {
            continue;
        };
        let fresh = search.found.fresh.iter().flatten();
        let fresh = text(fresh.map(|j| j.on_chip.percent), 1);
        table.push_row(vec![
            Cell::text(search.aim.state.name()),
            limit(results, search.aim),
            Cell::text(format!("{} {}", search.strategy.name(), search.seed)),
            Cell::text(settings_text(results, best)),
            mean_of(best, |on| on.percent),
            Cell::text(fresh),
            mean_of(best, |on| on.inference_us),
            Cell::text(text(
                best.chips.iter().flatten().map(|j| j.calibration_ms),
                0,
            )),
        ])?;
    }
    Ok(table)
}

/// Every step of one search by evolution for every aim.
pub(super) fn trajectory(results: &Results<'_>) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Network"),
        Column::number("Limit, µs"),
        Column::number("Trial"),
        Column::number("Accuracy, %"),
        Column::number("Chip time, µs"),
        Column::text("Settings"),
    ];
    let mut table = Table::new(
        "Step by step: every setting of the first evolution that was the best so far",
        columns,
    );
    let first = |&aim: &Aim| results.of(aim, Strategy::Evolution).next();
    for search in results.parameters.aims.iter().filter_map(first) {
        for (number, tried) in search.found.improvements(results.limit_us(search.aim)) {
            table.push_row(vec![
                Cell::text(search.aim.state.name()),
                limit(results, search.aim),
                Cell::number((number + 1) as f64, 0),
                mean_of(tried, |on| on.percent),
                mean_of(tried, |on| on.inference_us),
                Cell::text(settings_text(results, tried)),
            ])?;
        }
    }
    Ok(table)
}

fn limit(results: &Results<'_>, aim: Aim) -> Cell {
    Cell::number(results.limit_us(aim), 1)
}

/// How many of the searches found a setting within the limit.
fn found_by(results: &Results<'_>, aim: Aim, strategy: Strategy) -> String {
    let all = results.of(aim, strategy).count();
    let found = results.of(aim, strategy);
    let found = found.filter(|search| search.found.fresh.is_some()).count();
    format!("{found} of {all}")
}

fn mean_of(tried: &Tried, of: impl Fn(&crate::operating_point::OnChip) -> f64) -> Cell {
    match tried.mean(of) {
        Some(value) => Cell::number(value, 1),
        None => Cell::text("–"),
    }
}

/// The knobs that are not as usual.
pub(super) fn settings_text(results: &Results<'_>, tried: &Tried) -> String {
    let values = results.parameters.space.values(&tried.rungs);
    let turned = values.filter(|(knob, value)| *value != knob.usual());
    let texts: Vec<String> = turned
        .map(|(knob, value)| format!("{} {}", knob.name(), knob.text(value)))
        .collect();
    if texts.is_empty() {
        return "all as usual".to_owned();
    }
    texts.join(", ")
}

/// The search of an aim and strategy that did best on fresh chips.
pub(super) fn best_search<'a>(
    results: &'a Results<'_>,
    aim: Aim,
    strategy: Strategy,
) -> Option<&'a Search> {
    let percent = |search: &&Search| {
        let fresh = search.found.fresh.iter().flatten();
        let percents: Vec<f64> = fresh.map(|judged| judged.on_chip.percent).collect();
        crate::statistics::mean(&percents)
    };
    let found = results
        .of(aim, strategy)
        .filter(|s| s.found.fresh.is_some());
    found.max_by(|one, other| percent(one).total_cmp(&percent(other)))
}
