//! What blocks hold, written into them or beside them.

use crate::plot::plane::Frame;
use crate::plot::svg::Element;
use crate::plot::text::{self, Anchor, line_height, size};

/// Space that a label keeps to the edges of its block.
const PADDING: f64 = 3.0;

/// The labels that find a place: inside their block, else beside it where the panel is free. Those
/// beside are left out unless all blocks have labels: few among many would seem to stand for others.
pub(super) fn placed<'a>(
    panel: Frame,
    labels: impl Iterator<Item = &'a [Vec<String>]>,
    areas: &[Vec<Frame>],
) -> Vec<Element> {
    let mut taken: Vec<Frame> = areas.iter().flatten().copied().collect();
    let (mut kept, mut beside) = (Vec::new(), Vec::new());
    let mut is_complete = true;
    for (forms, own) in labels.zip(areas) {
        let largest = own.iter().max_by(|a, b| extent(a).total_cmp(&extent(b)));
        let Some(&area) = largest else { continue };
        if let Some((lines, place)) = first(forms, |size| inside(area, size)) {
            kept.extend(written(lines, place));
        } else if let Some((lines, place)) = first(forms, |size| outside(area, size, panel, &taken))
        {
            taken.push(place);
            beside.extend(written(lines, place));
        } else {
            is_complete = false;
        }
    }
    if is_complete {
        kept.append(&mut beside);
    }
    kept
}

/// The first form of a label that has room.
fn first(
    forms: &[Vec<String>],
    room: impl Fn((f64, f64)) -> Option<Frame>,
) -> Option<(&[String], Frame)> {
    let mut forms = forms.iter();
    forms.find_map(|lines| Some((lines.as_slice(), room(text_size(lines))?)))
}

fn inside(area: Frame, (width, height): (f64, f64)) -> Option<Frame> {
    let place = around(centre(area), width, height);
    within(padded(place), area).then_some(place)
}

fn outside(
    area: Frame,
    (width, height): (f64, f64),
    panel: Frame,
    taken: &[Frame],
) -> Option<Frame> {
    let is_free = |place: &Frame| {
        within(*place, panel) && !taken.iter().any(|other| overlap(padded(*place), *other))
    };
    beside(panel, area, width, height).into_iter().find(is_free)
}

/// Right, left, below and above an area, kept within the panel along its side.
fn beside(panel: Frame, area: Frame, width: f64, height: f64) -> [Frame; 4] {
    let (x, y) = centre(area);
    let kept = |at: f64, half: f64, low: f64, high: f64| at.min(high - half).max(low + half);
    let x = kept(x, width / 2.0 + PADDING, panel.left, panel.right);
    let y = kept(y, height / 2.0 + PADDING / 2.0, panel.top, panel.bottom);
    let (away_x, away_y) = (width / 2.0 + PADDING + 1.0, height / 2.0 + PADDING + 1.0);
    [
        around((area.right + away_x, y), width, height),
        around((area.left - away_x, y), width, height),
        around((x, area.bottom + away_y), width, height),
        around((x, area.top - away_y), width, height),
    ]
}

fn written(lines: &[String], place: Frame) -> Vec<Element> {
    let x = centre(place).0;
    let line = |(index, line): (usize, &String)| {
        let baseline = place.top + size::NOTE + index as f64 * line_height(size::NOTE);
        text::element(line, (x, baseline), size::NOTE, Anchor::Middle, "label")
    };
    lines.iter().enumerate().map(line).collect()
}

fn text_size(lines: &[String]) -> (f64, f64) {
    let widths = lines.iter().map(|line| text::width(line, size::NOTE));
    let height = lines.len() as f64 * line_height(size::NOTE);
    (widths.fold(0.0, f64::max), height)
}

fn extent(area: &Frame) -> f64 {
    area.width() * area.height()
}

fn centre(area: Frame) -> (f64, f64) {
    (
        f64::midpoint(area.left, area.right),
        f64::midpoint(area.top, area.bottom),
    )
}

fn around((x, y): (f64, f64), width: f64, height: f64) -> Frame {
    Frame {
        left: x - width / 2.0,
        right: x + width / 2.0,
        top: y - height / 2.0,
        bottom: y + height / 2.0,
    }
}

/// Lines hold space of their own above and below.
fn padded(area: Frame) -> Frame {
    Frame {
        left: area.left - PADDING,
        right: area.right + PADDING,
        ..area
    }
}

fn within(inner: Frame, outer: Frame) -> bool {
    inner.left >= outer.left
        && inner.right <= outer.right
        && inner.top >= outer.top
        && inner.bottom <= outer.bottom
}

fn overlap(one: Frame, other: Frame) -> bool {
    one.left < other.right
        && other.left < one.right
        && one.top < other.bottom
        && other.top < one.bottom
}
