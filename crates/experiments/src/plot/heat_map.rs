//! A matrix of values in colours.

mod cells;
mod side;

use cells::{LEVELS, level_colour};
use side::Side;

use super::axis::{Axis, Bounds};
use super::plane::{Frame, range_text};
use super::scale::Scale;
use super::sheet::Sheet;
use super::svg::Element;
use super::text::{self, Anchor, line_height, size};
use super::{Chart, Drawing, PlotError, Target, number};

const LARGEST_CELL: f64 = 46.0;
const LARGEST_HEIGHT: f64 = 420.0;
/// Rows are at least this high as long as the whole map stays low.
const FLAT_ROW: f64 = 30.0;
const LARGEST_FLAT_HEIGHT: f64 = 120.0;
const BAR_WIDTH: f64 = 260.0;
const BAR_HEIGHT: f64 = 10.0;
const TICK_GAP: f64 = 8.0;
/// Least space between labels of the colour bar.
const LABEL_GAP: f64 = 8.0;

/// A chart of a matrix: rows from top to bottom, columns from left to right.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    title: String,
    value_axis: Axis,
    rows: Side,
    columns: Side,
    values: Vec<f64>,
}

impl HeatMap {
    /// A map of `values`, row by row, coloured along `value_axis`; not-a-number is missing.
    ///
    /// # Errors
    ///
    /// [`PlotError::Shape`] if there are not `rows × columns` values.
    pub fn new(
        title: impl Into<String>,
        value_axis: Axis,
        (rows, columns): (usize, usize),
        values: Vec<f64>,
    ) -> Result<Self, PlotError> {
        if rows.checked_mul(columns) != Some(values.len()) {
            return Err(PlotError::Shape {
                rows,
                columns,
                values: values.len(),
            });
        }
        Ok(Self {
            title: title.into(),
            value_axis,
            rows: Side::new("Row", rows),
            columns: Side::new("Column", columns),
            values,
        })
    }

    /// Says what rows and columns are; "Row" and "Column" unless set.
    #[must_use]
    pub fn with_captions(mut self, rows: impl Into<String>, columns: impl Into<String>) -> Self {
        self.rows.caption = rows.into();
        self.columns.caption = columns.into();
        self
    }

    /// Names the rows, which otherwise are numbered from 0; only as many are shown as fit.
    ///
    /// # Errors
    ///
    /// [`PlotError::Names`] if there are not as many names as rows.
    pub fn with_row_names(mut self, names: Vec<String>) -> Result<Self, PlotError> {
        self.rows.set_names(names)?;
        Ok(self)
    }

    /// Names the columns, which otherwise are numbered from 0; only as many are shown as fit.
    ///
    /// # Errors
    ///
    /// [`PlotError::Names`] if there are not as many names as columns.
    pub fn with_column_names(mut self, names: Vec<String>) -> Result<Self, PlotError> {
        self.columns.set_names(names)?;
        Ok(self)
    }

    fn bounds(&self) -> Option<Bounds> {
        Bounds::of(&self.value_axis, self.values.iter().copied())
    }

    /// The scale of the colours: just as wide as the data, so that all colours are put to use.
    fn scale(&self) -> Option<Scale> {
        let bounds = self.bounds()?;
        let axis = self.value_axis.clone();
        let axis = if axis.range().is_some() {
            axis
        } else {
            let (least, most) = axis.limits();
            axis.clone()
                .with_range(bounds.low.max(least), bounds.high.min(most))
                .unwrap_or(axis)
        };
        Some(Scale::fitting(&axis, bounds, BAR_WIDTH))
    }

    fn missing(&self) -> usize {
        self.values
            .iter()
            .filter(|value| !self.value_axis.accepts(**value))
            .count()
    }

    fn description(&self) -> String {
        let range = self
            .bounds()
            .map_or_else(|| "no data".to_owned(), range_text);
        let (rows, columns) = (self.rows.count, self.columns.count);
        let caption = self.value_axis.caption();
        format!(
            "Heat map of {caption}, {rows} rows by {columns} columns: {range}, {} missing.",
            self.missing()
        )
    }

    fn notes(&self) -> Vec<String> {
        let beyond = self
            .values
            .iter()
            .filter(|value| self.value_axis.accepts(**value) && !self.value_axis.contains(**value))
            .count();
        let mut notes = Vec::new();
        if self.missing() > 0 {
            notes.push(format!("Missing values: {}.", self.missing()));
        }
        if beyond > 0 {
            notes.push(format!(
                "Beyond the range of the colours, shown in its end colours: {beyond}."
            ));
        }
        notes
    }

    /// Caption, colour bar with ticks, and the colour of missing values.
    fn draw_colour_bar(&self, sheet: &mut Sheet) -> Option<Scale> {
        let scale = self.scale()?;
        sheet.paragraph(&self.value_axis.caption(), size::LABEL, "quiet");
        sheet.reserve(5.0);
        let top = sheet.reserve(BAR_HEIGHT);

        let mut bar = Element::new("g").attribute("shape-rendering", "crispEdges");
        let step = BAR_WIDTH / LEVELS as f64;
        for level in 0..LEVELS {
            let part = Element::rectangle(level as f64 * step, top, step, BAR_HEIGHT);
            bar.push(&part.attribute("fill", &level_colour(level).hex()));
        }
        sheet.draw(bar);
        for label in bar_labels(&scale) {
            sheet.draw(
                Element::line(
                    (label.x, top + BAR_HEIGHT),
                    (label.x, top + BAR_HEIGHT + 4.0),
                )
                .class("axis"),
            );
            let place = (label.left, top + BAR_HEIGHT + 6.0 + size::TICK);
            sheet.draw(text::element(
                &label.text,
                place,
                size::TICK,
                Anchor::Start,
                "quiet",
            ));
        }
        if self.missing() > 0 {
            let x = sheet.width() - text::width("missing", size::TICK);
            sheet.draw(text::element(
                "missing",
                (x, top + BAR_HEIGHT - 1.0),
                size::TICK,
                Anchor::Start,
                "quiet",
            ));
            sheet.draw(Element::rectangle(x - 20.0, top, 14.0, BAR_HEIGHT).class("missing"));
        }
        sheet.reserve(6.0 + line_height(size::TICK) + 14.0);
        Some(scale)
    }

    fn frame(&self, sheet: &mut Sheet) -> Frame {
        let (rows, columns) = (self.rows.count as f64, self.columns.count as f64);
        let labels = (0..self.rows.count).map(|row| text::width(&self.rows.label(row), size::TICK));
        let left = (labels.fold(0.0, f64::max) + TICK_GAP).min(sheet.width() * 0.4);
        let width = (sheet.width() - left - 12.0).min(columns * LARGEST_CELL);
        let least = (rows * FLAT_ROW).min(LARGEST_FLAT_HEIGHT);
        let height = (rows * (width / columns).min(LARGEST_CELL)).clamp(least, LARGEST_HEIGHT);
        sheet.paragraph(&self.rows.caption, size::LABEL, "quiet");
        sheet.reserve(6.0);
        let top = sheet.reserve(height);
        Frame {
            left,
            right: left + width,
            top,
            bottom: top + height,
        }
    }

    fn cell_size(&self, frame: Frame) -> (f64, f64) {
        let (rows, columns) = (self.rows.count as f64, self.columns.count as f64);
        (frame.width() / columns, frame.height() / rows)
    }

    fn draw_labels(&self, sheet: &mut Sheet, frame: Frame) {
        let (width, height) = self.cell_size(frame);
        for row in self.rows.labelled(height, line_height(size::TICK)) {
            let limit = frame.left - TICK_GAP;
            let lines = text::wrap(&self.rows.label(row), size::TICK, limit);
            let y = frame.top + (row as f64 + 0.5) * height + size::TICK * 0.36;
            let first = y - (lines.len().saturating_sub(1)) as f64 * size::TICK / 2.0;
            for (index, line) in lines.iter().enumerate() {
                let place = (limit, first + index as f64 * size::TICK);
                sheet.draw(text::element(line, place, size::TICK, Anchor::End, "quiet"));
            }
        }
        let widest = (0..self.columns.count)
            .map(|column| text::width(&self.columns.label(column), size::TICK));
        let spacing = widest.fold(0.0, f64::max) + 8.0;
        let baseline = sheet.reserve(8.0 + line_height(size::TICK)) + 6.0 + size::TICK;
        for column in self.columns.labelled(width, spacing) {
            let x = frame.left + (column as f64 + 0.5) * width;
            let label = self.columns.label(column);
            sheet.draw(text::element(
                &label,
                (x, baseline),
                size::TICK,
                Anchor::Middle,
                "quiet",
            ));
        }
        sheet.reserve(4.0);
        let place = (
            f64::midpoint(frame.left, frame.right),
            sheet.reserve(line_height(size::LABEL)) + size::LABEL,
        );
        sheet.draw(text::element(
            &self.columns.caption,
            place,
            size::LABEL,
            Anchor::Middle,
            "quiet",
        ));
    }
}

/// A label below the colour bar.
struct BarLabel {
    text: String,
    /// Where its tick is.
    x: f64,
    /// Where it begins.
    left: f64,
}

impl BarLabel {
    /// One that stays within the bar.
    fn new(text: String, x: f64) -> Self {
        let width = text::width(&text, size::TICK);
        let left = (x - width / 2.0).min(BAR_WIDTH - width).max(0.0);
        Self { text, x, left }
    }

    fn is_clear_of(&self, other: &Self) -> bool {
        let right = |label: &Self| label.left + text::width(&label.text, size::TICK) + LABEL_GAP;
        right(self) <= other.left || right(other) <= self.left
    }
}

/// The labels of both ends of the bar, and of those ticks between that leave them room.
fn bar_labels(scale: &Scale) -> Vec<BarLabel> {
    let at_end = |value: f64, x: f64| {
        let tick = scale.ticks.iter().find(|tick| tick.value == value);
        let label = tick.map_or_else(|| number::significant(value, 3), |tick| tick.label.clone());
        BarLabel::new(label, x)
    };
    let (low, high) = scale.ends();
    let mut labels = vec![at_end(low, 0.0), at_end(high, BAR_WIDTH)];
    for tick in &scale.ticks {
        let label = BarLabel::new(tick.label.clone(), scale.fraction(tick.value) * BAR_WIDTH);
        if labels[..2].iter().all(|end| label.is_clear_of(end)) {
            labels.push(label);
        }
    }
    labels
}

impl Chart for HeatMap {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> Drawing {
        let mut sheet = Sheet::new(target, &self.title);
        let Some(scale) = self.draw_colour_bar(&mut sheet) else {
            sheet.no_data();
            return sheet.finish(&self.description(), &self.notes());
        };
        let frame = self.frame(&mut sheet);
        sheet.draw(self.cells(&scale, frame));
        if let Some(texts) = self.cell_texts(&scale, frame) {
            sheet.draw(texts);
        }
        self.draw_labels(&mut sheet, frame);
        sheet.finish(&self.description(), &self.notes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_names_have_to_match() {
        let map = |values| HeatMap::new("t", Axis::linear("a", ""), (2, 3), values);
        assert_eq!(
            map(vec![0.0; 5]),
            Err(PlotError::Shape {
                rows: 2,
                columns: 3,
                values: 5
            })
        );
        let map = map(vec![0.0; 6]).expect("six values");
        assert_eq!(
            map.with_row_names(vec!["a".into()]),
            Err(PlotError::Names { count: 2, names: 1 })
        );
    }

    #[test]
    fn missing_values_are_marked_and_counted() {
        let values = vec![1.0, f64::NAN, 2.0, 3.0];
        let map = HeatMap::new("t", Axis::linear("a", ""), (2, 2), values).expect("four values");
        let svg = map.to_svg();
        assert!(svg.contains("class=\"missing-cells\"") && svg.contains("Missing values: 1."));
    }

    #[test]
    fn equal_neighbours_share_a_rectangle() {
        let map =
            HeatMap::new("t", Axis::linear("a", ""), (1, 300), vec![1.0; 300]).expect("300 values");
        assert!(map.to_svg().contains("m0 0h300"));
    }

    #[test]
    fn both_ends_of_the_colour_bar_are_labelled() {
        let labels = |low: f64, high: f64| {
            let axis = Axis::linear("a", "%");
            let map = HeatMap::new("t", axis, (1, 2), vec![low, high]).expect("two values");
            let labels = bar_labels(&map.scale().expect("values"));
            for (index, label) in labels.iter().enumerate() {
                assert!(labels[..index].iter().all(|other| other.is_clear_of(label)));
            }
            labels
                .into_iter()
                .map(|label| label.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(0.0, 100.0), ["0", "100", "50"]);
        assert_eq!(labels(3.1, 97.6)[..2], ["3.1", "97.6"]);
        // Where ticks are far apart, one alone would be labelled.
        assert_eq!(labels(31.0, 69.0)[..2], ["31", "69"]);
    }
}
