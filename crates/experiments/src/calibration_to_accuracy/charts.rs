//! The charts.

use super::case_results::CaseResults;
use super::imperfection::IMPERFECTIONS;
use super::records::POINTS_FILE;
use super::{EXPERIMENT, Point};
use crate::named_chart::NamedChart;
use crate::operating_point::{Measured, NetworkState};
use crate::plot::{
    Axis, Category, CategoryChart, Chart, LineChart, LinePoint, LineSeries, Panels, Prefer,
    ScatterChart, ScatterSeries,
};
use crate::{ExperimentError, Knob};

pub(super) fn charts(results: &[CaseResults<'_>]) -> Result<Vec<NamedChart>, ExperimentError> {
    Ok(vec![
        NamedChart::new(
            "to-accuracy-error",
            losses(results),
            "One point per setting, mean over chips: what is lost against the digital network, over the whole error of its layers.",
            POINTS_FILE,
        ),
        NamedChart::new(
            "to-accuracy-correlations",
            correlations(results)?,
            "Rank correlation over settings between an imperfection and the accuracy lost; 1: the one \
             grows wherever the other does. One dot per chip.",
            EXPERIMENT.records_file,
        ),
        NamedChart::new(
            "to-accuracy-knobs",
            knobs(results)?,
            "Each knob alone, all others as usual. Bars are standard deviations over chips.",
            POINTS_FILE,
        ),
        NamedChart::new(
            "to-accuracy-time",
            fronts(
                results,
                "Accuracy against chip time",
                "Chip time per image",
                "µs",
                |m, n| n.of(m).inference_us,
            )?,
            "One point per setting, mean over chips; the line joins those that no other setting beats in \
             both.",
            POINTS_FILE,
        ),
        NamedChart::new(
            "to-accuracy-energy",
            fronts(
                results,
                "Accuracy against energy",
                "Energy per image",
                "µJ",
                |m, n| n.of(m).inference_uj,
            )?,
            "One point per setting, mean over chips; the line joins those that no other setting beats in \
             both.",
            POINTS_FILE,
        ),
        NamedChart::new(
            "to-accuracy-effort",
            effort(results)?,
            "One point per effort, mean over chips, from left to right: joint procedure with few runs, as \
             usual, with many runs; nested searches. Without calibration the network has what stands in \
             the table.",
            POINTS_FILE,
        ),
    ])
}

fn panels(
    title: &str,
    results: &[CaseResults<'_>],
    of: impl Fn(&CaseResults<'_>, String) -> Result<Box<dyn Chart>, ExperimentError>,
) -> Result<Panels, ExperimentError> {
    let panels = results
        .iter()
        .map(|case| of(case, format!("{} chips", case.case.name)));
    Ok(Panels::new(title, panels.collect::<Result<_, _>>()?))
}

/// Means of two quantities at every point.
fn means(
    case: &CaseResults<'_>,
    x: impl Fn(&Measured) -> f64,
    y: impl Fn(&Measured) -> f64,
    accept: impl Fn(&Point) -> bool,
) -> Vec<(f64, f64)> {
    (0..case.points.len())
        .filter(|&place| accept(case.points[place]))
        .map(|place| (case.mean(place, &x), case.mean(place, &y)))
        .collect()
}

fn losses(results: &[CaseResults<'_>]) -> Panels {
    let panels = results.iter().map(|case| {
        let series = NetworkState::BOTH.map(|network| {
            let points = (0..case.points.len()).map(|place| {
                let lost = crate::statistics::mean(&case.losses(place, network));
                (case.mean(place, Measured::error_percent), lost)
            });
            ScatterSeries::new(network.name(), points.collect())
        });
        let chart = ScatterChart::new(
            format!("{} chips", case.case.name),
            Axis::logarithmic("Error of the layers", "% of the signal"),
            Axis::linear("Accuracy lost", "percent points"),
            series.to_vec(),
        );
        Box::new(chart) as Box<dyn Chart>
    });
    Panels::new(
        "Accuracy lost over the error of the multiplication",
        panels.collect(),
    )
}

fn correlations(results: &[CaseResults<'_>]) -> Result<Panels, ExperimentError> {
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for case in results {
        for network in NetworkState::BOTH {
            let categories = IMPERFECTIONS.iter().map(|&imperfection| {
                Category::new(imperfection.name, case.correlations(imperfection, network))
            });
            let axis = Axis::linear("Rank correlation", "").with_range(-1.0, 1.0)?;
            let title = format!("{} chips, {}", case.case.name, network.name());
            let chart = CategoryChart::new(title, axis, categories.collect());
            panels.push(Box::new(chart.with_dot_label("one chip").with_decimals(2)));
        }
    }
    Ok(Panels::new(
        "Which imperfection tells what accuracy is lost",
        panels,
    ))
}

/// A knob's values on all chips' points, and room beside them.
fn axis(knob: Knob, values: Vec<f64>) -> Result<Axis, ExperimentError> {
    const ROOM: f64 = 0.06;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let axis = Axis::linear(knob.name(), knob.unit());
    let room = ROOM * (high - low);
    if room > 0.0 {
        Ok(axis.with_range(low - room, high + room)?)
    } else {
        Ok(axis)
    }
}

fn case_values(results: &[CaseResults<'_>], knob: Knob) -> Vec<f64> {
    let cases = results.iter();
    cases
        .flat_map(|case| case.along(knob))
        .map(|(value, _)| value)
        .collect()
}

fn knobs(results: &[CaseResults<'_>]) -> Result<Panels, ExperimentError> {
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for knob in Knob::ALL {
        if knob == Knob::Effort {
            continue;
        }
        let mut series = Vec::new();
        for case in results {
            for network in NetworkState::BOTH {
                let points = case.along(knob).into_iter();
                let points = points.filter_map(|(value, place)| {
                    LinePoint::over(value, &case.percents(place, network))
                });
                let name = format!("{}, {}", case.case.name, network.name());
                series.push(LineSeries::new(name, points.collect()));
            }
        }
        let chart = LineChart::new(
            knob.name(),
            axis(knob, case_values(results, knob))?,
            Axis::linear("Accuracy", "%").within(0.0, 100.0)?,
            series,
        );
        panels.push(Box::new(chart));
    }
    Ok(Panels::new("Accuracy over every knob", panels))
}

fn fronts(
    results: &[CaseResults<'_>],
    title: &str,
    label: &str,
    unit: &str,
    cost: impl Fn(&Measured, NetworkState) -> f64 + Copy,
) -> Result<Panels, ExperimentError> {
    panels(title, results, |case, name| {
        let series = NetworkState::BOTH.map(|network| {
            let percent = |m: &Measured| network.of(m).percent;
            let points = means(case, |m| cost(m, network), percent, |_| true);
            ScatterSeries::new(network.name(), points)
        });
        let chart = ScatterChart::new(
            name,
            Axis::logarithmic(label, unit),
            Axis::linear("Accuracy", "%").within(0.0, 100.0)?,
            series.to_vec(),
        );
        Ok(Box::new(
            chart.with_pareto_front(Prefer::Lower, Prefer::Higher),
        ))
    })
}

fn effort(results: &[CaseResults<'_>]) -> Result<Panels, ExperimentError> {
    panels(
        "Accuracy over the chip time of the calibration",
        results,
        |case, name| {
            let places = case.along(Knob::Effort);
            let series =
                NetworkState::BOTH.map(|network| {
                    let points = places.iter().filter(|(value, _)| *value > 0.0).filter_map(
                        |&(_, place)| {
                            let time = case.mean(place, |m| m.calibration_ms);
                            LinePoint::over(time, &case.percents(place, network))
                        },
                    );
                    LineSeries::new(network.name(), points.collect())
                });
            Ok(Box::new(LineChart::new(
                name,
                Axis::logarithmic("Chip time of the calibration", "ms"),
                Axis::linear("Accuracy", "%").within(0.0, 100.0)?,
                series.to_vec(),
            )))
        },
    )
}
