//! Rows with a name, marks along a common axis, and a value at the right: what bars and changes
//! share.

use super::axis::{Axis, Bounds};
use super::plane::{Frame, draw_bottom_axis};
use super::scale::Scale;
use super::sheet::Sheet;
use super::svg::Element;
use super::text::{self, Anchor, line_height, size};

/// Room of a row for its marks.
const MARKS_HEIGHT: f64 = 22.0;
const COLUMN_GAP: f64 = 16.0;
/// Largest share of the sheet that names may take beside the plot.
const NAMES_SHARE: f64 = 0.36;

/// Name and value of a row, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowText {
    pub(super) name: String,
    pub(super) value: String,
}

/// Rows on a sheet: places marks.
#[derive(Debug)]
pub(super) struct Rows {
    frame: Frame,
    scale: Scale,
    /// Heights at which the rows' marks are centred.
    pub(super) centres: Vec<f64>,
}

impl Rows {
    /// Draws grid, texts and axis; the marks go on top of them. On narrow sheets texts stand above
    /// the marks.
    pub(super) fn lay_out(
        sheet: &mut Sheet,
        axis: &Axis,
        bounds: Bounds,
        texts: &[RowText],
    ) -> Self {
        let sheet_width = sheet.width();
        let narrow = sheet.is_narrow();
        let spacing = line_height(size::LABEL);
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts
                .map(|text| text::width(&text, size::LABEL))
                .fold(0.0, f64::max)
        };
        let values = text::semibold(widest(&mut texts.iter().map(|row| row.value.clone())));
        let overhang = Scale::fitting(axis, bounds, sheet_width).overhang();
        let limit = if narrow {
            sheet_width - values - COLUMN_GAP
        } else {
            sheet_width * NAMES_SHARE
        };
        let names: Vec<Vec<String>> = texts
            .iter()
            .map(|row| text::wrap(&row.name, size::LABEL, limit))
            .collect();
        let (left, right) = if narrow {
            (overhang, sheet_width - overhang)
        } else {
            let names = widest(&mut names.iter().flatten().cloned());
            (
                (names + COLUMN_GAP).max(overhang),
                sheet_width - overhang.max(values + COLUMN_GAP),
            )
        };
        let scale = Scale::fitting(axis, bounds, right - left);
        sheet.reserve(4.0);
        let heights: Vec<f64> = names
            .iter()
            .map(|lines| {
                let lines = lines.len().max(1) as f64 * spacing;
                if narrow {
                    lines + MARKS_HEIGHT
                } else {
                    (lines + 4.0).max(MARKS_HEIGHT)
                }
            })
            .collect();
        let height: f64 = heights.iter().sum();
        let top = sheet.reserve(height);
        let frame = Frame {
            left,
            right,
            top,
            bottom: top + height,
        };
        sheet.draw(grid(&scale, frame));
        let mut centres = Vec::with_capacity(texts.len());
        let mut row_top = top;
        for ((row, lines), height) in texts.iter().zip(&names).zip(&heights) {
            let block = lines.len().max(1) as f64 * spacing;
            let (first, centre) = if narrow {
                let strip = Element::rectangle(0.0, row_top, sheet_width, block + 1.0);
                sheet.draw(strip.class("background"));
                (row_top + size::LABEL, row_top + block + MARKS_HEIGHT / 2.0)
            } else {
                let centre = row_top + height / 2.0;
                (centre - block / 2.0 + size::LABEL, centre)
            };
            for (index, line) in lines.iter().enumerate() {
                let place = (0.0, first + index as f64 * spacing);
                sheet.draw(text::element(
                    line,
                    place,
                    size::LABEL,
                    Anchor::Start,
                    "label",
                ));
            }
            let baseline = if narrow {
                first
            } else {
                centre - spacing / 2.0 + size::LABEL
            };
            sheet.draw(text::element(
                &row.value,
                (sheet_width, baseline),
                size::LABEL,
                Anchor::End,
                "strong",
            ));
            centres.push(centre);
            row_top += height;
        }
        draw_bottom_axis(sheet, &scale, frame, &axis.caption());
        Self {
            frame,
            scale,
            centres,
        }
    }

    /// Where a value stands, clamped to the plot.
    pub(super) fn x_at(&self, value: f64) -> f64 {
        self.frame.x_at(self.scale.fraction(value).clamp(0.0, 1.0))
    }
}

fn grid(scale: &Scale, frame: Frame) -> Element {
    let mut group = Element::group("axes");
    for tick in &scale.ticks {
        let x = frame.x_at(scale.fraction(tick.value));
        group.push(&Element::line((x, frame.top), (x, frame.bottom)).class("grid"));
    }
    group
}
