//! Series over a common quantity.

use super::axis::{Axis, Bounds};
use super::legend::{self, Legend};
use super::omissions::Omissions;
use super::palette::SeriesStyle;
use super::plane::{Plane, PlaneSpec, range_text};
use super::reference::Reference;
use super::sheet::Sheet;
use super::summary::Summary;
use super::svg::{Element, Path};
use super::{Chart, Drawing, Target};

const MARKER_RADIUS: f64 = 3.6;
const DOT_RADIUS: f64 = 1.8;
const CAP: f64 = 3.0;
/// From this many points on a line stands without markers, which would only thicken it, and points
/// by themselves become dots.
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

    /// Mean and standard deviation of the finite values of a set; none if there are none.
    pub fn over(x: f64, values: &[f64]) -> Option<Self> {
        let summary = Summary::of(values)?;
        Some(Self {
            x,
            y: summary.mean,
            error: summary.deviation,
        })
    }

    fn has_error(self) -> bool {
        self.error_ends().is_some()
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
    /// Whether a line joins the points: yes unless set.
    pub joined: bool,
}

impl LineSeries {
    /// A series called `name`.
    pub fn new(name: impl Into<String>, points: Vec<LinePoint>) -> Self {
        Self {
            name: name.into(),
            points,
            joined: true,
        }
    }

    /// Points by themselves, for single results beside curves.
    #[must_use]
    pub fn unjoined(mut self) -> Self {
        self.joined = false;
        self
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
        let has_errors = |series: &LineSeries| {
            let mut points = series.points.iter().filter(|point| self.accepts(**point));
            points.any(|point| point.has_error())
        };
        // nothing to tell apart and no error to explain: the title says what the line is
        if matches!(self.series.as_slice(), [only] if !has_errors(only)) {
            return;
        }
        let mut legend = Legend::default();
        for (index, series) in self.series.iter().enumerate() {
            let style = SeriesStyle::new(index);
            let swatch = match self.error_style {
                _ if !series.joined => legend::marker(style),
                _ if !has_errors(series) => legend::marked_line(style),
                ErrorStyle::Band => legend::banded_line(style),
                ErrorStyle::Bars => legend::barred_line(style),
            };
            legend.add(swatch, &series.name);
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
        let lowest = points.iter().map(|point| point.y);
        let lowest = lowest.fold(f64::INFINITY, f64::min);
        let ends = points
            .iter()
            .filter_map(|point| point.error_ends())
            .flat_map(|[low, high]| [self.y_axis.reach(low, lowest), high]);
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
                for stretch in run.chunk_by(|one, other| one.has_error() == other.has_error()) {
                    group.push(&band(plane, stretch));
                }
            } else {
                group = group.children(
                    &run.iter()
                        .filter_map(|point| error_bar(plane, *point))
                        .collect::<Vec<_>>(),
                );
            }
            if series.joined {
                group.push(&style.stroke(&Path::polyline(
                    run.iter().map(|point| plane.place(point.x, point.y)),
                )));
            }
        }
        group
    }
}

impl Chart for LineChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> Drawing {
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
        for ((style, series), points) in styled().zip(&shown) {
            let mark: fn(&Plane, SeriesStyle, LinePoint) -> Element =
                match (points.len() < MOST_MARKERS, series.joined) {
                    (true, _) => marker,
                    (false, false) => dot,
                    (false, true) => continue,
                };
            let marks = points.iter().map(|point| mark(&plane, style, *point));
            sheet.draw(style.group().children(&marks.collect::<Vec<_>>()));
        }
        sheet.finish(&self.description(), &omissions.notes())
    }
}

fn marker(plane: &Plane, style: SeriesStyle, point: LinePoint) -> Element {
    let (x, y) = plane.place(point.x, point.y);
    style.marker(x, y, MARKER_RADIUS)
}

/// For points too many for markers.
fn dot(plane: &Plane, _style: SeriesStyle, point: LinePoint) -> Element {
    let (x, y) = plane.place(point.x, point.y);
    Element::circle(x, y, DOT_RADIUS).class("dot")
}

fn error_bar(plane: &Plane, point: LinePoint) -> Option<Element> {
    let ends = point.error_ends()?;
    let [low, high] = ends.map(|end| plane.place(point.x, end));
    let bar = Element::group("whisker").child(&Element::line(low, high));
    // a bar that is cut off at the end of the axis has no cap there
    let caps = ends.into_iter().zip([low, high]);
    let caps = caps.filter(|(end, _)| plane.contains_y(*end));
    let caps = caps.map(|(_, (x, y))| Element::line((x - CAP, y), (x + CAP, y)));
    Some(bar.children(&caps.collect::<Vec<_>>()))
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

    /// Whether the one series of the chart is in a legend.
    fn has_legend(chart: &LineChart) -> bool {
        chart.to_svg().contains(">s</text>")
    }

    #[test]
    fn a_single_series_without_errors_needs_no_legend() {
        let plain = || LinePoint::new(0.0, 1.0);
        let chart = |point| chart(vec![plain(), point, LinePoint::new(2.0, 3.0)]);
        assert!(!has_legend(&chart(LinePoint::new(1.0, 2.0))));
        assert!(!has_legend(&chart(LinePoint::with_error(1.0, 2.0, 0.0))));
        let with_errors = chart(LinePoint::with_error(1.0, 2.0, 0.5));
        assert!(has_legend(&with_errors));
        let band = with_errors.clone().with_error_style(ErrorStyle::Band);
        assert!(has_legend(&band));
        // in the legend and in the plot
        assert_eq!(band.to_svg().matches("class=\"area\"").count(), 2 + 2);
        assert_eq!(with_errors.to_svg().matches("class=\"whisker\"").count(), 2);
        let mut two = chart(LinePoint::new(1.0, 2.0));
        two.series.push(LineSeries::new("other", vec![plain()]));
        assert!(has_legend(&two));
    }

    #[test]
    fn many_unjoined_points_are_dots_without_a_line() {
        let points = (0..100).map(|x| LinePoint::new(f64::from(x), 1.0));
        let mut chart = chart(points.collect());
        let marks = |chart: &LineChart| {
            let svg = chart.to_svg();
            (
                svg.matches("class=\"stroke\"").count(),
                svg.matches("class=\"dot\"").count(),
            )
        };
        assert_eq!(marks(&chart), (1, 0));
        chart.series[0] = chart.series[0].clone().unjoined();
        assert_eq!(marks(&chart), (0, 100));
    }

    #[test]
    fn bands_are_cut_off_at_the_bounds_of_the_axis() {
        let percentage = Axis::linear("Accuracy", "%")
            .within(0.0, 100.0)
            .expect("bounds");
        let points = [97.0, 99.5].map(|y| LinePoint::with_error(y, y, 1.0));
        let mut chart = chart(points.to_vec());
        chart.y_axis = percentage;
        for style in [ErrorStyle::Band, ErrorStyle::Bars] {
            let svg = chart.clone().with_error_style(style).to_svg();
            assert!(
                svg.contains(">100</text>") && !svg.contains(">101</text>"),
                "{svg}"
            );
            assert!(!svg.contains("Left out"), "{svg}");
        }
        chart.series[0].points.push(LinePoint::new(98.0, 100.5));
        assert!(chart.to_svg().contains("1 value outside the range"));
    }

    #[test]
    fn errors_close_to_the_value_do_not_stretch_a_logarithmic_axis() {
        let mut chart = chart(vec![LinePoint::with_error(0.0, 3.0, 2.999)]);
        chart.y_axis = Axis::logarithmic("Error", "%");
        let (_, y) = chart.bounds().expect("one point");
        assert_eq!(y.low, 1.0);
        assert!(!chart.to_svg().contains(">0.1</text>"));
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
