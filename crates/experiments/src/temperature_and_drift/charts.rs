//! The charts.

use super::drift::Course;
use super::policy::Policy;
use super::temperatures::AtTemperature;
use super::{EXPERIMENT, Results};
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plot::{Axis, Chart, LineChart, LinePoint, LineSeries, Panels, Reference};
use crate::statistics::mean;

pub(super) fn charts(results: &Results<'_>) -> Result<Vec<NamedChart>, ExperimentError> {
    let chart = |stem, chart: Panels, caption: &str| {
        NamedChart::new(stem, chart, caption, EXPERIMENT.records_file)
    };
    Ok(vec![
        chart(
            "temperature-accuracy",
            accuracies(results)?,
            "Networks trained at the temperature of the calibration (temperature-aware: at 40, 60 and \
             80 °C). Bars are standard deviations over chips.",
        ),
        chart(
            "temperature-errors",
            errors(results)?,
            "Gain and noise by the published protocol; noise and error of the layers relative to their \
             signal. Bars are standard deviations over chips.",
        ),
        chart(
            "drift-ages",
            ages(results)?,
            "Accuracy right after the refresh that each policy makes at every age. Bars are standard \
             deviations over chips.",
        ),
        chart(
            "drift-after",
            after(results)?,
            "Accuracy some time after the last refresh. Bars are standard deviations over chips.",
        ),
        NamedChart::new(
            "drift-cost",
            costs(results),
            "One point per policy that refreshes, mean over ages; bars are standard deviations over \
             chips. Which policy takes how long stands in the table.",
            EXPERIMENT.records_file,
        ),
    ])
}

/// A temperature for charts, and what is drawn there on all chips.
fn over_temperatures(
    results: &Results<'_>,
    calibration: usize,
    of: impl Fn(&AtTemperature) -> f64,
) -> Vec<LinePoint> {
    let celsius = results.parameters.celsius.iter().enumerate();
    celsius
        .filter_map(|(temperature, &celsius)| {
            let values = results.at(calibration, temperature, &of);
            LinePoint::over(f64::from(celsius), &values)
        })
        .collect()
}

/// With room at both ends for what is drawn there.
fn celsius_axis(results: &Results<'_>) -> Result<Axis, ExperimentError> {
    let celsius = || results.parameters.celsius.iter().map(|&c| f64::from(c));
    let low = celsius().fold(f64::INFINITY, f64::min) - 5.0;
    let high = celsius().fold(f64::NEG_INFINITY, f64::max) + 5.0;
    Ok(Axis::linear("Temperature of use", "°C").with_range(low, high)?)
}

fn accuracies(results: &Results<'_>) -> Result<Panels, ExperimentError> {
    let parameters = results.parameters;
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for (calibration, celsius) in parameters.calibration_celsius.iter().enumerate() {
        let series = parameters.methods.iter().enumerate();
        let series = series.map(|(place, method)| {
            let points = over_temperatures(results, calibration, |at| at.accuracies_percent[place]);
            LineSeries::new(method.name(), points)
        });
        let chart = LineChart::new(
            format!("Calibrated at {celsius} °C"),
            celsius_axis(results)?,
            Axis::linear("Accuracy", "%").within(0.0, 100.0)?,
            series.collect(),
        );
        let reference = Reference::line(f64::from(*celsius), "calibration");
        panels.push(Box::new(chart.with_x_reference(reference)));
    }
    let title = format!("Accuracy over temperature: {}", results.data.name);
    Ok(Panels::new(title, panels))
}

fn errors(results: &Results<'_>) -> Result<Panels, ExperimentError> {
    type Of = fn(&AtTemperature) -> f64;
    let panels: [(&str, &str, &str, Of); 6] = [
        (
            "Gain by the protocol",
            "Gain per send",
            "10⁻³ LSB",
            |at| 1e3 * f64::from(at.mock.gain_lsb),
        ),
        (
            "Gain of the layers",
            "Slope ÷ gain they were scaled for",
            "%",
            |at| 100.0 * at.network.relative_gain,
        ),
        ("Noise by the protocol", "σ", "LSB", |at| {
            at.mock.noise_lsb.into()
        }),
        ("Noise-to-signal", "Noise to signal", "%", |at| {
            100.0 * at.network.noise_to_signal
        }),
        ("Error-to-signal", "Error to signal", "%", |at| {
            100.0 * at.network.error_to_signal
        }),
        (
            "Systematic part of the error",
            "Systematic error to signal",
            "%",
            |at| 100.0 * at.network.systematic_to_signal,
        ),
    ];
    let mut charts: Vec<Box<dyn Chart>> = Vec::new();
    for (title, label, unit, of) in panels {
        let calibrations = results.parameters.calibration_celsius.iter().enumerate();
        let series = calibrations.map(|(calibration, celsius)| {
            let points = over_temperatures(results, calibration, of);
            LineSeries::new(format!("calibrated at {celsius} °C"), points)
        });
        let (x_axis, y_axis) = (celsius_axis(results)?, Axis::linear(label, unit));
        charts.push(Box::new(LineChart::new(
            title,
            x_axis,
            y_axis,
            series.collect(),
        )));
    }
    Ok(Panels::new(
        "Gain, noise and error over temperature",
        charts,
    ))
}

/// A panel for each network and scenario, with a curve for each policy.
fn by_policy(
    results: &Results<'_>,
    title: &str,
    x_label: &str,
    hours: &[f64],
    of: fn(&Course, usize, usize) -> f64,
) -> Result<Panels, ExperimentError> {
    let drift = &results.parameters.drift;
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for (network, method) in drift.methods.iter().enumerate() {
        for scenario in 0..drift.warmer_kelvin.len() {
            let series = Policy::ALL.map(|policy| {
                let points = hours.iter().enumerate().filter_map(|(place, &hours)| {
                    let values =
                        results.of_courses(scenario, policy, |course| of(course, network, place));
                    LinePoint::over(hours, &values)
                });
                LineSeries::new(policy.name(), points.collect())
            });
            let chart = LineChart::new(
                format!("{method}, {}", results.scenario_name(scenario)),
                Axis::logarithmic(x_label, "h"),
                Axis::linear("Accuracy", "%").within(0.0, 100.0)?,
                series.to_vec(),
            );
            let fresh = Reference::line(mean(&results.fresh(network)), "fresh");
            panels.push(Box::new(chart.with_y_reference(fresh)));
        }
    }
    Ok(Panels::new(title, panels))
}

fn ages(results: &Results<'_>) -> Result<Panels, ExperimentError> {
    by_policy(
        results,
        "Accuracy under policies of refreshing",
        "Age of the calibration",
        &results.parameters.drift.hours,
        |course, network, place| course.accuracies_percent[network][place],
    )
}

fn after(results: &Results<'_>) -> Result<Panels, ExperimentError> {
    by_policy(
        results,
        "How long a refresh lasts",
        "Time after the last refresh",
        &results.parameters.drift.hours_after,
        |course, network, place| course.later_percent[network][place],
    )
}

/// Policies that refresh, in order of the time they take.
fn costs(results: &Results<'_>) -> LineChart {
    let drift = &results.parameters.drift;
    let mut series = Vec::new();
    for (network, method) in drift.methods.iter().enumerate() {
        for scenario in 0..drift.warmer_kelvin.len() {
            let refreshing = Policy::ALL.into_iter().filter(|p| *p != Policy::Nothing);
            let mut points: Vec<LinePoint> = refreshing
                .filter_map(|policy| {
                    let times = results.of_courses(scenario, policy, |c| c.refresh_ms[network]);
                    let gains = results.gains(scenario, policy, network);
                    LinePoint::over(mean(&times), &gains)
                })
                .collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            let name = format!("{method}, {}", results.scenario_name(scenario));
            series.push(LineSeries::new(name, points));
        }
    }
    LineChart::new(
        "What a refresh costs and gains",
        Axis::logarithmic("Chip time of a refresh", "ms"),
        Axis::linear("Accuracy against doing nothing", "percentage points"),
        series,
    )
    .with_y_reference(Reference::line(0.0, "nothing"))
}
