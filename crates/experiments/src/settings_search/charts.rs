//! The charts.

use super::results::{Results, percent};
use super::{Aim, EXPERIMENT, Strategy, records};
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plot::{
    Axis, Category, CategoryChart, Chart, ErrorStyle, LineChart, LinePoint, LineSeries, Panels,
    Prefer, ScatterChart, ScatterSeries,
};

pub(super) fn charts(results: &Results<'_>) -> Result<Vec<NamedChart>, ExperimentError> {
    Ok(vec![
        NamedChart::new(
            "search-trajectory",
            panels(results, "How the searches went", trajectory)?,
            "The highest accuracy within the chip time so far, on the chips of the search and samples held \
             back from training; mean and standard deviation over searches.",
            records::TRIALS_FILE,
        ),
        NamedChart::new(
            "search-fresh",
            panels(results, "What was found, on fresh chips", fresh)?,
            "Test accuracy on chips that the search has not seen. One dot per chip, mean over searches.",
            EXPERIMENT.records_file,
        ),
        NamedChart::new(
            "search-time",
            panels(results, "Everything that was tried", tried)?,
            "One point per setting, mean over the chips of the search; the line joins those that no other \
             setting beats in both.",
            records::TRIALS_FILE,
        ),
    ])
}

/// Draws the panel of an aim.
type PanelOf = fn(&Results<'_>, Aim) -> Result<Box<dyn Chart>, ExperimentError>;

fn panels(results: &Results<'_>, title: &str, of: PanelOf) -> Result<Panels, ExperimentError> {
    let aims = results.parameters.aims.iter();
    let panels = aims.map(|&aim| of(results, aim));
    Ok(Panels::new(title, panels.collect::<Result<_, _>>()?))
}

fn trajectory(results: &Results<'_>, aim: Aim) -> Result<Box<dyn Chart>, ExperimentError> {
    let strategies = results.parameters.strategies.iter();
    let series = strategies.map(|&strategy| {
        let most = results.of(aim, strategy).map(|s| s.found.tried.len()).max();
        let points = (1..=most.unwrap_or(0)).filter_map(|trials| {
            LinePoint::over(trials as f64, &results.best_up_to(aim, strategy, trials))
        });
        LineSeries::new(strategy.name(), points.collect())
    });
    let mut chart = LineChart::new(
        aim.text(),
        Axis::linear("Settings tried", ""),
        Axis::linear("Best accuracy so far", "%").within(0.0, 100.0)?,
        series.collect(),
    );
    chart.error_style = ErrorStyle::Band;
    Ok(Box::new(chart))
}

fn fresh(results: &Results<'_>, aim: Aim) -> Result<Box<dyn Chart>, ExperimentError> {
    let usual = results.fresh_usual(aim).iter();
    let usual = Category::new("usual settings", usual.map(|j| j.on_chip.percent).collect());
    let strategies = results.parameters.strategies.iter();
    let found = strategies.map(|&strategy| {
        let percents = results.fresh(aim, strategy, |on| on.percent);
        Category::new(strategy.name(), percents)
    });
    let chart = CategoryChart::new(
        aim.text(),
        Axis::linear("Test accuracy", "%").within(0.0, 100.0)?,
        [usual].into_iter().chain(found).collect(),
    );
    Ok(Box::new(chart.with_dot_label("one chip").with_decimals(1)))
}

fn tried(results: &Results<'_>, aim: Aim) -> Result<Box<dyn Chart>, ExperimentError> {
    let strategies = [Strategy::Random, Strategy::Evolution];
    let series = strategies.map(|strategy| {
        let tried = results.of(aim, strategy).flat_map(|s| &s.found.tried);
        let points = tried.filter_map(|t| Some((t.mean(|on| on.inference_us)?, percent(t)?)));
        ScatterSeries::new(strategy.name(), points.collect())
    });
    let chart = ScatterChart::new(
        aim.text(),
        Axis::logarithmic("Chip time per input", "µs"),
        Axis::linear("Accuracy", "%").within(0.0, 100.0)?,
        series
            .into_iter()
            .filter(|s| !s.points.is_empty())
            .collect(),
    );
    Ok(Box::new(
        chart.with_pareto_front(Prefer::Lower, Prefer::Higher),
    ))
}
