//! SVG charts for the report: deterministic, readable without scripts, in light and dark mode.
//!
//! Each chart is a plain struct that implements [`Chart`]:
//!
//! | chart | shows |
//! |---|---|
//! | [`CategoryChart`] | results of named stages, one dot per chip, with mean ± standard deviation |
//! | [`LineChart`] | series over a common quantity, with errors as bars or bands |
//! | [`ScatterChart`] | two quantities against each other, with an optional Pareto front |
//! | [`Histogram`] | several distributions over shared bins |
//! | [`HeatMap`] | a matrix of values |
//! | [`BarChart`] | one bar per named row |
//! | [`ChangeChart`] | named quantities before and after something |
//! | [`ArrayChart`] | what occupies the synapses, pass by pass |
//! | [`Panels`] | several of these side by side, on narrow screens one below the other |
//!
//! The same data gives the same bytes. Drawing never fails: what a chart cannot place (values
//! that are not finite, not positive on a logarithmic axis, or outside a fixed range) is left out
//! and counted in a note below the chart, and a chart without any data says "No data". Settings
//! that cannot be drawn at all, such as an empty range, are a [`PlotError`] where they are made.
//!
//! ```
//! # use bss2_experiments::plot::{Axis, Category, CategoryChart, Chart, Reference};
//! let chart = CategoryChart::new(
//!     "Accuracy by stage",
//!     Axis::linear("Test accuracy", "%"),
//!     vec![
//!         Category::new("float", vec![98.1, 98.0, 98.2]),
//!         Category::new("calibrated", vec![96.9, 97.2, 96.4]),
//!     ],
//! )
//! .with_reference(Reference::line(97.0, "target"));
//! assert!(chart.to_svg().starts_with("<svg"));
//! ```

mod array;
mod axis;
mod bar;
mod category;
mod change;
mod colour_map;
mod heat_map;
mod histogram;
mod legend;
mod line;
mod named_rows;
mod number;
mod omissions;
mod palette;
mod panels;
mod plane;
mod point_labels;
mod reference;
mod scale;
mod scatter;
mod sheet;
mod summary;
mod svg;
mod text;

#[cfg(test)]
mod tests;

pub use array::{ArrayBlock, ArrayChart, ArrayPanel};
pub use axis::Axis;
pub use bar::{Bar, BarChart};
pub use category::{Category, CategoryChart};
pub use change::{Change, ChangeChart};
pub use heat_map::HeatMap;
pub use histogram::{Bins, Distribution, Histogram, Quantity};
pub use line::{ErrorStyle, LineChart, LinePoint, LineSeries};
pub use number::{fixed, significant, with_deviation};
pub use panels::Panels;
pub use reference::Reference;
pub use scatter::{ParetoFront, Prefer, ScatterChart, ScatterSeries};
pub use summary::Summary;
pub(crate) use svg::escape;

/// The style sheet of all charts: a page that holds charts includes it once.
///
/// Colours are CSS custom properties of the class `bss2-chart`, set for light and dark mode.
pub const STYLE: &str = include_str!("style.css");

/// Where a chart is going to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// In an HTML page that includes [`STYLE`], at the width of a text column.
    Page,
    /// In such a page on a narrow screen: laid out anew, so that text keeps its size.
    NarrowPage,
    /// In a file of its own, with the style sheet and an opaque background.
    Standalone,
    /// Inside the drawing of [`Panels`], laid out as for a narrow screen.
    Panel,
}

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    svg: String,
    height: f64,
}

impl Drawing {
    /// The SVG element.
    pub fn svg(&self) -> &str {
        &self.svg
    }
}

/// A chart that can be drawn as SVG; plain data, which any thread may hold.
pub trait Chart: std::fmt::Debug + Send + Sync {
    /// The title, as it stands above the chart.
    fn title(&self) -> &str;

    /// Draws the chart for `target`.
    fn draw(&self, target: Target) -> Drawing;

    /// The chart for inclusion in an HTML page that includes [`STYLE`].
    fn to_svg(&self) -> String {
        self.draw(Target::Page).svg
    }

    /// The chart for the same page on a narrow screen.
    fn to_narrow_svg(&self) -> String {
        self.draw(Target::NarrowPage).svg
    }

    /// The chart as a file of its own, for example for a README.
    fn to_standalone_svg(&self) -> String {
        self.draw(Target::Standalone).svg
    }
}

/// A setting that no chart can be drawn with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlotError {
    /// The ends of a range are not finite, not in order, too close together, or not positive
    /// where the axis is logarithmic.
    #[error("an axis cannot run from {low} to {high}")]
    Range {
        /// The low end.
        low: f64,
        /// The high end.
        high: f64,
    },
    /// A matrix whose number of values is not rows × columns.
    #[error("{rows} rows and {columns} columns need {} values, not {values}", rows.saturating_mul(*columns))]
    Shape {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
        /// Number of values given.
        values: usize,
    },
    /// Row or column names that are not as many as the rows or columns.
    #[error("{names} names for {count} rows or columns")]
    Names {
        /// Number of rows or columns.
        count: usize,
        /// Number of names given.
        names: usize,
    },
}
