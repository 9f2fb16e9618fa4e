//! Where panels stand.

use super::{ArrayChart, ArrayPanel, ROWS};
use crate::plot::plane::Frame;
use crate::plot::sheet::Sheet;
use crate::plot::text::{self, size};

/// From the row numbers to their panel.
pub(super) const NUMBER_GAP: f64 = 6.0;
const PANEL_GAP: f64 = 20.0;
const NARROW_PANEL_GAP: f64 = 12.0;
/// Up to so many panels are drawn large.
const LARGE_PANELS: usize = 8;
const LARGEST_HEIGHT: f64 = 240.0;
/// The first and the last row number have room at this height.
const LEAST_HEIGHT: f64 = 28.0;
const LEAST_WIDTH: f64 = 8.0;

/// Panels of one size, so many in a line.
#[derive(Debug)]
pub(super) struct Layout {
    /// Panels in a line.
    in_a_line: usize,
    left: f64,
    /// Width that each panel may take, its title included.
    pub(super) slot: f64,
    gap: f64,
    width: f64,
    pub(super) height: f64,
}

impl Layout {
    pub(super) fn of(chart: &ArrayChart, sheet: &Sheet) -> Self {
        let is_wide = !sheet.is_narrow();
        let many = chart.panels().count() > LARGE_PANELS || per_pass(&chart.passes) > 2;
        let in_a_line = if is_wide && many { 4 } else { 2 };
        let gap = if is_wide { PANEL_GAP } else { NARROW_PANEL_GAP };
        let last_row = chart.rows.saturating_sub(1).to_string();
        let numbers = [ROWS, &last_row].map(|text| text::width(text, size::TICK));
        let left = numbers[0].max(numbers[1]) + NUMBER_GAP;
        let gaps = gap * (in_a_line - 1) as f64;
        let slot = (sheet.width() - left - gaps) / in_a_line as f64;

        let (rows, columns) = (chart.rows as f64, chart.columns as f64);
        let height = (slot * rows / columns).clamp(LEAST_HEIGHT, LARGEST_HEIGHT);
        Self {
            in_a_line,
            left,
            slot,
            gap,
            width: (height * columns / rows).clamp(LEAST_WIDTH, slot),
            height,
        }
    }

    /// The panels of each line: as many whole passes as have room, or a part of one.
    pub(super) fn lines<'a>(&self, passes: &'a [Vec<ArrayPanel>]) -> Vec<Vec<&'a ArrayPanel>> {
        let together = (self.in_a_line / per_pass(passes).max(1)).max(1);
        let mut lines = Vec::new();
        for passes in passes.chunks(together) {
            let panels: Vec<&ArrayPanel> = passes.iter().flatten().collect();
            lines.extend(panels.chunks(self.in_a_line).map(<[_]>::to_vec));
        }
        lines
    }

    pub(super) fn frame(&self, place: usize, top: f64) -> Frame {
        let left = self.left + place as f64 * (self.slot + self.gap);
        Frame {
            left,
            right: left + self.width,
            top,
            bottom: top + self.height,
        }
    }
}

fn per_pass(passes: &[Vec<ArrayPanel>]) -> usize {
    passes.iter().map(Vec::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Target;

    /// Panels per line of so many passes on so many synrams.
    fn lines(passes: usize, synrams: usize) -> Vec<usize> {
        let panel = ArrayPanel {
            title: String::new(),
            blocks: Vec::new(),
        };
        let passes = vec![vec![panel; synrams]; passes];
        let chart = ArrayChart::new("t", (128, 256), passes);
        let layout = Layout::of(&chart, &Sheet::new(Target::Page, "t"));
        let lines = layout.lines(&chart.passes);
        lines.iter().map(Vec::len).collect()
    }

    #[test]
    fn passes_share_a_line_or_begin_a_new_one() {
        assert_eq!(lines(3, 2), [2, 2, 2]);
        assert_eq!(lines(7, 2), [4, 4, 4, 2]);
        assert_eq!(lines(2, 6), [4, 2, 4, 2]);
        assert_eq!(lines(3, 1), [2, 1]);
    }
}
