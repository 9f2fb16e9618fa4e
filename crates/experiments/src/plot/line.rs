//! Series over a common quantity.

use super::axis::{Axis, Bounds};
use super::legend::{self, Legend};
use super::omissions::Omissions;
use super::palette::SeriesStyle;
use super::plane::{Plane, PlaneSpec, range_text};
use super::reference::Reference;
use super::sheet::Sheet;
use super::svg::{Element, Path};
use super::{Chart, Target};

const MARKER_RADIUS: f64 = 3.6;
const CAP: f64 = 3.0;
/// From this many points on a line stands without markers, which would only thicken it.
const MOST_MARKERS: usize = 60;

/// A point of a series, with the half-width of its error if it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinePoint {
    /// Where the point stands on the horizontal axis.
    pub x: f64,
    /// Where the point stands on the vertical axis.
    pub y: f64,
    /// Half-width of the error in y, for example a standard deviation.
    pub error: Option<f64>,
}

impl LinePoint {
    /// A point without error.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y, error: None }
    }

    /// A point at `y` ± `error`.
    pub fn with_error(x: f64, y: f64, error: f64) -> Self {
        Self {
            x,
            y,
            error: Some(error),
        }
    }

    fn error_ends(self) -> Option<[f64; 2]> {
        let error = self
            .error
            .filter(|error| error.is_finite() && *error > 0.0)?;
        Some([self.y - error, self.y + error])
    }
}

/// A named series; its points are joined in the order given.
#[derive(Debug, Clone, PartialEq)]
pub struct LineSeries {
    /// The name in the legend.
    pub name: String,
    /// The points; the line has a gap where one has no place on the axes.
    pub points: Vec<LinePoint>,
}

impl LineSeries {
    /// A series called `name`.
    pub fn new(name: impl Into<String>, points: Vec<LinePoint>) -> Self {
        Self {
            name: name.into(),
            points,
        }
    }
}

/// How errors are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorStyle {
    /// A bar at each point.
    #[default]
    Bars,
    /// A band along the line.
    Band,
}

/// A chart of series over a common quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    /// The title.
    pub title: String,
    /// The horizontal axis.
    pub x_axis: Axis,
    /// The vertical axis.
    pub y_axis: Axis,
    /// The series, in the order of the legend.
    pub series: Vec<LineSeries>,
    /// How errors are drawn: as bars unless set.
    pub error_style: ErrorStyle,
    /// Values of the horizontal axis to compare with.
    pub x_references: Vec<Reference>,
    /// Values of the vertical axis to compare with.
    pub y_references: Vec<Reference>,
}

impl LineChart {
    /// A chart of `series`.
    pub fn new(
        title: impl Into<String>,
        x_axis: Axis,
        y_axis: Axis,
        series: Vec<LineSeries>,
    ) -> Self {
        Self {
            title: title.into(),
            x_axis,
            y_axis,
            series,
            error_style: ErrorStyle::default(),
            x_references: Vec::new(),
            y_references: Vec::new(),
        }
    }

    /// Draws errors in `style`.
    #[must_use]
    pub fn with_error_style(mut self, style: ErrorStyle) -> Self {
        self.error_style = style;
        self
    }

    /// Adds a vertical line or band at values of the horizontal axis.
    #[must_use]
    pub fn with_x_reference(mut self, reference: Reference) -> Self {
        self.x_references.push(reference);
        self
    }

    /// Adds a horizontal line or band at values of the vertical axis.
    #[must_use]
    pub fn with_y_reference(mut self, reference: Reference) -> Self {
        self.y_references.push(reference);
        self
    }

    fn accepts(&self, point: LinePoint) -> bool {
        self.x_axis.accepts(point.x) && self.y_axis.accepts(point.y)
    }

    fn description(&self) -> String {
        let series: Vec<String> = self
            .series
            .iter()
            .map(|series| {
                let bounds = Bounds::of(&self.y_axis, series.points.iter().map(|point| point.y));
                let range = bounds.map_or_else(|| "no data".to_owned(), range_text);
                format!("{}: {range} ({} points)", series.name, series.points.len())
            })
            .collect();
        format!(
            "{} over {}. {}.",
            self.y_axis.caption(),
            self.x_axis.caption(),
            series.join("; ")
        )
    }

    fn draw_legend(&self, sheet: &mut Sheet) {
        let mut legend = Legend::default();
        for (index, series) in self.series.iter().enumerate() {
            legend.add(legend::marked_line(SeriesStyle::new(index)), &series.name);
        }
        legend.draw(sheet);
    }

    fn bounds(&self) -> Option<(Bounds, Bounds)> {
        let points: Vec<LinePoint> = self
            .series
            .iter()
            .flat_map(|series| &series.points)
            .copied()
            .filter(|point| self.accepts(*point))
            .collect();
        if points.is_empty() {
            return None;
        }
        let x = points
            .iter()
            .map(|point| point.x)
            .chain(self.x_references.iter().flat_map(Reference::ends));
        let ends = points
            .iter()
            .filter_map(|point| point.error_ends())
            .flatten();
        let y = points
            .iter()
            .map(|point| point.y)
            .chain(ends)
            .chain(self.y_references.iter().flat_map(Reference::ends));
        Some((Bounds::of(&self.x_axis, x)?, Bounds::of(&self.y_axis, y)?))
    }

    /// The unbroken stretches of a series.
    fn runs<'a>(&self, series: &'a LineSeries) -> Vec<&'a [LinePoint]> {
        series
            .points
            .split(|point| !self.accepts(*point))
            .filter(|run| !run.is_empty())
            .collect()
    }

    fn draw_line(&self, plane: &Plane, style: SeriesStyle, series: &LineSeries) -> Element {
        let mut group = style.group();
        for run in self.runs(series) {
            if self.error_style == ErrorStyle::Band {
                for stretch in run.chunk_by(|one, other| {
                    one.error_ends().is_some() == other.error_ends().is_some()
                }) {
                    group.push(&band(plane, stretch));
                }
            } else {
                group = group.children(
                    &run.iter()
                        .filter_map(|point| error_bar(plane, *point))
                        .collect::<Vec<_>>(),
                );
            }
            group.push(&style.stroke(&Path::polyline(
                run.iter().map(|point| plane.place(point.x, point.y)),
            )));
        }
        group
    }
}

impl Chart for LineChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> String {
        let mut sheet = Sheet::new(target, &self.title);
        let mut omissions = Omissions::default();
        let shown: Vec<Vec<LinePoint>> = self
            .series
            .iter()
            .map(|series| {
                let admits = |point: &LinePoint| {
                    omissions.admits(&[(&self.x_axis, point.x), (&self.y_axis, point.y)])
                };
                series.points.iter().copied().filter(admits).collect()
            })
            .collect();
        let Some((x_bounds, y_bounds)) = self.bounds() else {
            sheet.no_data();
            return sheet.finish(&self.description(), &omissions.notes());
        };
        self.draw_legend(&mut sheet);
        let plane = PlaneSpec {
            x_axis: &self.x_axis,
            y_axis: &self.y_axis,
            x_bounds,
            y_bounds,
            x_references: &self.x_references,
            y_references: &self.y_references,
            x_grid: false,
        }
        .lay_out(&mut sheet);

        let styled = || {
            self.series
                .iter()
                .enumerate()
                .map(|(index, series)| (SeriesStyle::new(index), series))
        };
        let lines: Vec<Element> = styled()
            .map(|(style, series)| self.draw_line(&plane, style, series))
            .collect();
        sheet.draw(plane.frame.clip().children(&lines));
        for ((style, _), points) in styled().zip(&shown) {
            if points.len() < MOST_MARKERS {
                let markers: Vec<Element> = points
                    .iter()
                    .map(|point| marker(&plane, style, *point))
                    .collect();
                sheet.draw(style.group().children(&markers));
            }
        }
        sheet.finish(&self.description(), &omissions.notes())
    }
}

fn marker(plane: &Plane, style: SeriesStyle, point: LinePoint) -> Element {
    let (x, y) = plane.place(point.x, point.y);
    style.marker(x, y, MARKER_RADIUS)
}

fn error_bar(plane: &Plane, point: LinePoint) -> Option<Element> {
    let [low, high] = point.error_ends()?.map(|end| plane.place(point.x, end));
    let bar = Element::group("whisker").child(&Element::line(low, high));
    Some(bar.children(&[low, high].map(|(x, y)| Element::line((x - CAP, y), (x + CAP, y)))))
}

fn band(plane: &Plane, points: &[LinePoint]) -> Element {
    let ends = |which: usize| {
        let end = move |point: &LinePoint| {
            point
                .error_ends()
                .map(|ends| plane.place(point.x, ends[which]))
        };
        points.iter().filter_map(end).collect::<Vec<_>>()
    };
    let outline = ends(1).into_iter().chain(ends(0).into_iter().rev());
    Element::path(&Path::polygon(outline)).class("area")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<LinePoint>) -> LineChart {
        let axis = || Axis::linear("a", "");
        LineChart::new("t", axis(), axis(), vec![LineSeries::new("s", points)])
    }

    #[test]
    fn a_point_without_place_breaks_the_line() {
        let points = [1.0, 2.0, f64::NAN, 4.0, 5.0].map(|y| LinePoint::new(y.max(0.0), y));
        let chart = chart(points.to_vec());
        assert_eq!(chart.runs(&chart.series[0]).len(), 2);
        assert!(chart.to_svg().contains("1 value without a place"));
    }

    #[test]
    fn errors_widen_the_axis() {
        let (_, y) = chart(vec![LinePoint::with_error(0.0, 1.0, 4.0)])
            .bounds()
            .expect("one point");
        assert_eq!(
            y,
            Bounds {
                low: -3.0,
                high: 5.0
            }
        );
    }
}
