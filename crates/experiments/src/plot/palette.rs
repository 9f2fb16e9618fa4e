//! How series tell themselves apart: colour class, marker shape and dash, in step.
//!
//! The colours themselves are in `style.css`, once for light and once for dark mode. They are
//! Okabe and Ito's, shifted where the originals lack contrast against the background.

use super::svg::{Element, Path};

/// Number of distinct colours; later series repeat them with hollow markers.
pub(super) const COLOURS: usize = 6;

/// Dash patterns in the order of the colours; the empty one is a solid line.
const DASHES: [&str; COLOURS] = ["", "8 4", "2 3", "10 3 2 3", "5 3", "12 4 2 3 2 4"];

/// The appearance of the series at one place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SeriesStyle {
    index: usize,
}

impl SeriesStyle {
    pub(super) fn new(index: usize) -> Self {
        Self { index }
    }

    /// The CSS class that sets the colour.
    pub(super) fn class(self) -> String {
        format!("s{}", self.index % COLOURS + 1)
    }

    /// A group in the colour of the series.
    pub(super) fn group(self) -> Element {
        Element::group(&self.class())
    }

    /// A stroked path with the dash of the series.
    pub(super) fn stroke(self, path: &Path) -> Element {
        let element = Element::path(path).class("stroke");
        match DASHES[self.index % COLOURS] {
            "" => element,
            dash => element.attribute("stroke-dasharray", dash),
        }
    }

    /// The marker of the series; all shapes have about the area of a circle of this radius.
    pub(super) fn marker(self, x: f64, y: f64, radius: f64) -> Element {
        let polygon = |corners: &[(f64, f64)]| {
            let corners = corners
                .iter()
                .map(|(dx, dy)| (x + dx * radius, y + dy * radius));
            Element::path(&Path::polygon(corners))
        };
        let shape = match self.index % COLOURS {
            0 => Element::circle(x, y, radius),
            1 => polygon(&[(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)]),
            2 => polygon(&[(0.0, -1.3), (1.2, 0.85), (-1.2, 0.85)]),
            3 => polygon(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
            4 => polygon(&[(-1.2, -0.85), (1.2, -0.85), (0.0, 1.3)]),
            _ => polygon(&CROSS),
        };
        let round = self.index / COLOURS;
        shape.class(if round.is_multiple_of(2) {
            "mark"
        } else {
            "mark hollow"
        })
    }
}

/// An upright cross of unit size.
const CROSS: [(f64, f64); 12] = [
    (-0.42, -1.2),
    (0.42, -1.2),
    (0.42, -0.42),
    (1.2, -0.42),
    (1.2, 0.42),
    (0.42, 0.42),
    (0.42, 1.2),
    (-0.42, 1.2),
    (-0.42, 0.42),
    (-1.2, 0.42),
    (-1.2, -0.42),
    (-0.42, -0.42),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twelve_series_differ() {
        let looks: std::collections::BTreeSet<_> = (0..2 * COLOURS)
            .map(|index| {
                let style = SeriesStyle::new(index);
                format!("{} {}", style.class(), style.marker(0.0, 0.0, 4.0))
            })
            .collect();
        assert_eq!(looks.len(), 2 * COLOURS);
    }
}
