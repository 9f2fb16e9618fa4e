//! The charts of a characterization.

use super::figures::{CurvePoint, State};
use crate::plot::{
    Axis, Bins, Chart, Distribution, ErrorStyle, Histogram, LineChart, LinePoint, LineSeries,
    Panels, Reference,
};
use crate::workbench::quadrants::{name, short_name};

/// A value of every element as dots along the chip, with the borders of the quadrants.
pub(super) fn along_the_chip(
    title: &str,
    x_label: &str,
    y_axis: Axis,
    states: &[State<'_>],
    values: impl Fn(&State<'_>) -> Vec<f64>,
) -> LineChart {
    let quadrants = states.first().map_or(1, State::quadrants);
    let mut count = 0;
    let series: Vec<LineSeries> = states
        .iter()
        .map(|state| {
            let values = values(state);
            count = values.len();
            let points = values.into_iter().enumerate();
            let points = points.filter(|(_, value)| value.is_finite());
            LineSeries::new(
                state.name,
                points
                    .map(|(element, value)| LinePoint::new(element as f64, value))
                    .collect(),
            )
            .unjoined()
        })
        .collect();
    let x_axis = Axis::linear(x_label, "").whole_numbers();
    let chart = LineChart::new(title, ranging(x_axis, 0.0, count as f64), y_axis, series);
    (1..quadrants).fold(chart, |chart, quadrant| {
        let border = (quadrant * count / quadrants) as f64;
        chart.with_x_reference(Reference::line(border - 0.5, short_name(quadrant)))
    })
}

/// Distributions of the baselines, one panel per quadrant.
pub(super) fn baselines(states: &[State<'_>]) -> Panels {
    let ends = states
        .iter()
        .flat_map(|state| state.of_columns(None, &state.measurements.baselines))
        .fold((255.0_f64, 0.0_f64), |(low, high), code| {
            (low.min(code), high.max(code))
        });
    let axis = Axis::linear("CADC code without events", "LSB");
    let axis = ranging(axis, ends.0.floor(), ends.1.ceil());
    by_quadrant("Baselines by quadrant", states, |quadrant| {
        let distributions = states.iter().map(|state| {
            let values = state.of_columns(Some(quadrant), &state.measurements.baselines);
            Distribution::new(state.name, values)
        });
        Histogram::new(name(quadrant), axis.clone(), distributions.collect())
            .with_bins(Bins::About(40))
            .with_logarithmic_counts()
    })
}

/// The same axis for all panels, so that these compare; an automatic one where there is no range.
fn ranging(axis: Axis, low: f64, high: f64) -> Axis {
    axis.clone().with_range(low, high).unwrap_or(axis)
}

/// Mean result of the columns over the exact sum, one panel per quadrant.
pub(super) fn column_curves(states: &[State<'_>]) -> Panels {
    // Results have eight bits.
    const LARGEST_LSB: f64 = 130.0;
    let sums = states.iter().flat_map(|state| &state.measurements.sums);
    let largest = sums.fold(0.0_f64, |largest, sum| largest.max(sum.abs() / 1000.0));
    let x_axis = Axis::linear("Exact sum Σ x·w", "1000");
    let x_axis = ranging(x_axis, -largest, largest);
    let y_axis = ranging(Axis::linear("Result", "LSB"), -LARGEST_LSB, LARGEST_LSB);
    by_quadrant("Results of the columns by quadrant", states, |quadrant| {
        LineChart::new(
            name(quadrant),
            x_axis.clone(),
            y_axis.clone(),
            series(states, |state| {
                let mut points = state.column_curve(Some(quadrant));
                for point in &mut points {
                    point.x /= 1000.0;
                }
                // Both signs have a point without drive.
                points.dedup_by_key(|point| point.x);
                points
            }),
        )
        .with_error_style(ErrorStyle::Band)
    })
}

/// Mean amplitude of the drivers over the activation, one panel per quadrant.
pub(super) fn driver_curves(states: &[State<'_>]) -> Panels {
    let quadrants = states.first().map_or(0, State::quadrants);
    let curves = states
        .iter()
        .flat_map(|state| (0..quadrants).flat_map(|quadrant| state.driver_curve(Some(quadrant))));
    let (low, high) = curves.fold((0.0_f64, 0.0_f64), |(low, high), point| {
        (low.min(point.mean), high.max(point.mean + point.deviation))
    });
    let y_axis = Axis::linear("Result to one driver, w = 63", "LSB");
    let y_axis = ranging(y_axis, low.floor(), (high / 10.0).ceil() * 10.0);
    let x_axis = ranging(Axis::linear("Activation", "").whole_numbers(), 0.0, 32.0);
    by_quadrant(
        "Amplitudes of the drivers by quadrant",
        states,
        |quadrant| {
            LineChart::new(
                name(quadrant),
                x_axis.clone(),
                y_axis.clone(),
                series(states, |state| state.driver_curve(Some(quadrant))),
            )
            .with_error_style(ErrorStyle::Band)
        },
    )
}

fn by_quadrant<C: Chart + 'static>(
    title: &str,
    states: &[State<'_>],
    chart: impl Fn(usize) -> C,
) -> Panels {
    let quadrants = states.first().map_or(0, State::quadrants);
    let panels = (0..quadrants).map(|quadrant| Box::new(chart(quadrant)) as Box<dyn Chart>);
    Panels::new(title, panels.collect())
}

fn series(states: &[State<'_>], curve: impl Fn(&State<'_>) -> Vec<CurvePoint>) -> Vec<LineSeries> {
    let series = states.iter().map(|state| {
        let points = curve(state).into_iter();
        let points =
            points.map(|point| LinePoint::with_error(point.x, point.mean, point.deviation));
        LineSeries::new(state.name, points.collect())
    });
    series.collect()
}
