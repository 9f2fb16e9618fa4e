//! The cells of a heat map: colours, and values where there is room.

use super::HeatMap;
use crate::plot::colour_map::Colour;
use crate::plot::number::{exponent_of, fixed, is_extreme, significant};
use crate::plot::plane::Frame;
use crate::plot::scale::Scale;
use crate::plot::svg::{CellPath, Element, coordinate};
use crate::plot::text::{self, Anchor, line_height, size};

/// Colours are quantised to this many levels, one path each: invisible, and it keeps files small.
pub(super) const LEVELS: usize = 64;
/// Space that a value printed in a cell keeps to the cell's border.
const CELL_PADDING: f64 = 3.0;

impl HeatMap {
    /// The cells, one path for all of one colour.
    pub(super) fn cells(&self, scale: &Scale, frame: Frame) -> Element {
        let mut levels = vec![CellPath::default(); LEVELS];
        let mut missing = CellPath::default();
        let level = |value: f64| self.level(scale, value);
        for (row, values) in self.values.chunks(self.columns.count).enumerate() {
            let mut column = 0;
            for run in values.chunk_by(|one, other| level(*one) == level(*other)) {
                let path = level(run[0]).map_or(&mut missing, |level| &mut levels[level]);
                path.run(column, row, run.len());
                column += run.len();
            }
        }
        let (width, height) = self.cell_size(frame);
        let (left, top) = (coordinate(frame.left), coordinate(frame.top));
        // cells are whole units in the path data; the scale needs more digits than a coordinate
        let transform =
            format!("translate({left} {top}) scale({width:.6} {height:.6}) translate(0 .5)");
        let mut group = Element::new("g")
            .attribute("transform", &transform)
            .attribute("shape-rendering", "crispEdges");
        let used = levels.iter().enumerate();
        for (level, path) in used.filter(|(_, path)| !path.is_empty()) {
            let colour = level_colour(level).hex();
            group.push(&path.element().attribute("stroke", &colour));
        }
        if !missing.is_empty() {
            group.push(&missing.element().class("missing-cells"));
        }
        group
    }

    /// The values in the cells, if all cells have room for them.
    pub(super) fn cell_texts(&self, scale: &Scale, frame: Frame) -> Option<Element> {
        let (width, height) = self.cell_size(frame);
        if width < 2.0 * size::NOTE || height < line_height(size::NOTE) {
            return None;
        }
        let texts = self.value_texts();
        let widest = texts
            .iter()
            .map(|text| text::width(text, size::NOTE))
            .fold(0.0, f64::max);
        if widest + 2.0 * CELL_PADDING > width {
            return None;
        }
        let mut group = Element::group("values");
        for (index, (text, value)) in texts.iter().zip(&self.values).enumerate() {
            let (row, column) = (index / self.columns.count, index % self.columns.count);
            let x = frame.left + (column as f64 + 0.5) * width;
            let y = frame.top + (row as f64 + 0.5) * height + size::NOTE * 0.36;
            let level = self.level(scale, *value);
            let class = level.map_or("quiet", |level| level_colour(level).text_class());
            group.push(&text::element(
                text,
                (x, y),
                size::NOTE,
                Anchor::Middle,
                class,
            ));
        }
        Some(group)
    }

    /// The values as text, with the same decimals so that they compare well.
    fn value_texts(&self) -> Vec<String> {
        let accepted = |value: &&f64| self.value_axis.accepts(**value);
        let shown = || self.values.iter().filter(accepted);
        let largest = shown().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let whole = shown().all(|value| value.fract() == 0.0);
        let decimals = if whole || largest == 0.0 {
            0
        } else {
            (2 - exponent_of(largest)).max(0) as usize
        };
        let text = |value: &f64| match (accepted(&value), is_extreme(largest) && largest > 0.0) {
            (false, _) => "–".to_owned(),
            (true, true) => significant(*value, 3),
            (true, false) => fixed(*value, decimals),
        };
        self.values.iter().map(text).collect()
    }

    /// The colour level of a value; none if it is missing.
    fn level(&self, scale: &Scale, value: f64) -> Option<usize> {
        let level =
            |fraction: f64| ((fraction.clamp(0.0, 1.0) * LEVELS as f64) as usize).min(LEVELS - 1);
        self.value_axis
            .accepts(value)
            .then(|| level(scale.fraction(value)))
    }
}

/// The colour of a level.
pub(super) fn level_colour(level: usize) -> Colour {
    Colour::at(level as f64 / (LEVELS - 1) as f64)
}
