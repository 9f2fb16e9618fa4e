//! One bar per named row.

use super::axis::{Axis, Bounds};
use super::named_rows::{RowText, Rows};
use super::number::fixed;
use super::omissions::Omissions;
use super::palette::SeriesStyle;
use super::sheet::Sheet;
use super::svg::Element;
use super::{Chart, Drawing, Target};

const BAR_HEIGHT: f64 = 12.0;

/// A named value.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The name beside the bar.
    pub name: String,
    /// The value: the bar runs from zero to it.
    pub value: f64,
}

impl Bar {
    /// A bar called `name`.
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.into(),
            value,
        }
    }
}

/// A chart of horizontal bars from zero, from top to bottom, each with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct BarChart {
    /// The title.
    pub title: String,
    /// The axis of the values; it is linear in any case, as lengths have to be.
    pub axis: Axis,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
    /// Decimals of the printed values: none unless set.
    pub decimals: usize,
}

impl BarChart {
    /// A chart of `bars` along `axis`.
    pub fn new(title: impl Into<String>, axis: Axis, bars: Vec<Bar>) -> Self {
        Self {
            title: title.into(),
            axis: axis.into_linear(),
            bars,
            decimals: 0,
        }
    }

    /// Prints values with this many decimals.
    #[must_use]
    pub fn with_decimals(mut self, decimals: usize) -> Self {
        self.decimals = decimals;
        self
    }

    fn texts(&self) -> Vec<RowText> {
        let bars = self.bars.iter();
        bars.map(|bar| RowText {
            name: bar.name.clone(),
            value: fixed(bar.value, self.decimals),
        })
        .collect()
    }

    fn description(&self) -> String {
        let bars: Vec<String> = self
            .texts()
            .into_iter()
            .map(|row| format!("{}: {}", row.name, row.value))
            .collect();
        format!("Bars of {}. {}.", self.axis.caption(), bars.join("; "))
    }
}

impl Chart for BarChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> Drawing {
        let mut sheet = Sheet::new(target, &self.title);
        let mut omissions = Omissions::default();
        let shown: Vec<bool> = self
            .bars
            .iter()
            .map(|bar| omissions.admits(&[(&self.axis, bar.value)]))
            .collect();
        let values = self.bars.iter().zip(&shown);
        let values = values
            .filter(|(_, shown)| **shown)
            .map(|(bar, _)| bar.value);
        let Some(bounds) = Bounds::of(&self.axis, values.chain([0.0])) else {
            sheet.no_data();
            return sheet.finish(&self.description(), &omissions.notes());
        };
        if !shown.contains(&true) {
            sheet.no_data();
            return sheet.finish(&self.description(), &omissions.notes());
        }
        let rows = Rows::lay_out(&mut sheet, &self.axis, bounds, &self.texts());
        let mut group = SeriesStyle::new(0).group();
        let zero = rows.x_at(0.0);
        for ((bar, _), centre) in self
            .bars
            .iter()
            .zip(&shown)
            .zip(&rows.centres)
            .filter(|((_, shown), _)| **shown)
        {
            let end = rows.x_at(bar.value);
            let (start, width) = (zero.min(end), (end - zero).abs());
            let shape = Element::rectangle(start, centre - BAR_HEIGHT / 2.0, width, BAR_HEIGHT);
            group.push(&shape.class("mark"));
        }
        sheet.draw(group);
        sheet.finish(&self.description(), &omissions.notes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64]) -> BarChart {
        let bars = values.iter().enumerate();
        let bars = bars.map(|(row, value)| Bar::new(format!("row {row}"), *value));
        BarChart::new("t", Axis::logarithmic("Time", "ms"), bars.collect()).with_decimals(1)
    }

    #[test]
    fn bars_begin_at_zero_and_are_as_long_as_their_values() {
        let svg = chart(&[10.0, 5.0]).to_svg();
        let widths: Vec<f64> = svg
            .split("<rect ")
            .filter(|tag| tag.contains("class=\"mark\""))
            .map(|tag| {
                let width = tag.split("width=\"").nth(1).expect("a width");
                let width = width.split('"').next().expect("a closing quote");
                width.parse().expect("a number")
            })
            .collect();
        assert_eq!(widths.len(), 2);
        assert!((widths[0] / widths[1] - 2.0).abs() < 0.01, "{widths:?}");
        assert!(svg.contains(">10.0</text>") && svg.contains(">0</text>"));
    }

    #[test]
    fn what_has_no_length_is_left_out_and_counted() {
        let svg = chart(&[f64::NAN, 1.0]).to_svg();
        assert!(svg.contains("n/a") && svg.contains("Left out: 1 value"));
        assert!(chart(&[]).to_svg().contains("No data"));
        assert!(chart(&[f64::NAN]).to_narrow_svg().contains("No data"));
    }
}
