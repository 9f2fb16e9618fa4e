//! A chart, and where it stands.

use crate::plot::Chart;
use crate::report::{Figure, Section};

/// A chart with its place in the report and in the result folder.
#[derive(Debug)]
pub(crate) struct NamedChart {
    /// Name of its file, without ending.
    pub(crate) stem: &'static str,
    pub(crate) chart: Box<dyn Chart>,
    pub(crate) caption: String,
    /// The file that holds its data.
    pub(crate) data: &'static str,
}

impl NamedChart {
    pub(crate) fn new(
        stem: &'static str,
        chart: impl Chart + 'static,
        caption: impl Into<String>,
        data: &'static str,
    ) -> Self {
        Self {
            stem,
            chart: Box::new(chart),
            caption: caption.into(),
            data,
        }
    }

    /// Adds charts to a section, in their order.
    pub(crate) fn add_all(charts: &[Self], section: Section) -> Section {
        let figures = charts.iter().map(Self::figure);
        figures.fold(section, Section::with_figure)
    }

    /// The chart as a figure of the report.
    pub(crate) fn figure(&self) -> Figure {
        Figure::new(self.chart.as_ref(), &*self.caption)
            .with_data(self.data)
            .with_file(format!("figures/{}.svg", self.stem))
    }

    /// The charts for files of their own.
    pub(crate) fn into_files(charts: Vec<Self>) -> Vec<(&'static str, Box<dyn Chart>)> {
        charts.into_iter().map(|c| (c.stem, c.chart)).collect()
    }
}
