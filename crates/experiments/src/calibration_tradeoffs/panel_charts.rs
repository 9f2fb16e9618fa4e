//! The quantities over each knob.

use super::knob::Knob;
use super::quantity::{
    CALIBRATED, CALIBRATION_TIME, CLIPPED, GAIN, GAIN_SPREAD, LONG_GAIN, LOST, MEMBRANE_TAU, NOISE,
    NON_LINEARITY, OFFSET_SPREAD, Quantity, SIGNAL_TO_ERROR, SIGNAL_TO_NOISE, SYNAPSE_SPREAD,
    VECTOR_TIME,
};
use super::records::POINTS_FILE;
use super::results::{AtPoint, Results};
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plot::{Axis, Chart, LineChart, LinePoint, LineSeries, Panels, PlotError};

/// A panel: its title, vertical axis, and named quantities.
struct Panel {
    title: &'static str,
    axis: Axis,
    series: Vec<(&'static str, Quantity)>,
}

fn panel(
    title: &'static str,
    axis: Axis,
    series: impl Into<Vec<(&'static str, Quantity)>>,
) -> Panel {
    Panel {
        title,
        axis,
        series: series.into(),
    }
}

/// An axis from zero, for what cannot be negative.
fn from_zero(label: &str, unit: &str) -> Result<Axis, PlotError> {
    Axis::linear(label, unit).within(0.0, 1e9)
}

/// An axis from zero to above all values: for costs, whose small changes do not matter.
fn whole(
    label: &str,
    unit: &str,
    points: &[AtPoint<'_>],
    quantity: Quantity,
) -> Result<Axis, PlotError> {
    let values = points.iter().flat_map(|at| at.values(quantity.value));
    let highest = values.fold(f64::MIN_POSITIVE, f64::max);
    Axis::linear(label, unit).with_range(0.0, 1.2 * highest)
}

/// The panels of a knob.
fn panels(knob: Knob, points: &[AtPoint<'_>]) -> Result<Vec<Panel>, PlotError> {
    let mut spread = vec![("gains of columns", GAIN_SPREAD)];
    if knob.is_target() {
        spread.push(("synapses of a row", SYNAPSE_SPREAD));
    }
    let mut panels = vec![
        panel(
            "Gain",
            from_zero("Gain per send", "10⁻³ LSB")?,
            [("gain", GAIN)],
        ),
        panel(
            "Errors",
            from_zero("Standard deviation", "LSB")?,
            [
                ("noise", NOISE),
                ("offsets", OFFSET_SPREAD),
                ("non-linearity", NON_LINEARITY),
            ],
        ),
        panel("Fixed pattern", from_zero("Spread", "%")?, spread),
        panel(
            "Signal over error",
            from_zero("Signal over error", "")?,
            [
                ("over noise", SIGNAL_TO_NOISE),
                ("over all errors", SIGNAL_TO_ERROR),
            ],
        ),
        panel(
            "What is lost",
            Axis::linear("Share", "%"),
            [("results clipped", CLIPPED), ("gain under load", LOST)],
        ),
    ];
    if knob.is_target() {
        panels.extend([
            panel(
                "Memory",
                from_zero("Membrane time constant", "µs")?,
                [("time constant", MEMBRANE_TAU)],
            ),
            panel(
                "Long sequences",
                from_zero("Gain sent slowly", "%")?,
                [("gain", LONG_GAIN)],
            ),
            panel(
                "Calibrated columns",
                Axis::linear("Columns", "%").with_range(0.0, 102.0)?,
                [("columns", CALIBRATED)],
            ),
            panel(
                "Cost of the calibration",
                whole("Chip time", "ms", points, CALIBRATION_TIME)?,
                [("calibration", CALIBRATION_TIME)],
            ),
        ]);
    }
    panels.push(panel(
        "Cost of a vector",
        whole("Chip time", "µs", points, VECTOR_TIME)?,
        [("vector", VECTOR_TIME)],
    ));
    Ok(panels)
}

/// The panel chart of a knob.
pub(super) fn chart(results: &Results, knob: Knob) -> Result<NamedChart, ExperimentError> {
    let points = results.of(knob);
    let values: Vec<f64> = points.iter().map(|at| at.point.value).collect();
    let x_axis = knob.axis(&values)?;
    let charts = panels(knob, &points)?.into_iter().map(|panel| {
        let series = panel
            .series
            .iter()
            .map(|(name, quantity)| LineSeries::new(*name, curve(&points, quantity.value)));
        let series: Vec<LineSeries> = series.collect();
        let chart = LineChart::new(panel.title, x_axis.clone(), panel.axis, series);
        Box::new(chart) as Box<dyn Chart>
    });
    let panels = Panels::new(format!("Over {}", knob.name()), charts.collect());
    Ok(NamedChart::new(
        knob.stem(),
        panels,
        "Mean ± standard deviation over chips.",
        POINTS_FILE,
    ))
}

fn curve(points: &[AtPoint<'_>], value: fn(&super::quality::Quality) -> f64) -> Vec<LinePoint> {
    points
        .iter()
        .filter_map(|at| LinePoint::over(at.point.value, &at.values(value)))
        .collect()
}
