//! Names beside points, where there is room.

use super::plane::Frame;
use super::svg::Element;
use super::text::{self, Anchor, size};

const SIZE: f64 = size::NOTE;
/// Space between a point and its name.
const GAP: f64 = 8.0;
/// Distances that names may move away from their points; a line leads back from the farther ones.
const DISTANCES: [f64; 6] = [0.0, 14.0, 30.0, 50.0, 75.0, 100.0];
/// Half the space that a point itself takes.
const POINT: f64 = 5.0;

/// A rectangle that is taken.
#[derive(Debug, Clone, Copy)]
struct Taken {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Taken {
    fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn is_within(&self, frame: Frame) -> bool {
        self.left >= frame.left
            && self.right <= frame.right
            && self.top >= frame.top
            && self.bottom <= frame.bottom
    }
}

/// Names of points and how many of them found no room.
pub(super) struct PointLabels {
    pub(super) marks: Element,
    pub(super) left_out: usize,
}

/// Puts names beside their points such that none covers another or a point.
pub(super) fn place(points: &[((f64, f64), &str)], frame: Frame) -> PointLabels {
    let mut taken: Vec<Taken> = points
        .iter()
        .map(|&((x, y), _)| Taken {
            left: x - POINT,
            top: y - POINT,
            right: x + POINT,
            bottom: y + POINT,
        })
        .collect();
    let mut marks = Element::group("names");
    let mut left_out = 0;
    for &(point, name) in points {
        let free = candidates(point, name).find(|(place, _)| {
            place.is_within(frame) && !taken.iter().any(|other| other.overlaps(place))
        });
        let Some((place, is_far)) = free else {
            left_out += 1;
            continue;
        };
        taken.push(place);
        let own = distance(point, place);
        let another_is_near = points
            .iter()
            .any(|&(other, _)| other != point && distance(other, place) < own + POINT);
        if is_far || another_is_near {
            marks.push(&leader(point, place));
        }
        let at = (place.left, place.bottom - 0.3 * SIZE);
        marks.push(&text::element(name, at, SIZE, Anchor::Start, "quiet"));
    }
    PointLabels { marks, left_out }
}

/// Places for a name from the nearest on, and whether they need a line.
fn candidates((x, y): (f64, f64), name: &str) -> impl Iterator<Item = (Taken, bool)> {
    const DIRECTIONS: [(f64, f64); 8] = [
        (1.0, 0.0),
        (-1.0, 0.0),
        (1.0, -0.8),
        (1.0, 0.8),
        (-1.0, -0.8),
        (-1.0, 0.8),
        (0.0, -1.0),
        (0.0, 1.0),
    ];
    let (width, height) = (text::width(name, SIZE), 1.2 * SIZE);
    DISTANCES.into_iter().flat_map(move |distance| {
        DIRECTIONS.into_iter().map(move |(across, down)| {
            let reach = GAP + distance;
            let centre_x = x + across * (reach + width / 2.0);
            let centre_y = y + down * (reach + height / 2.0);
            let place = Taken {
                left: centre_x - width / 2.0,
                top: centre_y - height / 2.0,
                right: centre_x + width / 2.0,
                bottom: centre_y + height / 2.0,
            };
            (place, distance > 0.0)
        })
    })
}

fn leader(point: (f64, f64), place: Taken) -> Element {
    Element::line(point, nearest(point, place)).class("axis")
}

/// The place's point that is nearest to another.
fn nearest((x, y): (f64, f64), place: Taken) -> (f64, f64) {
    (
        x.clamp(place.left, place.right),
        y.clamp(place.top, place.bottom),
    )
}

fn distance(point: (f64, f64), place: Taken) -> f64 {
    let end = nearest(point, place);
    (point.0 - end.0).hypot(point.1 - end.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame {
        left: 0.0,
        right: 300.0,
        top: 0.0,
        bottom: 200.0,
    };

    #[test]
    fn names_make_room_for_each_other_or_are_counted() {
        let apart = [((50.0, 50.0), "one"), ((50.0, 52.0), "two")];
        let labels = place(&apart, FRAME);
        assert_eq!(labels.left_out, 0);
        let svg = labels.marks.to_string();
        assert!(svg.contains(">one<") && svg.contains(">two<"));
        let crowd = [((50.0, 50.0), "a long name"); 200];
        assert!(place(&crowd, FRAME).left_out > 0);
    }
}
