//! The legend: above the plot, in as many lines as it needs.

use super::palette::SeriesStyle;
use super::sheet::Sheet;
use super::svg::{Element, Path, coordinate};
use super::text::{self, Anchor, line_height, size};

const SWATCH_WIDTH: f64 = 28.0;
/// The middle of a swatch.
pub(super) const CENTRE: f64 = SWATCH_WIDTH / 2.0;
const SWATCH_GAP: f64 = 7.0;
const ENTRY_GAP: f64 = 22.0;

/// What a chart's colours, markers and lines stand for.
#[derive(Debug, Default)]
pub(super) struct Legend {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Drawn in a box from x = 0 to `SWATCH_WIDTH` around y = 0.
    swatch: Element,
    text: String,
}

impl Legend {
    pub(super) fn add(&mut self, swatch: Element, text: &str) {
        self.entries.push(Entry {
            swatch,
            text: text.to_owned(),
        });
    }

    /// Draws the entries side by side and starts a new line where one does not fit.
    pub(super) fn draw(&self, sheet: &mut Sheet) {
        if self.entries.is_empty() {
            return;
        }
        let row_height = line_height(size::LABEL) + 2.0;
        let mut x = 0.0;
        let mut row_top = sheet.reserve(row_height);
        for entry in &self.entries {
            let text_start = SWATCH_WIDTH + SWATCH_GAP;
            let lines = text::wrap(&entry.text, size::LABEL, sheet.width() - text_start);
            let text_width = lines
                .iter()
                .map(|line| text::width(line, size::LABEL))
                .fold(0.0, f64::max);
            if x > 0.0 && x + text_start + text_width > sheet.width() {
                x = 0.0;
                row_top = sheet.reserve(row_height);
            }
            let centre = row_top + row_height / 2.0;
            let place = format!("translate({} {})", coordinate(x), coordinate(centre));
            sheet.draw(
                Element::new("g")
                    .attribute("transform", &place)
                    .child(&entry.swatch),
            );
            for (index, line) in lines.iter().enumerate() {
                if index > 0 {
                    row_top = sheet.reserve(row_height);
                }
                let baseline = row_top + row_height / 2.0 + 4.5;
                sheet.draw(text::element(
                    line,
                    (x + text_start, baseline),
                    size::LABEL,
                    Anchor::Start,
                    "label",
                ));
            }
            x += text_start + text_width + ENTRY_GAP;
        }
        sheet.reserve(6.0);
    }
}

/// A swatch for points.
pub(super) fn marker(style: SeriesStyle) -> Element {
    style.group().child(&style.marker(CENTRE, 0.0, 4.5))
}

/// A swatch for a line through points.
pub(super) fn marked_line(style: SeriesStyle) -> Element {
    style
        .group()
        .child(&style.stroke(&level()))
        .child(&style.marker(CENTRE, 0.0, 4.0))
}

/// A swatch for a line through points in a band.
pub(super) fn banded_line(style: SeriesStyle) -> Element {
    let band = Element::rectangle(0.0, -6.0, SWATCH_WIDTH, 12.0).class("area");
    style.group().child(&band).child(&marked_line(style))
}

/// A swatch for a line through points with error bars.
pub(super) fn barred_line(style: SeriesStyle) -> Element {
    let cap = |y: f64| Element::line((CENTRE - 3.0, y), (CENTRE + 3.0, y));
    let bar = Element::group("whisker")
        .child(&Element::line((CENTRE, -7.0), (CENTRE, 7.0)))
        .children(&[-7.0, 7.0].map(cap));
    style.group().child(&bar).child(&marked_line(style))
}

/// A swatch for an outlined area.
pub(super) fn outline(style: SeriesStyle) -> Element {
    let area = Element::rectangle(0.0, -5.0, SWATCH_WIDTH, 10.0).class("area");
    let edge = Path::polyline([(0.0, -5.0), (SWATCH_WIDTH, -5.0)]);
    style.group().child(&area).child(&style.stroke(&edge))
}

/// A swatch for a plain line of some class inside a coloured group.
pub(super) fn plain_line(colour: &str) -> Element {
    Element::group(colour).child(&Element::path(&level()).class("stroke"))
}

/// The swatch of what is drawn to compare with.
pub(super) fn reference_line() -> Element {
    Element::path(&level()).class("reference")
}

fn level() -> Path {
    Path::polyline([(0.0, 0.0), (SWATCH_WIDTH, 0.0)])
}
