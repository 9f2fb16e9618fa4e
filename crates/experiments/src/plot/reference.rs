//! Reference lines and bands, with their labels outside the plot where they cover no data.

use super::axis::Axis;
use super::plane::Frame;
use super::scale::Scale;
use super::svg::Element;
use super::text::{self, Anchor, line_height, size};

/// Space between a reference line and its label above the plot.
const GAP: f64 = 6.0;
/// Space between the plot and a label beside it, which clears markers at the edge.
const SIDE_GAP: f64 = 11.0;
const LABEL_SIZE: f64 = size::NOTE;

/// A value, or a range of values, to compare data with.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    label: String,
    low: f64,
    high: f64,
}

impl Reference {
    /// A line at `value`.
    pub fn line(value: f64, label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            low: value,
            high: value,
        }
    }

    /// A band between two values.
    pub fn band(one: f64, other: f64, label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            low: one.min(other),
            high: one.max(other),
        }
    }

    /// The ends of the reference, for the range of its axis.
    pub(super) fn ends(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    fn is_line(&self) -> bool {
        self.low == self.high
    }

    fn is_shown_on(&self, axis: &Axis, scale: &Scale) -> bool {
        let accepted = axis.accepts(self.low) && axis.accepts(self.high);
        accepted && (scale.contains(self.low) || scale.contains(self.high))
    }
}

/// Those of `references` that have a place on the axis.
pub(super) fn shown<'a>(
    references: &'a [Reference],
    axis: &Axis,
    scale: &Scale,
) -> Vec<&'a Reference> {
    references
        .iter()
        .filter(|reference| reference.is_shown_on(axis, scale))
        .collect()
}

/// Widest that labels of horizontal references may be beside a plot.
pub(super) fn side_width(references: &[Reference], sheet_width: f64) -> f64 {
    let limit = side_limit(sheet_width);
    let lines = references
        .iter()
        .flat_map(|reference| text::wrap(&reference.label, LABEL_SIZE, limit));
    let widest = lines
        .map(|line| text::width(&line, LABEL_SIZE))
        .fold(0.0, f64::max);
    if widest > 0.0 { widest + SIDE_GAP } else { 0.0 }
}

fn side_limit(sheet_width: f64) -> f64 {
    (sheet_width * 0.2).max(80.0)
}

/// References on the vertical axis: lines across the plot, labels to its right.
pub(super) fn draw_across(
    references: &[&Reference],
    scale: &Scale,
    frame: Frame,
    sheet_width: f64,
) -> Element {
    let mut group = Element::group("references");
    let height = line_height(LABEL_SIZE);
    let mut labels: Vec<(f64, Vec<String>)> = Vec::new();
    for reference in references {
        let [low, high] = reference
            .ends()
            .map(|end| frame.y_at(scale.fraction(end).clamp(0.0, 1.0)));
        if reference.is_line() {
            group.push(&Element::line((frame.left, low), (frame.right, low)).class("reference"));
        } else {
            group.push(
                &Element::rectangle(frame.left, high, frame.width(), low - high).class("range"),
            );
        }
        labels.push((
            f64::midpoint(low, high),
            text::wrap(&reference.label, LABEL_SIZE, side_limit(sheet_width)),
        ));
    }
    labels.sort_by(|one, other| one.0.total_cmp(&other.0));
    let heights: Vec<f64> = labels
        .iter()
        .map(|(_, lines)| lines.len() as f64 * height)
        .collect();
    let wanted: Vec<f64> = labels
        .iter()
        .zip(&heights)
        .map(|((centre, _), height)| centre - height / 2.0)
        .collect();
    for (top, (_, lines)) in spread(&wanted, &heights, frame.bottom)
        .into_iter()
        .zip(&labels)
    {
        for (index, line) in lines.iter().enumerate() {
            let baseline = top + index as f64 * height + LABEL_SIZE;
            let place = (frame.right + SIDE_GAP, baseline);
            group.push(&text::element(
                line,
                place,
                LABEL_SIZE,
                Anchor::Start,
                "quiet",
            ));
        }
    }
    group
}

/// Moves boxes, sorted by wanted top, down until they do not overlap, then up again from `bottom`.
fn spread(wanted: &[f64], heights: &[f64], bottom: f64) -> Vec<f64> {
    let mut tops = wanted.to_vec();
    for index in 1..tops.len() {
        tops[index] = tops[index].max(tops[index - 1] + heights[index - 1]);
    }
    let mut limit = bottom + LABEL_SIZE;
    for (top, height) in tops.iter_mut().zip(heights).rev() {
        *top = top.min(limit - height);
        limit = *top;
    }
    tops
}

/// Labels of references on the horizontal axis, in rows above the plot.
///
/// Each label is centred over its line if all have room in one row. Otherwise those of the left
/// half stand to the left of their lines and the others to the right, in rows that keep every
/// line clear of the other labels.
#[derive(Debug)]
pub(super) struct TopLabels {
    labels: Vec<TopLabel>,
    rows: usize,
}

#[derive(Debug, Clone)]
struct TopLabel {
    /// Place in the order in which the references were given.
    index: usize,
    at: f64,
    width: f64,
    lines: Vec<String>,
    anchor: Anchor,
    /// The lowest row taken; row 0 is next to the plot.
    row: usize,
}

impl TopLabels {
    /// Places the labels so that they neither overlap nor leave the sheet.
    pub(super) fn place(
        references: &[&Reference],
        scale: &Scale,
        left: f64,
        width: f64,
        sheet_width: f64,
    ) -> Self {
        let mut labels: Vec<TopLabel> = references
            .iter()
            .enumerate()
            .map(|(index, reference)| {
                let lines = text::wrap(&reference.label, LABEL_SIZE, sheet_width * 0.4);
                let text_width = lines
                    .iter()
                    .map(|line| text::width(line, LABEL_SIZE))
                    .fold(0.0, f64::max);
                let [low, high] = reference
                    .ends()
                    .map(|end| scale.fraction(end).clamp(0.0, 1.0));
                let at = left + f64::midpoint(low, high) * width;
                TopLabel {
                    index,
                    at,
                    width: text_width,
                    lines,
                    anchor: Anchor::Middle,
                    row: 0,
                }
            })
            .collect();
        labels.sort_by(|one, other| one.at.total_cmp(&other.at));

        let crowded = labels
            .windows(2)
            .any(|pair| pair[0].collides_with(&pair[1]));
        let off_sheet = labels
            .iter()
            .any(|label| label.left() < 0.0 || label.right() > sheet_width);
        if crowded || off_sheet {
            Self::place_beside_lines(&mut labels, sheet_width);
        }
        let rows = labels.iter().map(TopLabel::end_row).max().unwrap_or(0);
        Self { labels, rows }
    }

    fn place_beside_lines(labels: &mut [TopLabel], sheet_width: f64) {
        let half = labels.len() / 2;
        for (index, label) in labels.iter_mut().enumerate() {
            let room_left = label.at - GAP >= label.width;
            let room_right = label.at + GAP + label.width <= sheet_width;
            let leftwards = if index < half {
                room_left || !room_right
            } else {
                room_left && !room_right
            };
            label.anchor = if leftwards {
                Anchor::End
            } else {
                Anchor::Start
            };
        }
        let mut placed: Vec<TopLabel> = Vec::new();
        // outermost lines first: the lines further in rise past them without crossing their labels
        let leftwards = (0..labels.len()).filter(|index| labels[*index].anchor == Anchor::End);
        let rightwards = (0..labels.len())
            .rev()
            .filter(|index| labels[*index].anchor == Anchor::Start);
        for index in leftwards.chain(rightwards).collect::<Vec<_>>() {
            let label = &mut labels[index];
            while placed.iter().any(|other| other.collides_with(label)) {
                label.row += 1;
            }
            placed.push(label.clone());
        }
    }

    pub(super) fn height(&self) -> f64 {
        if self.rows == 0 {
            0.0
        } else {
            self.rows as f64 * line_height(LABEL_SIZE) + 6.0
        }
    }

    /// Lines down the plot and the labels above it.
    pub(super) fn draw(&self, references: &[&Reference], scale: &Scale, frame: Frame) -> Element {
        let mut group = Element::group("references");
        let height = line_height(LABEL_SIZE);
        for label in &self.labels {
            let reference = references[label.index];
            let [low, high] = reference
                .ends()
                .map(|end| frame.x_at(scale.fraction(end).clamp(0.0, 1.0)));
            let row = if label.anchor == Anchor::Middle {
                label.row
            } else {
                label.end_row()
            };
            let top = frame.top - row as f64 * height - 5.0;
            if !reference.is_line() {
                group.push(
                    &Element::rectangle(low, frame.top, high - low, frame.height()).class("range"),
                );
            }
            if reference.is_line() {
                group.push(&Element::line((low, top), (low, frame.bottom)).class("reference"));
            } else if label.anchor != Anchor::Middle {
                group.push(
                    &Element::line((label.at, top), (label.at, frame.top)).class("reference"),
                );
            }
        }
        for label in &self.labels {
            for (index, line) in label.lines.iter().rev().enumerate() {
                let baseline = frame.top - 9.0 - (label.row + index) as f64 * height;
                group.push(&text::element(
                    line,
                    (label.text_at(), baseline),
                    LABEL_SIZE,
                    label.anchor,
                    "halo",
                ));
            }
        }
        group
    }
}

impl TopLabel {
    fn text_at(&self) -> f64 {
        match self.anchor {
            Anchor::Start => self.at + GAP,
            Anchor::Middle => self.at,
            Anchor::End => self.at - GAP,
        }
    }

    fn left(&self) -> f64 {
        match self.anchor {
            Anchor::Start => self.text_at(),
            Anchor::Middle => self.at - self.width / 2.0,
            Anchor::End => self.text_at() - self.width,
        }
    }

    fn right(&self) -> f64 {
        self.left() + self.width
    }

    fn end_row(&self) -> usize {
        self.row + self.lines.len()
    }

    fn collides_with(&self, other: &Self) -> bool {
        let beside = self.right() + GAP <= other.left() || other.right() + GAP <= self.left();
        let above = self.end_row() <= other.row || other.end_row() <= self.row;
        !beside && !above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_beside_the_plot_do_not_overlap() {
        let heights = [15.0, 30.0, 15.0, 15.0];
        let tops = spread(&[10.0, 12.0, 90.0, 91.0], &heights, 100.0);
        for index in 1..tops.len() {
            assert!(
                tops[index] >= tops[index - 1] + heights[index - 1] - 1e-9,
                "{tops:?}"
            );
        }
        assert!(tops[3] + heights[3] <= 100.0 + LABEL_SIZE);
    }

    #[test]
    fn labels_above_the_plot_overlap_neither_each_other_nor_lines() {
        let axis = Axis::linear("x", "")
            .with_range(0.0, 1.0)
            .expect("a sound range");
        let scale = Scale::new(
            &axis,
            super::super::axis::Bounds {
                low: 0.0,
                high: 1.0,
            },
            5,
        );
        for values in [
            vec![0.5],
            vec![0.5, 0.51],
            vec![0.4, 0.41, 0.42],
            vec![0.0, 0.02, 0.97, 1.0],
            vec![0.3; 4],
        ] {
            let references: Vec<Reference> = values
                .iter()
                .map(|value| Reference::line(*value, "some label"))
                .collect();
            let references: Vec<&Reference> = references.iter().collect();
            let labels = TopLabels::place(&references, &scale, 50.0, 600.0, 700.0).labels;
            for (index, label) in labels.iter().enumerate() {
                assert!(label.left() >= 0.0 && label.right() <= 700.0, "{label:?}");
                for other in labels
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| *place != index)
                    .map(|(_, other)| other)
                {
                    assert!(!label.collides_with(other), "{label:?} {other:?}");
                    let passes = other.row > label.row
                        && label.left() < other.at
                        && other.at < label.right();
                    assert!(!passes, "{label:?} {other:?}");
                }
            }
        }
    }
}
