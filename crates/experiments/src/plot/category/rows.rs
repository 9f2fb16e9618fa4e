//! The rows of a category chart: name, marks and value of one stage.

use super::{Category, CategoryChart};
use crate::plot::axis::Bounds;
use crate::plot::palette::SeriesStyle;
use crate::plot::plane::Frame;
use crate::plot::scale::Scale;
use crate::plot::sheet::Sheet;
use crate::plot::summary::Summary;
use crate::plot::svg::{Element, Path};
use crate::plot::text::{self, Anchor, line_height, size};

/// Room of a row for its marks.
const MARKS_HEIGHT: f64 = 44.0;
/// Space above and below the content of a row, together.
const ROW_PADDING: f64 = 14.0;
const COLUMN_GAP: f64 = 18.0;
/// Largest share of the sheet that names may take beside the plot.
const NAMES_SHARE: f64 = 0.3;
pub(super) const DOT_RADIUS: f64 = 3.0;
/// Dots of similar value are stacked in this many layers.
const DOT_LAYERS: usize = 3;
const MEAN_RADIUS: f64 = 5.0;
const CAP: f64 = 4.0;

/// Where names, plot and values stand: side by side, or on narrow sheets the plot below the texts.
pub(super) struct Columns {
    pub(super) left: f64,
    pub(super) right: f64,
    sheet_width: f64,
    name_limit: f64,
    stacked: bool,
}

impl Columns {
    pub(super) fn of(chart: &CategoryChart, bounds: Bounds, sheet: &Sheet) -> Self {
        let widest = |texts: Vec<String>| {
            texts
                .iter()
                .map(|text| text::width(text, size::LABEL))
                .fold(0.0, f64::max)
        };
        let values = text::semibold(widest(chart.summary_texts()));
        let sheet_width = sheet.width();
        let overhang = Scale::fitting(&chart.axis, bounds, sheet_width).overhang();
        if sheet.is_narrow() {
            let name_limit = sheet_width - values - COLUMN_GAP;
            return Self {
                left: overhang,
                right: sheet_width - overhang,
                sheet_width,
                name_limit,
                stacked: true,
            };
        }
        let name_limit = sheet_width * NAMES_SHARE;
        let names = chart
            .categories
            .iter()
            .flat_map(|category| text::wrap(&category.name, size::LABEL, name_limit));
        let left = (widest(names.collect()) + COLUMN_GAP).max(overhang);
        Self {
            left,
            right: sheet_width - overhang.max(values + COLUMN_GAP),
            sheet_width,
            name_limit,
            stacked: false,
        }
    }
}

pub(super) struct Row {
    name: Vec<String>,
    value: String,
    count: String,
    pub(super) height: f64,
    stacked: bool,
}

impl Row {
    pub(super) fn new(category: &Category, value: String, columns: &Columns) -> Self {
        let name = text::wrap(&category.name, size::LABEL, columns.name_limit);
        let name_height = text_lines(&name) as f64 * line_height(size::LABEL);
        let height = if columns.stacked {
            name_height + MARKS_HEIGHT
        } else {
            name_height.max(MARKS_HEIGHT)
        };
        let count = Summary::of(&category.values)
            .map_or_else(String::new, |summary| format!("n = {}", summary.count));
        Self {
            name,
            value,
            count,
            height: height + ROW_PADDING,
            stacked: columns.stacked,
        }
    }

    /// Name, value and count of the row; returns the height at which its marks are centred.
    pub(super) fn draw_texts(&self, sheet: &mut Sheet, columns: &Columns, top: f64) -> f64 {
        let spacing = line_height(size::LABEL);
        let centre = top + self.height / 2.0;
        let first = |lines: usize| {
            let block = if self.stacked {
                top + ROW_PADDING / 2.0
            } else {
                centre - lines as f64 * spacing / 2.0
            };
            block + size::LABEL
        };
        if self.stacked {
            // keeps grid and references out of the texts
            let height = ROW_PADDING / 2.0 + text_lines(&self.name) as f64 * spacing + 2.0;
            let strip = Element::rectangle(0.0, top + 1.0, columns.sheet_width, height);
            sheet.draw(strip.class("background"));
        }
        for (index, line) in self.name.iter().enumerate() {
            let place = (0.0, first(self.name.len()) + index as f64 * spacing);
            sheet.draw(text::element(
                line,
                place,
                size::LABEL,
                Anchor::Start,
                "label",
            ));
        }
        let place = (columns.sheet_width, first(2));
        sheet.draw(text::element(
            &self.value,
            place,
            size::LABEL,
            Anchor::End,
            "strong",
        ));
        let place = (columns.sheet_width, first(2) + spacing);
        sheet.draw(text::element(
            &self.count,
            place,
            size::NOTE,
            Anchor::End,
            "quiet",
        ));
        if self.stacked {
            top + self.height - f64::midpoint(MARKS_HEIGHT, ROW_PADDING)
        } else {
            centre
        }
    }
}

/// Lines that the texts of a row take: value and count are two.
fn text_lines(name: &[String]) -> usize {
    name.len().max(2)
}

/// Mean and whisker in the upper half of the row, individual results below.
pub(super) fn row_marks(
    category: &Category,
    shown: &[f64],
    scale: &Scale,
    frame: Frame,
    centre: f64,
) -> Element {
    let mut group = SeriesStyle::new(0).group();
    for (x, layer) in stacked(
        shown
            .iter()
            .map(|value| frame.x_at(scale.fraction(*value)))
            .collect(),
    ) {
        let y = centre + 6.0 + layer as f64 * 2.0 * DOT_RADIUS;
        group.push(&Element::circle(x, y, DOT_RADIUS).class("dot"));
    }
    let Some(summary) = Summary::of(&category.values) else {
        return group;
    };
    if !scale.contains(summary.mean) {
        return group;
    }
    let deviation = summary.deviation.unwrap_or(0.0);
    let end = |value: f64| WhiskerEnd {
        x: frame.x_at(scale.fraction(value).clamp(0.0, 1.0)),
        is_cut: !scale.contains(value),
    };
    let whisker = [end(summary.mean - deviation), end(summary.mean + deviation)];
    let mean = frame.x_at(scale.fraction(summary.mean));
    group.push(&mean_marks(mean, whisker, centre - 9.0));
    group
}

/// An end of a whisker; one that is cut off at the end of the axis has no cap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WhiskerEnd {
    pub(super) x: f64,
    pub(super) is_cut: bool,
}

/// A whisker with a diamond at `mean`.
pub(super) fn mean_marks(mean: f64, whisker: [WhiskerEnd; 2], y: f64) -> Element {
    let diamond = [(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)];
    let diamond = diamond.map(|(dx, dy)| (mean + dx * MEAN_RADIUS, y + dy * MEAN_RADIUS));
    let mut group = SeriesStyle::new(0).group();
    let [low, high] = whisker;
    if high.x > low.x {
        group.push(&Element::line((low.x, y), (high.x, y)).class("stroke"));
        for WhiskerEnd { x, .. } in whisker.into_iter().filter(|end| !end.is_cut) {
            group.push(&Element::line((x, y - CAP), (x, y + CAP)).class("stroke"));
        }
    }
    group.child(&Element::path(&Path::polygon(diamond)).class("mark"))
}

/// Gives each position the first layer where it does not cover its neighbours.
fn stacked(mut positions: Vec<f64>) -> Vec<(f64, usize)> {
    positions.sort_by(f64::total_cmp);
    let mut ends = [f64::NEG_INFINITY; DOT_LAYERS];
    positions
        .into_iter()
        .map(|x| {
            let free = ends.iter().position(|end| x >= end + 1.8 * DOT_RADIUS);
            let longest_ago =
                (0..DOT_LAYERS).min_by(|one, other| ends[*one].total_cmp(&ends[*other]));
            let layer = free.or(longest_ago).unwrap_or(0);
            ends[layer] = x;
            (x, layer)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_results_are_stacked() {
        let layers: Vec<usize> = stacked(vec![5.0, 5.0, 5.0])
            .into_iter()
            .map(|(_, layer)| layer)
            .collect();
        assert_eq!(layers, [0, 1, 2]);
    }
}
