//! The sheet a chart is drawn on, filled from top to bottom: title, legend, plot, notes.

use super::svg::{Element, coordinate};
use super::text::{self, Anchor, line_height, size};
use super::{Drawing, STYLE, Target};

const WIDTH: f64 = 720.0;
const NARROW_WIDTH: f64 = 360.0;
/// Space between panels that stand side by side.
pub(super) const PANEL_GAP: f64 = 24.0;
/// Width of a panel: two have room on a sheet.
pub(super) const PANEL_WIDTH: f64 = (WIDTH - PANEL_GAP) / 2.0;
/// Margin around a chart in a file of its own.
const MARGIN: f64 = 24.0;
/// Radius of the corners of its background, which may stand on a page of another colour.
const CORNER: f64 = 12.0;
const NO_DATA_HEIGHT: f64 = 90.0;

/// A chart under construction.
#[derive(Debug)]
pub(super) struct Sheet {
    target: Target,
    title: String,
    height: f64,
    body: Vec<Element>,
}

impl Sheet {
    /// A sheet with `title` at its top.
    pub(super) fn new(target: Target, title: &str) -> Self {
        let mut sheet = Self {
            target,
            title: title.to_owned(),
            height: 0.0,
            body: Vec::new(),
        };
        for line in text::wrap(title, text::semibold(size::TITLE), sheet.width()) {
            sheet.line(&line, size::TITLE, "title");
        }
        sheet.reserve(8.0);
        sheet
    }

    pub(super) fn width(&self) -> f64 {
        match self.target {
            Target::Page | Target::Standalone => WIDTH,
            Target::NarrowPage => NARROW_WIDTH,
            Target::Panel => PANEL_WIDTH,
        }
    }

    pub(super) fn is_narrow(&self) -> bool {
        matches!(self.target, Target::NarrowPage | Target::Panel)
    }

    /// Takes the next `height` of the sheet and returns its upper edge.
    pub(super) fn reserve(&mut self, height: f64) -> f64 {
        let top = self.height;
        self.height += height;
        top
    }

    pub(super) fn draw(&mut self, element: Element) {
        self.body.push(element);
    }

    /// Sets text below what is there, wrapped to the width of the sheet.
    pub(super) fn paragraph(&mut self, text: &str, size: f64, class: &str) {
        for line in text::wrap(text, size, self.width()) {
            self.line(&line, size, class);
        }
    }

    fn line(&mut self, text: &str, size: f64, class: &str) {
        let top = self.reserve(line_height(size));
        self.draw(text::element(
            text,
            (0.0, top + size),
            size,
            Anchor::Start,
            class,
        ));
    }

    /// In place of a plot: says that there is nothing to show.
    pub(super) fn no_data(&mut self) {
        let top = self.reserve(NO_DATA_HEIGHT);
        let frame = Element::rectangle(0.5, top + 0.5, self.width() - 1.0, NO_DATA_HEIGHT - 1.0);
        self.draw(frame.class("grid").attribute("fill", "none"));
        let centre = (self.width() / 2.0, top + NO_DATA_HEIGHT / 2.0 + 4.0);
        self.draw(text::element(
            "No data",
            centre,
            size::LABEL,
            Anchor::Middle,
            "quiet",
        ));
    }

    /// The finished SVG, with `description` for those who do not see it.
    pub(super) fn finish(mut self, description: &str, notes: &[String]) -> Drawing {
        if !notes.is_empty() {
            self.reserve(8.0);
        }
        for note in notes {
            self.paragraph(note, size::NOTE, "quiet");
        }
        self.reserve(4.0);

        let margin = if self.target == Target::Standalone {
            MARGIN
        } else {
            0.0
        };
        let (width, height) = (
            self.width() + 2.0 * margin,
            (self.height + 2.0 * margin).ceil(),
        );
        let view_box = [-margin, -margin, width, height].map(coordinate).join(" ");
        let mut root = Element::new("svg")
            .class("bss2-chart")
            .attribute("viewBox", &view_box);
        if self.target != Target::Panel {
            root = root
                .attribute("xmlns", "http://www.w3.org/2000/svg")
                .attribute("role", "img");
        }
        if self.target == Target::Standalone {
            root = root.number("width", width).number("height", height);
        }
        root.push(&Element::new("title").text(&self.title));
        root.push(&Element::new("desc").text(description));
        if self.target == Target::Standalone {
            root.push(&Element::new("style").verbatim(STYLE));
            let card = Element::rectangle(-margin, -margin, width, height).number("rx", CORNER);
            root.push(&card.class("background"));
        }
        Drawing {
            svg: root.children(&self.body).to_string(),
            height,
        }
    }
}
