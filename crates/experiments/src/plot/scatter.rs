//! Two quantities against each other, with an optional Pareto front.

use super::axis::{Axis, Bounds};
use super::legend::{self, Legend};
use super::omissions::Omissions;
use super::palette::SeriesStyle;
use super::plane::{Plane, PlaneSpec, range_text};
use super::point_labels;
use super::reference::Reference;
use super::sheet::Sheet;
use super::svg::{Element, Path};
use super::{Chart, Drawing, Target};

const MARKER_RADIUS: f64 = 4.2;
const RING_RADIUS: f64 = 8.0;

/// Which values of a quantity are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefer {
    /// The lower the better.
    Lower,
    /// The higher the better.
    Higher,
}

impl Prefer {
    fn at_least_as_good(self, one: f64, other: f64) -> bool {
        match self {
            Self::Lower => one <= other,
            Self::Higher => one >= other,
        }
    }
}

/// Asks for the points that no other point beats in both quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParetoFront {
    /// Which values of the horizontal axis are better.
    pub x: Prefer,
    /// Which values of the vertical axis are better.
    pub y: Prefer,
}

impl ParetoFront {
    /// The points that no other point beats, from left to right.
    pub fn of(self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let beats = |one: &(f64, f64), other: &(f64, f64)| {
            one != other
                && self.x.at_least_as_good(one.0, other.0)
                && self.y.at_least_as_good(one.1, other.1)
        };
        let unbeaten = |point: &&(f64, f64)| !points.iter().any(|other| beats(other, point));
        let mut front: Vec<(f64, f64)> = points.iter().filter(unbeaten).copied().collect();
        front.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
        front.dedup();
        front
    }

    /// The border of what the front beats: a staircase through its points.
    fn staircase(self, front: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let mut corners = Vec::new();
        for (index, &(x, y)) in front.iter().enumerate() {
            if let Some(&(previous_x, previous_y)) = index
                .checked_sub(1)
                .and_then(|previous| front.get(previous))
            {
                corners.push(match self.x {
                    Prefer::Lower => (x, previous_y),
                    Prefer::Higher => (previous_x, y),
                });
            }
            corners.push((x, y));
        }
        corners
    }
}

/// A named set of points.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterSeries {
    /// The name in the legend.
    pub name: String,
    /// The points, as (x, y).
    pub points: Vec<(f64, f64)>,
    /// Names of the points, in their order; points beyond have none.
    pub labels: Vec<String>,
}

impl ScatterSeries {
    /// A series called `name`.
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.into(),
            points,
            labels: Vec::new(),
        }
    }

    /// Names the points, which are drawn beside them where there is room.
    #[must_use]
    pub fn with_labels(mut self, labels: Vec<String>) -> Self {
        self.labels = labels;
        self
    }
}

/// A chart of points in the plane of two quantities.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterChart {
    /// The title.
    pub title: String,
    /// The horizontal axis.
    pub x_axis: Axis,
    /// The vertical axis.
    pub y_axis: Axis,
    /// The series, in the order of the legend.
    pub series: Vec<ScatterSeries>,
    /// Whether the unbeaten points over all series are marked, and what is better.
    pub pareto_front: Option<ParetoFront>,
    /// What lies where both quantities are equal, if that is drawn.
    pub diagonal: Option<String>,
    /// Values of the horizontal axis to compare with.
    pub x_references: Vec<Reference>,
    /// Values of the vertical axis to compare with.
    pub y_references: Vec<Reference>,
}

impl ScatterChart {
    /// A chart of `series`.
    pub fn new(
        title: impl Into<String>,
        x_axis: Axis,
        y_axis: Axis,
        series: Vec<ScatterSeries>,
    ) -> Self {
        Self {
            title: title.into(),
            x_axis,
            y_axis,
            series,
            pareto_front: None,
            diagonal: None,
            x_references: Vec::new(),
            y_references: Vec::new(),
        }
    }

    /// Marks the points that no other point beats in both quantities.
    #[must_use]
    pub fn with_pareto_front(mut self, x: Prefer, y: Prefer) -> Self {
        self.pareto_front = Some(ParetoFront { x, y });
        self
    }

    /// Draws the line on which both quantities are equal.
    #[must_use]
    pub fn with_diagonal(mut self, name: impl Into<String>) -> Self {
        self.diagonal = Some(name.into());
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

    fn description(&self) -> String {
        let series: Vec<String> = self
            .series
            .iter()
            .map(|series| {
                let points = series.points.iter();
                let x = Bounds::of(&self.x_axis, points.clone().map(|point| point.0));
                let y = Bounds::of(&self.y_axis, points.map(|point| point.1));
                let range = |bounds: Option<Bounds>| {
                    bounds.map_or_else(|| "no data".to_owned(), range_text)
                };
                format!(
                    "{}: {} points, x {}, y {}",
                    series.name,
                    series.points.len(),
                    range(x),
                    range(y)
                )
            })
            .collect();
        format!(
            "{} against {}. {}.",
            self.y_axis.caption(),
            self.x_axis.caption(),
            series.join("; ")
        )
    }

    fn draw_legend(&self, sheet: &mut Sheet) {
        let mut legend = Legend::default();
        for (index, series) in self.series.iter().enumerate() {
            legend.add(legend::marker(SeriesStyle::new(index)), &series.name);
        }
        if self.pareto_front.is_some() {
            let ring = Element::circle(legend::CENTRE, 0.0, RING_RADIUS - 1.0).class("ring");
            legend.add(legend::plain_line("front").child(&ring), "Pareto front");
        }
        if let Some(name) = &self.diagonal {
            legend.add(legend::reference_line(), name);
        }
        legend.draw(sheet);
    }

    /// Names the points that can be placed; a note if some names found no room.
    fn draw_labels(&self, plane: &Plane, sheet: &mut Sheet) -> Option<String> {
        let named = self.series.iter().flat_map(|series| {
            let points = series.points.iter().zip(&series.labels);
            points.filter(|((x, y), _)| self.x_axis.accepts(*x) && self.y_axis.accepts(*y))
        });
        let named: Vec<_> = named
            .map(|(&(x, y), name)| (plane.place(x, y), name.as_str()))
            .collect();
        if named.is_empty() {
            return None;
        }
        let labels = point_labels::place(&named, plane.frame);
        sheet.draw(labels.marks);
        match labels.left_out {
            0 => None,
            1 => Some("The name of 1 point has no room.".to_owned()),
            count => Some(format!("The names of {count} points have no room.")),
        }
    }

    fn bounds(&self, shown: &[Vec<(f64, f64)>]) -> Option<(Bounds, Bounds)> {
        let points = shown.iter().flatten();
        let x = Bounds::of(&self.x_axis, points.clone().map(|point| point.0))?;
        let y = Bounds::of(&self.y_axis, points.map(|point| point.1))?;
        let x_references = self.x_references.iter().flat_map(Reference::ends);
        let y_references = self.y_references.iter().flat_map(Reference::ends);
        Some((
            Bounds::of(&self.x_axis, x_references.chain([x.low, x.high]))?,
            Bounds::of(&self.y_axis, y_references.chain([y.low, y.high]))?,
        ))
    }
}

impl Chart for ScatterChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> Drawing {
        let mut sheet = Sheet::new(target, &self.title);
        let mut omissions = Omissions::default();
        let shown: Vec<Vec<(f64, f64)>> = self
            .series
            .iter()
            .map(|series| {
                let admits = |point: &(f64, f64)| {
                    omissions.admits(&[(&self.x_axis, point.0), (&self.y_axis, point.1)])
                };
                series.points.iter().copied().filter(admits).collect()
            })
            .collect();
        let Some((x_bounds, y_bounds)) = self.bounds(&shown) else {
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
            x_grid: true,
        }
        .lay_out(&mut sheet);

        if self.diagonal.is_some() {
            let low = x_bounds.low.max(y_bounds.low);
            let high = x_bounds.high.min(y_bounds.high);
            if low < high {
                let [from, to] = [low, high].map(|end| plane.place(end, end));
                sheet.draw(Element::line(from, to).class("reference"));
            }
        }
        let front = self
            .pareto_front
            .map(|wanted| (wanted, wanted.of(&shown.concat())));
        if let Some((wanted, front)) = &front {
            sheet.draw(front_marks(&plane, *wanted, front));
        }
        for (index, points) in shown.iter().enumerate() {
            let style = SeriesStyle::new(index);
            let markers: Vec<Element> = points
                .iter()
                .map(|&(x, y)| plane.place(x, y))
                .map(|(x, y)| style.marker(x, y, MARKER_RADIUS))
                .collect();
            sheet.draw(style.group().children(&markers));
        }
        let mut notes = omissions.notes();
        notes.extend(self.draw_labels(&plane, &mut sheet));
        sheet.finish(&self.description(), &notes)
    }
}

fn front_marks(plane: &Plane, wanted: ParetoFront, front: &[(f64, f64)]) -> Element {
    let corners = wanted
        .staircase(front)
        .into_iter()
        .map(|(x, y)| plane.place(x, y));
    let mut group =
        Element::group("front").child(&Element::path(&Path::polyline(corners)).class("whisker"));
    for (x, y) in front.iter().map(|&(x, y)| plane.place(x, y)) {
        group.push(&Element::circle(x, y, RING_RADIUS).class("ring"));
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [(f64, f64); 5] = [(1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (4.0, 4.0), (4.0, 1.0)];

    #[test]
    fn the_front_is_what_no_point_beats() {
        let front = |x, y| ParetoFront { x, y }.of(&POINTS);
        assert_eq!(
            front(Prefer::Lower, Prefer::Higher),
            [(1.0, 1.0), (2.0, 3.0), (4.0, 4.0)]
        );
        assert_eq!(front(Prefer::Lower, Prefer::Lower), [(1.0, 1.0)]);
        assert_eq!(front(Prefer::Higher, Prefer::Higher), [(4.0, 4.0)]);
    }

    #[test]
    fn equal_points_do_not_beat_each_other() {
        let front = ParetoFront {
            x: Prefer::Lower,
            y: Prefer::Lower,
        }
        .of(&[(1.0, 1.0), (1.0, 1.0)]);
        assert_eq!(front, [(1.0, 1.0)]);
    }

    #[test]
    fn the_staircase_borders_the_beaten_side() {
        let front = ParetoFront {
            x: Prefer::Lower,
            y: Prefer::Higher,
        };
        assert_eq!(
            front.staircase(&[(1.0, 1.0), (2.0, 3.0)]),
            [(1.0, 1.0), (2.0, 1.0), (2.0, 3.0)]
        );
    }
}
