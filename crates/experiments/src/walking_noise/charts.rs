//! The charts.

use bss2_training::NoiseKind;

use super::architecture::Architecture;
use super::network_run::Bearing;
use super::results::KINDS;
use super::{EXPERIMENT, Results};
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plot::{Axis, Chart, ErrorStyle, LineChart, LinePoint, LineSeries, Panels, Reference};

pub(super) fn charts(results: &Results<'_>) -> Result<Vec<NamedChart>, ExperimentError> {
    let records = EXPERIMENT.records_file;
    let mut charts = vec![NamedChart::new(
        "walking-noise-curves",
        curves(results)?,
        "Additive noise on the outputs of all linear layers of networks trained without noise; bands \
         are standard deviations over seeds.",
        records,
    )];
    let stems = ["walking-noise-additive", "walking-noise-multiplicative"];
    for (stem, (kind, name)) in stems.into_iter().zip(KINDS) {
        let caption = format!(
            "Midpoint of {name} noise on one layer at a time, and on all; higher bears more. Bars are \
             standard deviations over seeds. A missing point: accuracy never falls half way to chance."
        );
        let chart = layers(results, kind, name)?;
        charts.push(NamedChart::new(stem, chart, caption, records));
    }
    Ok(charts)
}

fn curves(results: &Results<'_>) -> Result<LineChart, ExperimentError> {
    let series = Architecture::ALL.map(|architecture| {
        let sigmas = results.parameters.curve_sigmas.iter().enumerate();
        let points = sigmas.filter_map(|(index, &sigma)| {
            let percents = results.of(architecture).map(|run| run.curve_percent[index]);
            LinePoint::over(sigma, &percents.collect::<Vec<_>>())
        });
        LineSeries::new(architecture.name(), points.collect())
    });
    let chance = 100.0 / results.data.classes as f64;
    Ok(LineChart::new(
        format!("Accuracy under noise on all layers: {}", results.data.name),
        Axis::logarithmic("Standard deviation of the noise", ""),
        Axis::linear("Accuracy", "%").within(0.0, 100.0)?,
        series.to_vec(),
    )
    .with_error_style(ErrorStyle::Band)
    .with_y_reference(Reference::line(chance, "chance")))
}

fn layers(results: &Results<'_>, kind: NoiseKind, name: &str) -> Result<Panels, ExperimentError> {
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for architecture in Architecture::ALL {
        panels.push(Box::new(panel(results, architecture, kind)?));
    }
    let title = format!("Midpoints of {name} noise by layer: {}", results.data.name);
    Ok(Panels::new(title, panels))
}

/// Midpoints of the layers by number, those of all layers together at zero.
fn panel(
    results: &Results<'_>,
    architecture: Architecture,
    kind: NoiseKind,
) -> Result<LineChart, ExperimentError> {
    let places = results.places(architecture).len();
    let points = |places: std::ops::Range<usize>, of: fn(&Bearing) -> Option<f64>| {
        let points = places.filter_map(|place| {
            let values = results.values(architecture, kind, place, of);
            LinePoint::over(place as f64, &values)
        });
        points.collect::<Vec<_>>()
    };
    let (plain, hardened) = (
        (|bearing: &Bearing| bearing.midpoint) as fn(&Bearing) -> Option<f64>,
        Bearing::hardened_midpoint as fn(&Bearing) -> Option<f64>,
    );
    let series = [
        LineSeries::new("one layer", points(1..places, plain)),
        LineSeries::new("all", points(0..1, plain)).unjoined(),
        LineSeries::new("all, trained with noise", points(0..1, hardened)).unjoined(),
        LineSeries::new("one layer, trained with noise", points(1..places, hardened)),
    ];
    let layers = Axis::linear("Layer, 0: all together", "").whole_numbers();
    let chart = LineChart::new(
        architecture.name(),
        layers.with_range(-0.5, places as f64 - 0.5)?,
        Axis::logarithmic("Midpoint", ""),
        series
            .into_iter()
            .filter(|series| !series.points.is_empty())
            .collect(),
    );
    Ok(chart)
}
