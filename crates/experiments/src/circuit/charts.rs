//! The charts: those of the first chip.

use bss2_core::ACTIVATION_MAX;
use ndarray::Array2;

use super::chip_run::ChipRun;
use super::line_saturation;
use super::records::{DRIVERS_FILE, LINE_FILE, SWING_FILE, TRACE_FILE, VALIDITY_FILE};
use super::summary::of_kind;
use super::validity::{FAR_LSB, Order};
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plot::{
    Axis, Chart, LineChart, LinePoint, LineSeries, Panels, Reference, ScatterChart, ScatterSeries,
};
use crate::published::SWING_DEVIATIONS;

pub(super) fn charts(run: &ChipRun) -> Result<Vec<NamedChart>, ExperimentError> {
    Ok(vec![
        NamedChart::new(
            "circuit-trace",
            trace(run),
            "Voltages of one column of a calibrated chip, in LSB above the reset potential. Each event \
             lowers the line of its sign, which recovers with τ_syn; the membrane sums what the OTAs \
             make of it.",
            TRACE_FILE,
        ),
        NamedChart::new(
            "circuit-drivers",
            drivers(run)?,
            "Four of the 128 drivers of a hemisphere, from one of the lowest to one of the highest, on \
             a column that is ideal otherwise. The trim shifts a curve; its slope and its soft start \
             stay.",
            DRIVERS_FILE,
        ),
        NamedChart::new(
            "circuit-swing",
            swing(run)?,
            "One row into all weights of a calibrated chip. Bars are the standard deviation over the \
             columns, the published points are those of the BrainScaleS-2 demos.",
            SWING_FILE,
        ),
        NamedChart::new(
            "circuit-line-saturation",
            line_saturation(run),
            "All 128 rows at activation 31 into one weight w; signal lost against linear OTAs. Marked: \
             waits at which the lumped model reports outputs as doubtful.",
            LINE_FILE,
        ),
        NamedChart::new(
            "circuit-validity",
            validity(run),
            "Each point is one random vector: the largest difference over 256 columns between both \
             models, noise off, results near the ends of the swing left out; no difference stands at \
             0.5 LSB. The drive is the nominal voltage of the more strongly driven line, relative to \
             the OTA's linear range. With one sign, the OTAs' bias and with it the results and their \
             differences are lowered.",
            VALIDITY_FILE,
        ),
    ])
}

fn trace(run: &ChipRun) -> LineChart {
    let trace = &run.trace;
    let names = ["membrane", "excitatory line", "inhibitory line"];
    let series = names
        .iter()
        .zip(&trace.voltages_lsb)
        .map(|(name, voltages)| {
            let samples = trace.times_us.iter().zip(voltages);
            let points = samples.map(|(&time, &voltage)| LinePoint::new(time, f64::from(voltage)));
            LineSeries::new(*name, points.collect())
        });
    let [positive, negative] = [trace.positive_us, trace.negative_us];
    LineChart::new(
        "One multiplication in time",
        Axis::linear("Time after the reset", "µs"),
        Axis::linear("Voltage", "LSB"),
        series.collect(),
    )
    .with_x_reference(Reference::line(0.0, "end of reset"))
    .with_x_reference(Reference::band(
        positive[0],
        positive[1],
        "positive weights",
    ))
    .with_x_reference(Reference::band(
        negative[0],
        negative[1],
        "negative weights",
    ))
    .with_x_reference(Reference::line(trace.readout_us, "readout"))
}

fn drivers(run: &ChipRun) -> Result<Panels, ExperimentError> {
    let curves = &run.drivers;
    let panel =
        |title: &str, of: &Array2<f64>, last: f64| -> Result<Box<dyn Chart>, ExperimentError> {
            let examples = curves.examples();
            let mut series: Vec<LineSeries> = examples
                .iter()
                .map(|&driver| {
                    let results = of.row(driver).into_iter().enumerate();
                    let points = results.map(|(x, &y)| LinePoint::new(x as f64, y));
                    let points = points.take_while(|point| point.x <= last);
                    LineSeries::new(format!("driver {driver}"), points.collect())
                })
                .collect();
            let ideal = [0.0, last].map(|x| LinePoint::new(x, x * curves.ideal_lsb_per_activation));
            series.push(LineSeries::new("ideal", ideal.into()));
            let y_axis = Axis::linear("Result", "LSB");
            let x_axis = Axis::linear("Activation", "").with_range(0.0, last)?;
            Ok(Box::new(LineChart::new(title, x_axis, y_axis, series)))
        };
    let [all, low] = [f64::from(ACTIVATION_MAX), 6.0];
    let panels = vec![
        panel("fresh", &curves.fresh, all)?,
        panel("trimmed", &curves.trimmed, all)?,
        panel("fresh, low activations", &curves.fresh, low)?,
        panel("trimmed, low activations", &curves.trimmed, low)?,
    ];
    Ok(Panels::new("Transfer curves of synapse drivers", panels))
}

fn swing(run: &ChipRun) -> Result<Panels, ExperimentError> {
    let curve = |y: fn(f64, f64) -> f64| {
        // Every other point: all of them would hide the published ones.
        let points = run.swing.points.iter().step_by(2).map(|point| {
            let y = y(point.predicted, point.mean);
            LinePoint::with_error(point.predicted, y, point.deviation)
        });
        LineSeries::new("columns of the chip", points.collect())
    };
    let published = |y: fn(f64, f64) -> f64| {
        let points = SWING_DEVIATIONS
            .map(|(predicted, deviation)| LinePoint::new(predicted, y(predicted, deviation)));
        LineSeries::new("published", points.into()).unjoined()
    };
    let linear = [-180.0, 180.0].map(|x| LinePoint::new(x, x));
    let x_axis = || Axis::linear("Linear prediction", "LSB").with_range(-180.0, 180.0);
    let result = LineChart::new(
        "Result",
        x_axis()?,
        Axis::linear("Result", "LSB").with_range(-180.0, 180.0)?,
        vec![
            curve(|_, result| result),
            published(|predicted, deviation| predicted + deviation),
            LineSeries::new("linear", linear.into()),
        ],
    );
    let deviation = LineChart::new(
        "Deviation",
        x_axis()?,
        Axis::linear("Deviation from the prediction", "LSB").with_range(-60.0, 80.0)?,
        vec![
            curve(|predicted, result| result - predicted),
            published(|_, deviation| deviation),
        ],
    );
    Ok(Panels::new(
        "Ends of the swing",
        vec![Box::new(result), Box::new(deviation)],
    ))
}

fn line_saturation(run: &ChipRun) -> LineChart {
    let mut weights: Vec<i8> = run.line.iter().map(|point| point.weight).collect();
    weights.sort_unstable();
    weights.dedup();
    let points = |keep: &dyn Fn(&line_saturation::LinePoint) -> bool,
                  lost: fn(&line_saturation::LinePoint) -> f64| {
        let kept = run.line.iter().filter(|point| keep(point));
        kept.map(|point| LinePoint::new(f64::from(point.wait), lost(point)))
            .collect()
    };
    let mut series = Vec::new();
    for &weight in weights.iter().rev().take(2) {
        let of_weight = move |point: &line_saturation::LinePoint| point.weight == weight;
        series.extend([
            LineSeries::new(
                format!("transient, w = {weight}"),
                points(&of_weight, |point| point.transient_percent),
            ),
            LineSeries::new(
                format!("lumped, w = {weight}"),
                points(&of_weight, |point| point.lumped_percent),
            ),
        ]);
    }
    let doubtful = points(
        &|point| {
            point.doubtful_percent > 0.0 && weights.iter().rev().take(2).any(|w| *w == point.weight)
        },
        |point| point.lumped_percent,
    );
    series.push(LineSeries::new("reported as doubtful", doubtful).unjoined());
    LineChart::new(
        "Signal lost to the saturation of the OTAs",
        Axis::logarithmic("wait_between_events", "cycles of 8 ns"),
        Axis::linear("Signal lost", "%"),
        series,
    )
}

fn validity(run: &ChipRun) -> ScatterChart {
    let series_of = |doubtful: bool| {
        Order::ALL.map(|order| {
            let points = of_kind(&run.validity, order, doubtful);
            let points = points.map(|c| (c.drive, c.largest_lsb.max(FLOOR_LSB)));
            let kind = if doubtful { ", some doubtful" } else { "" };
            ScatterSeries::new(format!("{}{kind}", order.name()), points.collect())
        })
    };
    let series = [false, true].into_iter().flat_map(series_of);
    let series = series.filter(|series| !series.points.is_empty());
    ScatterChart::new(
        "Lumped against transient model",
        Axis::logarithmic("Drive of the line", ""),
        Axis::logarithmic("Largest difference", "LSB"),
        series.collect(),
    )
    .with_y_reference(Reference::line(FAR_LSB, "3 LSB"))
}

/// Where a difference of nothing stands on the logarithmic axis.
const FLOOR_LSB: f64 = 0.5;
