//! What occupies an array of synapses, pass by pass.

mod labels;
mod layout;

use std::ops::Range;

use layout::Layout;

use super::legend::Legend;
use super::palette::{COLOURS, SeriesStyle};
use super::plane::Frame;
use super::sheet::Sheet;
use super::svg::Element;
use super::text::{self, Anchor, line_height, size};
use super::{Chart, Drawing, Target};

/// Blocks of a panel whose labels the description repeats; more are counted.
const DESCRIBED: usize = 8;

/// Synapses in use: those at which a row of the block crosses one of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayBlock {
    /// Number of its kind: blocks of one kind share a colour.
    pub kind: usize,
    /// What it holds: labels in lines, from the fullest to the shortest, of which the first that has
    /// room is written.
    pub labels: Vec<Vec<String>>,
    /// Its rows, as runs of neighbours.
    pub rows: Vec<Range<usize>>,
    /// Its columns, as runs of neighbours.
    pub columns: Vec<Range<usize>>,
}

/// One synram during one pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayPanel {
    /// What stands above it.
    pub title: String,
    /// What it holds.
    pub blocks: Vec<ArrayBlock>,
}

/// A picture of synrams, drawn to scale: rows from top to bottom, columns from left to right, the
/// synrams of a pass side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayChart {
    title: String,
    rows: usize,
    columns: usize,
    kinds: Vec<String>,
    passes: Vec<Vec<ArrayPanel>>,
    more_passes: usize,
}

impl ArrayChart {
    /// Passes that are drawn; the others are counted.
    pub const PASSES_MAX: usize = 8;

    /// A picture of passes on synrams of `rows` × `columns`.
    pub fn new(
        title: impl Into<String>,
        (rows, columns): (usize, usize),
        mut passes: Vec<Vec<ArrayPanel>>,
    ) -> Self {
        let more_passes = passes.len().saturating_sub(Self::PASSES_MAX);
        passes.truncate(Self::PASSES_MAX);
        Self {
            title: title.into(),
            rows,
            columns,
            kinds: Vec::new(),
            passes,
            more_passes,
        }
    }

    /// Names the kinds of blocks; a legend shows them as long as their colours differ.
    #[must_use]
    pub fn with_kinds(mut self, names: Vec<String>) -> Self {
        self.kinds = names;
        self
    }

    /// Counts passes that were not even given, to be said below the picture.
    #[must_use]
    pub fn with_more_passes(mut self, count: usize) -> Self {
        self.more_passes = self.more_passes.saturating_add(count);
        self
    }

    fn panels(&self) -> impl Iterator<Item = &ArrayPanel> {
        self.passes.iter().flatten()
    }

    fn is_empty(&self) -> bool {
        self.rows == 0 || self.columns == 0 || self.panels().next().is_none()
    }

    /// Whether a block lies on the array.
    fn holds(&self, block: &ArrayBlock) -> bool {
        let within = |runs: &[Range<usize>], count: usize| {
            let sound = |run: &Range<usize>| run.start < run.end && run.end <= count;
            !runs.is_empty() && runs.iter().all(sound)
        };
        within(&block.rows, self.rows) && within(&block.columns, self.columns)
    }

    fn description(&self) -> String {
        let panel = |panel: &ArrayPanel| {
            let blocks = &panel.blocks;
            let content = match blocks.len() {
                0 => "free".to_owned(),
                1..=DESCRIBED => {
                    let fullest = |block: &ArrayBlock| block.labels.first().map(|l| l.join(" "));
                    let labels: Vec<String> = blocks.iter().filter_map(fullest).collect();
                    labels.join(", ")
                }
                count => format!("{count} blocks"),
            };
            format!("{}: {content}", panel.title)
        };
        let panels: Vec<String> = self.panels().map(panel).collect();
        format!(
            "Synapses in use on synrams of {} rows by {} columns. {}.",
            self.rows,
            self.columns,
            panels.join("; ")
        )
    }

    fn notes(&self) -> Vec<String> {
        let blocks = self.panels().flat_map(|panel| &panel.blocks);
        let left_out = blocks.filter(|block| !self.holds(block)).count();
        let mut notes = Vec::new();
        match self.more_passes {
            0 => {}
            1 => notes.push("… and 1 more pass".to_owned()),
            more => notes.push(format!("… and {more} more passes")),
        }
        match left_out {
            0 => {}
            1 => notes.push("Left out: 1 block without a place on the array.".to_owned()),
            count => notes.push(format!(
                "Left out: {count} blocks without a place on the array."
            )),
        }
        notes
    }

    fn draw_legend(&self, sheet: &mut Sheet) {
        if !(2..=COLOURS).contains(&self.kinds.len()) {
            return;
        }
        let mut legend = Legend::default();
        for (kind, name) in self.kinds.iter().enumerate() {
            let swatch = Element::rectangle(8.0, -6.0, 20.0, 12.0).class("block");
            legend.add(SeriesStyle::new(kind).group().child(&swatch), name);
        }
        legend.draw(sheet);
    }

    /// Panels side by side, with their titles above and their numbers below.
    fn draw_line(&self, sheet: &mut Sheet, layout: &Layout, line: &[&ArrayPanel]) {
        let titles: Vec<Vec<String>> = line
            .iter()
            .map(|panel| text::wrap(&panel.title, size::TICK, layout.slot))
            .collect();
        let title_lines = titles.iter().map(Vec::len).max().unwrap_or(0);
        let title_top = sheet.reserve(title_lines as f64 * line_height(size::TICK) + 2.0);
        let top = sheet.reserve(layout.height);
        sheet.reserve(4.0 + line_height(size::TICK) + 10.0);
        for (place, (panel, title)) in line.iter().zip(&titles).enumerate() {
            let frame = layout.frame(place, top);
            for (index, text) in title.iter().enumerate() {
                let baseline = title_top + size::TICK + index as f64 * line_height(size::TICK);
                let place = (frame.left, baseline);
                sheet.draw(text::element(
                    text,
                    place,
                    size::TICK,
                    Anchor::Start,
                    "label",
                ));
            }
            self.draw_panel(sheet, frame, panel);
            self.draw_column_numbers(sheet, frame);
            if place == 0 {
                self.draw_row_numbers(sheet, frame);
            }
        }
    }

    fn draw_panel(&self, sheet: &mut Sheet, frame: Frame, panel: &ArrayPanel) {
        let synram = Element::rectangle(frame.left, frame.top, frame.width(), frame.height());
        sheet.draw(synram.class("synram"));
        let blocks: Vec<&ArrayBlock> = panel.blocks.iter().filter(|b| self.holds(b)).collect();
        let areas: Vec<Vec<Frame>> = blocks.iter().map(|b| self.areas(frame, b)).collect();
        for (block, areas) in blocks.iter().zip(&areas) {
            let mut group = SeriesStyle::new(block.kind).group();
            for area in areas {
                group.push(&filled(*area));
            }
            sheet.draw(group);
        }
        let labels = blocks.iter().map(|block| block.labels.as_slice());
        for label in labels::placed(frame, labels, &areas) {
            sheet.draw(label);
        }
    }

    /// Where a block lies in a panel: one area per run of rows and run of columns.
    fn areas(&self, frame: Frame, block: &ArrayBlock) -> Vec<Frame> {
        let (width, height) = (
            frame.width() / self.columns as f64,
            frame.height() / self.rows as f64,
        );
        let of_rows = |rows: &Range<usize>| {
            let (top, bottom) = (rows.start as f64 * height, rows.end as f64 * height);
            let columns = block.columns.iter();
            columns.map(move |columns| Frame {
                left: frame.left + columns.start as f64 * width,
                right: frame.left + columns.end as f64 * width,
                top: frame.top + top,
                bottom: frame.top + bottom,
            })
        };
        block.rows.iter().flat_map(of_rows).collect()
    }

    fn draw_column_numbers(&self, sheet: &mut Sheet, frame: Frame) {
        let baseline = frame.bottom + 4.0 + size::TICK;
        let last = (self.columns - 1).to_string();
        let [first_width, last_width, caption_width] =
            ["0", &last, COLUMNS].map(|text| text::width(text, size::TICK));
        let mut write = |text: &str, x, anchor| {
            sheet.draw(text::element(
                text,
                (x, baseline),
                size::TICK,
                anchor,
                "quiet",
            ));
        };
        write("0", frame.left, Anchor::Start);
        if self.columns > 1 && first_width + last_width + 6.0 <= frame.width() {
            write(&last, frame.right, Anchor::End);
        }
        if caption_width + 2.0 * (first_width.max(last_width) + 8.0) <= frame.width() {
            let centre = f64::midpoint(frame.left, frame.right);
            write(COLUMNS, centre, Anchor::Middle);
        }
    }

    fn draw_row_numbers(&self, sheet: &mut Sheet, frame: Frame) {
        let x = frame.left - layout::NUMBER_GAP;
        let mut write = |text: &str, y| {
            sheet.draw(text::element(
                text,
                (x, y),
                size::TICK,
                Anchor::End,
                "quiet",
            ));
        };
        write("0", frame.top + 0.8 * size::TICK);
        if self.rows > 1 {
            write(&(self.rows - 1).to_string(), frame.bottom);
        }
        if frame.height() >= 3.5 * line_height(size::TICK) {
            let centre = f64::midpoint(frame.top, frame.bottom);
            write(ROWS, centre + 0.36 * size::TICK);
        }
    }
}

const ROWS: &str = "rows";
const COLUMNS: &str = "columns";

/// An area with its edge inside, so that neighbours can be told apart.
fn filled(area: Frame) -> Element {
    let inset = |length: f64| (length / 4.0).min(0.5);
    let (x, y) = (inset(area.width()), inset(area.height()));
    let (width, height) = (area.width() - 2.0 * x, area.height() - 2.0 * y);
    Element::rectangle(area.left + x, area.top + y, width, height).class("block")
}

impl Chart for ArrayChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> Drawing {
        let mut sheet = Sheet::new(target, &self.title);
        if self.is_empty() {
            sheet.no_data();
            return sheet.finish(&self.description(), &self.notes());
        }
        self.draw_legend(&mut sheet);
        let layout = Layout::of(self, &sheet);
        for line in layout.lines(&self.passes) {
            self.draw_line(&mut sheet, &layout, &line);
        }
        sheet.finish(&self.description(), &self.notes())
    }
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::single_range_in_vec_init,
        reason = "a list of one run is meant"
    )]

    use super::*;

    fn block(kind: usize, rows: Vec<Range<usize>>, columns: Vec<Range<usize>>) -> ArrayBlock {
        let lines = [format!("<in {kind}>"), format!("out {kind}")];
        ArrayBlock {
            kind,
            labels: vec![vec![lines.join(" → ")], lines.to_vec()],
            rows,
            columns,
        }
    }

    fn pass(blocks: Vec<ArrayBlock>) -> Vec<ArrayPanel> {
        let panel = |hemisphere: usize, blocks| ArrayPanel {
            title: format!("hemisphere {hemisphere}"),
            blocks,
        };
        vec![panel(0, blocks), panel(1, Vec::new())]
    }

    fn chart(passes: Vec<Vec<ArrayPanel>>) -> ArrayChart {
        ArrayChart::new("t", (128, 256), passes)
    }

    fn numbers(svg: &str, class: &str, name: &str) -> Vec<f64> {
        let tags = svg.split("<rect ").filter(|tag| tag.contains(class));
        let value = |tag: &str| {
            let value = tag.split(&format!(" {name}=\"")).nth(1)?;
            value.split('"').next()?.parse().ok()
        };
        tags.filter_map(|tag| value(&format!(" {tag}"))).collect()
    }

    #[test]
    fn blocks_are_drawn_to_scale() {
        let whole = block(0, vec![0..128], vec![0..256]);
        let part = block(0, vec![64..128], vec![0..64]);
        let svg = chart(vec![pass(vec![whole]), pass(vec![part])]).to_svg();
        let [widths, heights] =
            ["width", "height"].map(|name| numbers(&svg, "class=\"block\"", name));
        let ratio = |sizes: &[f64]| (sizes[0] + 1.0) / (sizes[1] + 1.0);
        assert!((ratio(&widths) - 4.0).abs() < 0.01, "{widths:?}");
        assert!((ratio(&heights) - 2.0).abs() < 0.01, "{heights:?}");
        let aspect = (widths[0] + 1.0) / (heights[0] + 1.0);
        assert!((aspect - 2.0).abs() < 0.01, "{aspect}");
        assert_eq!(svg.matches("class=\"synram\"").count(), 4);
    }

    #[test]
    fn what_is_not_consecutive_is_drawn_in_parts() {
        let parts = block(0, vec![0..8, 16..24], vec![0..4, 8..12, 20..21]);
        let svg = chart(vec![pass(vec![parts])]).to_svg();
        assert_eq!(svg.matches("class=\"block\"").count(), 6);
    }

    #[test]
    fn labels_stand_inside_beside_or_nowhere() {
        let label_x = |block: ArrayBlock| {
            let svg = chart(vec![pass(vec![block])]).to_svg();
            let (before, _) = svg.split_once(">&lt;in 0&gt; → out 0</text>")?;
            let x = before.rsplit(" x=\"").next()?.split('"').next()?;
            x.parse::<f64>().ok()
        };
        let inside = label_x(block(0, vec![0..128], vec![0..256])).unwrap();
        let beside = label_x(block(0, vec![0..128], vec![0..10])).unwrap();
        assert!(inside > 150.0 && beside < 150.0, "{inside} {beside}");
        let comb = |parts: usize| (0..parts).map(|n| 8 * n..8 * n + 1).collect();
        assert_eq!(label_x(block(0, comb(16), comb(32))), None);
    }

    #[test]
    fn a_few_labels_among_many_blocks_are_left_out() {
        let diagonal = |count: usize| {
            let place = |n: usize| n..n + 1;
            let blocks = (0..count).map(|n| block(0, vec![place(n)], vec![place(n)]));
            chart(vec![pass(blocks.collect())]).to_svg()
        };
        assert!(diagonal(1).contains(">&lt;in 0&gt;"));
        assert!(!diagonal(100).contains(">&lt;in 0&gt;"));
    }

    #[test]
    fn a_legend_stands_where_colours_differ() {
        let passes = || vec![pass(vec![block(0, vec![0..1], vec![0..1])])];
        let names = |count: usize| (0..count).map(|n| format!("kind {n}")).collect();
        let svg = |count| chart(passes()).with_kinds(names(count)).to_svg();
        assert!(svg(COLOURS).contains(">kind 5</text>"));
        assert!(!svg(1).contains(">kind 0</text>") && !svg(7).contains(">kind 0</text>"));
    }

    #[test]
    fn what_is_not_drawn_is_counted() {
        let many = |count: usize| {
            let passes = (0..count).map(|_| pass(vec![block(0, vec![0..1], vec![0..1])]));
            chart(passes.collect())
        };
        assert!(!many(8).to_svg().contains("more pass"));
        assert!(many(9).to_svg().contains("… and 1 more pass<"));
        let all = many(9).with_more_passes(usize::MAX).with_more_passes(1);
        assert!(all.to_standalone_svg().contains("more passes"));
        let svg = many(9).with_more_passes(23).to_standalone_svg();
        assert!(svg.contains("… and 24 more passes"));
        assert_eq!(svg.matches("class=\"synram\"").count(), 16);

        let outside = [
            block(0, vec![120..129], vec![0..1]),
            block(0, vec![0..1], vec![]),
            block(0, vec![3..3], vec![0..1]),
        ];
        let svg = chart(vec![pass(outside.to_vec())]).to_svg();
        assert!(svg.contains("Left out: 3 blocks") && !svg.contains("class=\"block\""));
    }

    #[test]
    fn arrays_of_any_size_are_drawn() {
        for size in [(1, 1), (1, 1024), (1024, 1), (256, 128), (0, 5)] {
            let whole = block(7, vec![0..size.0], vec![0..size.1]);
            let chart = ArrayChart::new("t", size, vec![pass(vec![whole])]);
            for target in [Target::Page, Target::NarrowPage, Target::Panel] {
                let drawing = chart.draw(target);
                assert!(drawing.height < 800.0, "{size:?}: {}", drawing.height);
                assert_eq!(drawing.svg.contains("No data"), size.0 == 0);
            }
        }
    }
}
