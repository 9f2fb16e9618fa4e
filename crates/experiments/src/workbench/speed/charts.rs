//! The figures as pictures.

use super::measure::{Measured, Series};
use crate::named_chart::NamedChart;
use crate::plot::{Axis, LineChart, LinePoint, LineSeries, PlotError};

const DATA: &str = "speed.csv";

pub(super) fn of(measured: &[Measured]) -> Result<Vec<NamedChart>, PlotError> {
    let speed = |stem, title, of: Series, x_axis, x: fn(&Measured) -> usize, caption: &str| {
        let rows = || measured.iter().filter(move |row| row.series == of);
        let line = |name, y: fn(&Measured) -> f64| {
            let points = rows().map(|row| LinePoint::new(x(row) as f64, y(row)));
            LineSeries::new(name, points.collect())
        };
        let series = vec![
            line("plain product in f32", |row| row.plain_gmac_per_s),
            line("chip, all imperfections on", |row| row.chip_gmac_per_s),
        ];
        let most = rows().map(|row| row.plain_gmac_per_s.max(row.chip_gmac_per_s));
        let y_axis = Axis::linear("Multiply-accumulates", "10⁹/s").with_range(0.0, above(most))?;
        let chart = LineChart::new(title, x_axis, y_axis, series);
        Ok::<_, PlotError>(NamedChart::new(stem, chart, caption, DATA))
    };
    let memory = {
        let rows = measured.iter().filter(|row| row.series == Series::Batches);
        let points =
            rows.filter_map(|row| Some(LinePoint::new(row.batches as f64, row.memory_mb?)));
        let points: Vec<LinePoint> = points.collect();
        let most = above(points.iter().map(|point| point.y));
        let series = vec![LineSeries::new("process", points)];
        let x_axis = Axis::logarithmic("Batches of 1024 vectors", "");
        let y_axis = Axis::linear("Memory", "MB").with_range(0.0, most)?;
        LineChart::new("Memory by the number of batches", x_axis, y_axis, series)
    };
    Ok(vec![
        speed(
            "batch",
            "A full chip by the size of the batch",
            Series::Batch,
            Axis::logarithmic("Vectors of the batch", ""),
            |row| row.vectors,
            "256 inputs to 256 outputs on one thread.",
        )?,
        speed(
            "layer",
            "One chip by the size of the layer",
            Series::Layer,
            Axis::logarithmic("Inputs, and as many outputs", ""),
            |row| row.inputs,
            "256 vectors on one thread. Layers beyond 256 do not fit: their weights are loaded for every \
             batch anew.",
        )?,
        speed(
            "chips",
            "Several chips that hold a layer",
            Series::Chips,
            Axis::logarithmic("Chips, of 256 inputs each", ""),
            |row| row.chips,
            "256 outputs, 256 vectors, one thread.",
        )?,
        speed(
            "threads",
            "A full chip by the number of threads",
            Series::Threads,
            Axis::linear("Threads", "").whole_numbers(),
            |row| row.threads,
            "256 inputs to 256 outputs, 4096 vectors.",
        )?,
        NamedChart::new(
            "memory",
            memory,
            "What the whole process holds after so many batches on a full chip.",
            DATA,
        ),
    ])
}

/// A round number above all of these.
fn above(values: impl Iterator<Item = f64>) -> f64 {
    (values.fold(1.0, f64::max) / 20.0).ceil() * 20.0
}
