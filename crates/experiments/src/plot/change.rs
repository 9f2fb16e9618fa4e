//! What became of named quantities: two points per row, joined.

use super::axis::{Axis, Bounds};
use super::legend::{self, Legend};
use super::named_rows::{RowText, Rows};
use super::number::significant;
use super::omissions::Omissions;
use super::palette::SeriesStyle;
use super::sheet::Sheet;
use super::svg::Element;
use super::{Chart, Drawing, Target};

const MARKER_RADIUS: f64 = 4.4;

/// A named quantity in two states.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The name beside the points, with the unit if that differs from row to row.
    pub name: String,
    /// The value in the first state.
    pub before: f64,
    /// The value in the second state.
    pub after: f64,
}

impl Change {
    /// A quantity called `name`.
    pub fn new(name: impl Into<String>, before: f64, after: f64) -> Self {
        Self {
            name: name.into(),
            before,
            after,
        }
    }
}

/// A chart of quantities in two states, from top to bottom. On a logarithmic axis equal distances
/// are equal factors, whatever the rows' units.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeChart {
    /// The title.
    pub title: String,
    /// The axis of the values.
    pub axis: Axis,
    /// What the states are called in the legend.
    pub states: [String; 2],
    /// The rows, from top to bottom.
    pub changes: Vec<Change>,
}

impl ChangeChart {
    /// A chart of `changes` along `axis`, from the first state to the second.
    pub fn new(
        title: impl Into<String>,
        axis: Axis,
        states: [&str; 2],
        changes: Vec<Change>,
    ) -> Self {
        Self {
            title: title.into(),
            axis,
            states: states.map(str::to_owned),
            changes,
        }
    }

    fn texts(&self) -> Vec<RowText> {
        let changes = self.changes.iter();
        changes
            .map(|change| RowText {
                name: change.name.clone(),
                value: [change.before, change.after]
                    .map(|value| significant(value, 2))
                    .join(" → "),
            })
            .collect()
    }

    fn description(&self) -> String {
        let rows: Vec<String> = self
            .texts()
            .into_iter()
            .map(|row| format!("{}: {}", row.name, row.value))
            .collect();
        let [before, after] = &self.states;
        format!(
            "{}, {before} and {after}. {}.",
            self.axis.caption(),
            rows.join("; ")
        )
    }
}

impl Chart for ChangeChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> Drawing {
        let mut sheet = Sheet::new(target, &self.title);
        let mut omissions = Omissions::default();
        let shown: Vec<[Option<f64>; 2]> = self
            .changes
            .iter()
            .map(|change| {
                [change.before, change.after]
                    .map(|value| omissions.admits(&[(&self.axis, value)]).then_some(value))
            })
            .collect();
        let values = shown.iter().flatten().flatten().copied();
        let Some(bounds) = Bounds::of(&self.axis, values) else {
            sheet.no_data();
            return sheet.finish(&self.description(), &omissions.notes());
        };
        let styles = [0, 1].map(SeriesStyle::new);
        let mut legend = Legend::default();
        for (style, state) in styles.iter().zip(&self.states) {
            legend.add(legend::marker(*style), state);
        }
        legend.draw(&mut sheet);

        let rows = Rows::lay_out(&mut sheet, &self.axis, bounds, &self.texts());
        let mut links = Element::group("links");
        let mut marks = styles.map(SeriesStyle::group);
        for (values, &y) in shown.iter().zip(&rows.centres) {
            let places = values.map(|value| value.map(|value| rows.x_at(value)));
            if let [Some(before), Some(after)] = places {
                links.push(&Element::line((before, y), (after, y)).class("axis"));
            }
            for ((place, style), group) in places.iter().zip(styles).zip(&mut marks) {
                if let Some(x) = place {
                    group.push(&style.marker(*x, y, MARKER_RADIUS));
                }
            }
        }
        sheet.draw(links);
        for group in marks {
            sheet.draw(group);
        }
        sheet.finish(&self.description(), &omissions.notes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(changes: Vec<Change>) -> ChangeChart {
        let axis = Axis::logarithmic("Spread", "");
        ChangeChart::new("t", axis, ["before", "after"], changes)
    }

    #[test]
    fn rows_join_their_states_and_say_them() {
        let svg = chart(vec![
            Change::new("gain (LSB)", 12.0, 0.5),
            Change::new("τ (µs)", 30.0, f64::NAN),
        ])
        .to_svg();
        assert!(svg.contains("12 → 0.5") && svg.contains("30 → n/a"));
        let links = svg.split("<g class=\"links\">").nth(1).expect("links");
        let links = links.split("</g>").next().expect("their end");
        assert_eq!(links.matches("<line").count(), 1);
        assert!(svg.contains("Left out: 1 value"));
    }

    #[test]
    fn no_rows_are_no_data() {
        assert!(chart(Vec::new()).to_svg().contains("No data"));
        assert!(chart(Vec::new()).to_narrow_svg().contains("No data"));
    }
}
