//! The plane of two axes that line charts, scatter charts and histograms share.

use super::axis::{Axis, Bounds};
use super::number;
use super::reference::{self, Reference, TopLabels};
use super::scale::Scale;
use super::sheet::Sheet;
use super::svg::{Element, coordinate};
use super::text::{self, Anchor, line_height, size};

const HEIGHT: f64 = 300.0;
const NARROW_HEIGHT: f64 = 240.0;
/// Vertical distance that ticks of the vertical axis keep on average.
const TICK_SPACING: f64 = 48.0;
const TICK_LENGTH: f64 = 5.0;
/// Space between the vertical axis and its tick labels.
const TICK_GAP: f64 = 8.0;

/// The rectangle that data is drawn in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Frame {
    pub(super) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn x_at(self, fraction: f64) -> f64 {
        self.left + fraction * self.width()
    }

    pub(super) fn y_at(self, fraction: f64) -> f64 {
        self.bottom - fraction * self.height()
    }

    /// An element that clips its children to the frame and keeps the sheet's coordinates.
    pub(super) fn clip(self) -> Element {
        // a nested svg clips without an id, of which a page with several charts needs unique ones
        let view_box = [self.left, self.top - 1.0, self.width(), self.height() + 2.0];
        Element::new("svg")
            .number("x", view_box[0])
            .number("y", view_box[1])
            .number("width", view_box[2])
            .number("height", view_box[3])
            .attribute("viewBox", &view_box.map(coordinate).join(" "))
    }
}

/// What a plane is to show.
#[derive(Debug)]
pub(super) struct PlaneSpec<'a> {
    pub(super) x_axis: &'a Axis,
    pub(super) y_axis: &'a Axis,
    pub(super) x_bounds: Bounds,
    pub(super) y_bounds: Bounds,
    pub(super) x_references: &'a [Reference],
    pub(super) y_references: &'a [Reference],
    pub(super) x_grid: bool,
}

/// A plane on a sheet: places values.
#[derive(Debug)]
pub(super) struct Plane {
    pub(super) frame: Frame,
    x: Scale,
    y: Scale,
}

impl Plane {
    pub(super) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.frame.x_at(self.x.fraction(x)),
            self.frame.y_at(self.y.fraction(y)),
        )
    }

    /// Whether `y` lies on the vertical axis.
    pub(super) fn contains_y(&self, y: f64) -> bool {
        self.y.contains(y)
    }
}

impl PlaneSpec<'_> {
    /// Draws axes, grid and references onto the sheet; the data goes on top of them.
    pub(super) fn lay_out(&self, sheet: &mut Sheet) -> Plane {
        let height = if sheet.is_narrow() {
            NARROW_HEIGHT
        } else {
            HEIGHT
        };
        let y = Scale::new(self.y_axis, self.y_bounds, (height / TICK_SPACING) as usize);
        let labels = widest_label(&y) + TICK_GAP;
        let right_label = if self.y_references.is_empty() {
            0.0
        } else {
            reference::side_width(self.y_references, sheet.width())
        };
        // the outermost tick labels of the horizontal axis are centred on their ticks and need room
        let guess = Scale::fitting(
            self.x_axis,
            self.x_bounds,
            sheet.width() - labels - right_label,
        );
        let overhang = guess.overhang();
        let left = labels.max(overhang);
        let right = sheet.width() - right_label.max(overhang);
        let x = Scale::fitting(self.x_axis, self.x_bounds, right - left);

        let x_references = reference::shown(self.x_references, self.x_axis, &x);
        let y_references = reference::shown(self.y_references, self.y_axis, &y);
        let top_labels = TopLabels::place(&x_references, &x, left, right - left, sheet.width());

        sheet.paragraph(&self.y_axis.caption(), size::LABEL, "quiet");
        sheet.reserve(11.0 + top_labels.height());
        let top = sheet.reserve(height);
        let frame = Frame {
            left,
            right,
            top,
            bottom: top + height,
        };

        sheet.draw(grid(&x, &y, frame, self.x_grid));
        sheet.draw(top_labels.draw(&x_references, &x, frame));
        sheet.draw(reference::draw_across(
            &y_references,
            &y,
            frame,
            sheet.width(),
        ));
        draw_bottom_axis(sheet, &x, frame, &self.x_axis.caption());
        Plane { frame, x, y }
    }
}

/// Ticks, tick labels and caption of a horizontal axis below `frame`.
pub(super) fn draw_bottom_axis(sheet: &mut Sheet, scale: &Scale, frame: Frame, caption: &str) {
    let mut group = Element::group("bottom");
    group.push(
        &Element::line((frame.left, frame.bottom), (frame.right, frame.bottom)).class("axis"),
    );
    for &value in &scale.minor {
        let x = frame.x_at(scale.fraction(value));
        group.push(
            &Element::line((x, frame.bottom), (x, frame.bottom + TICK_LENGTH * 0.6)).class("axis"),
        );
    }
    for tick in &scale.ticks {
        let x = frame.x_at(scale.fraction(tick.value));
        group
            .push(&Element::line((x, frame.bottom), (x, frame.bottom + TICK_LENGTH)).class("axis"));
        let place = (x, frame.bottom + TICK_LENGTH + 3.0 + size::TICK);
        group.push(&text::element(
            &tick.label,
            place,
            size::TICK,
            Anchor::Middle,
            "quiet",
        ));
    }
    sheet.draw(group);
    sheet.reserve(TICK_LENGTH + 3.0 + line_height(size::TICK) + 6.0);

    let width = sheet.width();
    for line in text::wrap(caption, size::LABEL, width) {
        let half = text::width(&line, size::LABEL) / 2.0;
        let centre = f64::midpoint(frame.left, frame.right).clamp(half, (width - half).max(half));
        let baseline = sheet.reserve(line_height(size::LABEL)) + size::LABEL;
        sheet.draw(text::element(
            &line,
            (centre, baseline),
            size::LABEL,
            Anchor::Middle,
            "quiet",
        ));
    }
}

fn grid(x: &Scale, y: &Scale, frame: Frame, with_x: bool) -> Element {
    let mut group = Element::group("axes");
    for tick in &y.ticks {
        let level = frame.y_at(y.fraction(tick.value));
        group.push(&Element::line((frame.left, level), (frame.right, level)).class("grid"));
        let place = (frame.left - TICK_GAP, level + size::TICK * 0.35);
        group.push(&text::element(
            &tick.label,
            place,
            size::TICK,
            Anchor::End,
            "quiet",
        ));
    }
    for &value in &y.minor {
        let level = frame.y_at(y.fraction(value));
        group.push(
            &Element::line((frame.left - TICK_LENGTH * 0.6, level), (frame.left, level))
                .class("grid"),
        );
    }
    if with_x {
        for tick in &x.ticks {
            let place = frame.x_at(x.fraction(tick.value));
            group.push(&Element::line((place, frame.top), (place, frame.bottom)).class("grid"));
        }
    }
    group
}

fn widest_label(scale: &Scale) -> f64 {
    scale
        .ticks
        .iter()
        .map(|tick| text::width(&tick.label, size::TICK))
        .fold(0.0, f64::max)
}

/// "low to high" of the bounds, for descriptions.
pub(super) fn range_text(bounds: Bounds) -> String {
    format!(
        "{} to {}",
        number::significant(bounds.low, 4),
        number::significant(bounds.high, 4)
    )
}
