//! The tables.

use super::Results;
use super::policy::Policy;
use super::temperatures::AtTemperature;
use super::trends::Trend;
use crate::published::TEMPERATURE_LAYERS;
use crate::report::{Cell, Column, ReportError, Table};
use crate::wording::text;

/// The published trends.
pub(super) fn trends(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "Published trends from 40 to 90 °C (arXiv:2609.15527) beside what was measured: mean over \
         calibrations, then over chips, with its 95 % interval",
        vec![
            Column::text("Published"),
            Column::text("Measured"),
            Column::number("Mean and interval"),
            Column::text("Here it"),
        ],
    );
    for trend in Trend::all(results) {
        table.push_row(vec![
            Cell::text(trend.claim),
            Cell::text(trend.quantity),
            Cell::text(trend.text()),
            Cell::text(trend.verdict()),
        ])?;
    }
    Ok(table)
}

/// Accuracy of every method.
pub(super) fn accuracies(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut columns = vec![
        Column::text("Training"),
        Column::number("Calibrated at, °C"),
    ];
    let celsius = results.parameters.celsius.iter();
    columns.extend(celsius.map(|celsius| Column::number(format!("{celsius} °C"))));
    columns.push(Column::number("Training, s"));
    let mut table = Table::new(
        "Accuracy in % at temperatures of use, and chip time of the training: mean ± standard deviation \
         over chips",
        columns,
    );
    for (place, method) in results.parameters.methods.iter().enumerate() {
        for (calibration, celsius) in results.parameters.calibration_celsius.iter().enumerate() {
            let mut row = vec![
                Cell::text(method.name()),
                Cell::number(f64::from(*celsius), 0),
            ];
            for temperature in 0..results.parameters.celsius.len() {
                let accuracies = results.accuracies(calibration, temperature, place);
                row.push(Cell::text(text(accuracies, 1)));
            }
            let times = results.runs.iter();
            let times = times.map(|run| run.calibrations[calibration].training_s[place]);
            row.push(Cell::text(text(times, 2)));
            table.push_row(row)?;
        }
    }
    Ok(table)
}

/// Gain, noise and errors.
pub(super) fn errors(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "Gain and noise by the published protocol, and errors of the layers relative to the signal, of \
         which noise, what is systematic, and of that what a changed gain alone makes: mean ± standard \
         deviation over chips",
        vec![
            Column::number("Calibrated at, °C"),
            Column::number("Used at, °C"),
            Column::number("Gain, 10⁻³ LSB"),
            Column::number("σ, LSB"),
            Column::number("Error, %"),
            Column::number("Noise, %"),
            Column::number("Systematic, %"),
            Column::number("Gain, %"),
        ],
    );
    for (calibration, calibrated) in results.parameters.calibration_celsius.iter().enumerate() {
        for (temperature, celsius) in results.parameters.celsius.iter().enumerate() {
            let cell = |of: fn(&AtTemperature) -> f64, decimals| {
                Cell::text(text(results.at(calibration, temperature, of), decimals))
            };
            table.push_row(vec![
                Cell::number(f64::from(*calibrated), 0),
                Cell::number(f64::from(*celsius), 0),
                cell(|at| 1e3 * f64::from(at.mock.gain_lsb), 3),
                cell(|at| at.mock.noise_lsb.into(), 3),
                cell(|at| 100.0 * at.network.error_to_signal, 1),
                cell(|at| 100.0 * at.network.noise_to_signal, 1),
                cell(|at| 100.0 * at.network.systematic_to_signal, 1),
                cell(|at| 100.0 * at.network.gain_error_to_signal, 1),
            ])?;
        }
    }
    Ok(table)
}

/// Layers as they were published, beside those here.
pub(super) fn layers(results: &Results<'_>) -> Result<Table, ReportError> {
    let mut table = Table::new(
        "Layers at the temperature of the first calibration, beside published ones (another network, \
         2560-128-128-10): gain of all sends together, noise of a result",
        vec![
            Column::text("Layer"),
            Column::number("Sends"),
            Column::number("Gain, 10⁻³ LSB"),
            Column::number("σ, LSB"),
        ],
    );
    let first = results
        .runs
        .first()
        .map(|run| &run.calibrations[0].points[0]);
    let described = results.parameters.network.on_array();
    let described = described.take(first.map_or(0, |point| point.layers.len()));
    for (number, on_array) in described.enumerate() {
        let sends = f64::from(on_array.num_sends);
        table.push_row(vec![
            Cell::text(format!("layer {} here", number + 1)),
            Cell::number(sends, 0),
            Cell::text(text(
                results.at(0, 0, |at| 1e3 * sends * at.layers[number].gain),
                2,
            )),
            Cell::text(text(
                results.at(0, 0, |at| sends * at.layers[number].noise),
                2,
            )),
        ])?;
    }
    for (number, (sends, gain, noise)) in TEMPERATURE_LAYERS.into_iter().enumerate() {
        table.push_row(vec![
            Cell::text(format!("layer {}, published", number + 1)),
            Cell::number(f64::from(sends), 0),
            Cell::number(1e3 * gain, 2),
            Cell::number(noise, 2),
        ])?;
    }
    Ok(table)
}

/// What policies cost and keep.
pub(super) fn policies(results: &Results<'_>) -> Result<Table, ReportError> {
    let drift = &results.parameters.drift;
    let mut columns = vec![
        Column::text("Training"),
        Column::text("Scenario"),
        Column::text("At every age"),
        Column::number("Refresh, ms"),
        Column::number("Over ages, %"),
    ];
    let after = drift.hours_after.iter();
    columns.extend(after.map(|hours| Column::number(format!("{hours} h later, %"))));
    let mut table = Table::new(
        "Accuracy right after a refresh, the mean over all ages, and some time after the last refresh: \
         mean ± standard deviation over chips",
        columns,
    );
    for (network, method) in drift.methods.iter().enumerate() {
        for scenario in 0..drift.warmer_kelvin.len() {
            for policy in Policy::ALL {
                let times = results.of_courses(scenario, policy, |c| c.refresh_ms[network]);
                let mut row = vec![
                    Cell::text(method.name()),
                    Cell::text(results.scenario_name(scenario)),
                    Cell::text(policy.name()),
                    Cell::text(text(times, 1)),
                    Cell::text(text(results.mean_accuracies(scenario, policy, network), 1)),
                ];
                for place in 0..drift.hours_after.len() {
                    let later =
                        results.of_courses(scenario, policy, |c| c.later_percent[network][place]);
                    row.push(Cell::text(text(later, 1)));
                }
                table.push_row(row)?;
            }
        }
    }
    Ok(table)
}
