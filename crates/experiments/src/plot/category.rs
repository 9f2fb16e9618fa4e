//! Results of named stages: one dot per result, with mean and standard deviation.

mod rows;

use rows::{Columns, DOT_RADIUS, Row, WhiskerEnd, mean_marks, row_marks};

use super::axis::{Axis, Bounds};
use super::legend::{self, Legend};
use super::number::{decimals_for, is_extreme};
use super::omissions::Omissions;
use super::palette::SeriesStyle;
use super::plane::{Frame, draw_bottom_axis};
use super::reference::{self, Reference, TopLabels};
use super::scale::Scale;
use super::sheet::Sheet;
use super::summary::Summary;
use super::svg::Element;
use super::{Chart, Drawing, Target};

/// One stage and its individual results.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// The name of the stage.
    pub name: String,
    /// One value per result, for example per chip.
    pub values: Vec<f64>,
}

impl Category {
    /// A stage called `name` with its results.
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            values,
        }
    }
}

/// A chart with one row per stage: individual results, mean ± standard deviation, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryChart {
    /// The title.
    pub title: String,
    /// The axis of the values.
    pub axis: Axis,
    /// The stages, from top to bottom.
    pub categories: Vec<Category>,
    /// Values to compare with.
    pub references: Vec<Reference>,
    /// What one dot is, for the legend: "one result" unless set.
    pub dot_label: String,
    /// Decimals of the printed values: as many as the median deviation calls for unless set.
    pub decimals: Option<usize>,
}

impl CategoryChart {
    /// A chart of `categories` along `axis`.
    pub fn new(title: impl Into<String>, axis: Axis, categories: Vec<Category>) -> Self {
        let dot_label = "one result".to_owned();
        Self {
            title: title.into(),
            axis,
            categories,
            references: Vec::new(),
            dot_label,
            decimals: None,
        }
    }

    /// Adds a reference line or band.
    #[must_use]
    pub fn with_reference(mut self, reference: Reference) -> Self {
        self.references.push(reference);
        self
    }

    /// Says what one dot is, for example "one chip".
    #[must_use]
    pub fn with_dot_label(mut self, label: impl Into<String>) -> Self {
        self.dot_label = label.into();
        self
    }

    /// Prints values with this many decimals.
    #[must_use]
    pub fn with_decimals(mut self, decimals: usize) -> Self {
        self.decimals = Some(decimals);
        self
    }

    /// Mean and deviation of each category, with the same decimals so that they compare well.
    fn summary_texts(&self) -> Vec<String> {
        let summaries: Vec<Option<Summary>> = self
            .categories
            .iter()
            .map(|category| Summary::of(&category.values))
            .collect();
        let decimals = self.decimals.or_else(|| median_decimals(&summaries));
        let text = |summary: &Option<Summary>| match (summary, decimals) {
            (None, _) => "no data".to_owned(),
            (Some(summary), Some(decimals)) => summary.text_with(decimals),
            (Some(summary), None) => summary.text(),
        };
        summaries.iter().map(text).collect()
    }

    fn description(&self) -> String {
        let stages: Vec<String> = self
            .categories
            .iter()
            .zip(self.summary_texts())
            .map(|(category, text)| {
                let count = Summary::of(&category.values).map_or(0, |summary| summary.count);
                format!("{}: {text} (n = {count})", category.name)
            })
            .collect();
        format!(
            "{} by stage, mean ± standard deviation. {}.",
            self.axis.caption(),
            stages.join("; ")
        )
    }

    fn draw_legend(&self, sheet: &mut Sheet) {
        let style = SeriesStyle::new(0);
        let mut legend = Legend::default();
        legend.add(
            style
                .group()
                .child(&Element::circle(legend::CENTRE, 0.0, DOT_RADIUS).class("dot")),
            &self.dot_label,
        );
        let whisker = [2.0, 2.0 * legend::CENTRE - 2.0].map(|x| WhiskerEnd { x, is_cut: false });
        let mean = mean_marks(legend::CENTRE, whisker, 0.0);
        legend.add(mean, "mean ± standard deviation");
        legend.draw(sheet);
    }
}

impl Chart for CategoryChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> Drawing {
        let mut sheet = Sheet::new(target, &self.title);
        let mut omissions = Omissions::default();
        let shown: Vec<Vec<f64>> = self
            .categories
            .iter()
            .map(|category| self.shown(category, &mut omissions))
            .collect();
        let Some(bounds) = self.bounds() else {
            sheet.no_data();
            return sheet.finish(&self.description(), &omissions.notes());
        };
        self.draw_legend(&mut sheet);

        let layout = Columns::of(self, bounds, &sheet);
        let scale = Scale::fitting(&self.axis, bounds, layout.right - layout.left);
        let references = reference::shown(&self.references, &self.axis, &scale);
        let labels = TopLabels::place(
            &references,
            &scale,
            layout.left,
            layout.right - layout.left,
            sheet.width(),
        );
        sheet.reserve(4.0 + labels.height());

        let texts = self.summary_texts();
        let rows: Vec<Row> = self
            .categories
            .iter()
            .zip(texts)
            .map(|(category, text)| Row::new(category, text, &layout))
            .collect();
        let height = rows.iter().map(|row| row.height).sum();
        let top = sheet.reserve(height);
        let frame = Frame {
            left: layout.left,
            right: layout.right,
            top,
            bottom: top + height,
        };
        sheet.draw(vertical_grid(&scale, frame));
        sheet.draw(labels.draw(&references, &scale, frame));
        let mut row_top = top;
        for ((row, values), category) in rows.iter().zip(&shown).zip(&self.categories) {
            let marks_at = row.draw_texts(&mut sheet, &layout, row_top);
            sheet.draw(row_marks(category, values, &scale, frame, marks_at));
            row_top += row.height;
            if row_top < frame.bottom {
                let (start, end) = ((0.0, row_top), (sheet.width(), row_top));
                sheet.draw(Element::line(start, end).class("grid"));
            }
        }
        draw_bottom_axis(&mut sheet, &scale, frame, &self.axis.caption());
        sheet.finish(&self.description(), &omissions.notes())
    }
}

impl CategoryChart {
    fn shown(&self, category: &Category, omissions: &mut Omissions) -> Vec<f64> {
        category
            .values
            .iter()
            .copied()
            .filter(|value| omissions.admits(&[(&self.axis, *value)]))
            .collect()
    }

    /// Bounds of all that the axis has to hold: results, whiskers and references.
    fn bounds(&self) -> Option<Bounds> {
        let values = self.categories.iter().flat_map(|category| &category.values);
        let results = Bounds::of(&self.axis, values.copied())?;
        let whiskers = self
            .categories
            .iter()
            .filter_map(|category| Summary::of(&category.values))
            .flat_map(|summary| {
                let deviation = summary.deviation.unwrap_or(0.0);
                let low = self.axis.reach(summary.mean - deviation, results.low);
                [low, summary.mean + deviation]
            });
        let references = self.references.iter().flat_map(Reference::ends);
        let more = whiskers.chain(references);
        Bounds::of(&self.axis, more.chain([results.low, results.high]))
    }
}

/// Decimals that suit the median of the deviations; none if a value is better left to itself.
fn median_decimals(summaries: &[Option<Summary>]) -> Option<usize> {
    let summaries = || summaries.iter().flatten();
    if summaries().any(|summary| summary.mean != 0.0 && is_extreme(summary.mean)) {
        return None;
    }
    let deviations = summaries().filter_map(|summary| summary.deviation);
    let mut deviations: Vec<f64> = deviations.filter(|deviation| *deviation > 0.0).collect();
    deviations.sort_by(f64::total_cmp);
    deviations
        .get(deviations.len() / 2)
        .map(|median| decimals_for(*median))
}

fn vertical_grid(scale: &Scale, frame: Frame) -> Element {
    let mut group = Element::group("axes");
    for tick in &scale.ticks {
        let x = frame.x_at(scale.fraction(tick.value));
        group.push(&Element::line((x, frame.top), (x, frame.bottom)).class("grid"));
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The horizontal strokes of the means, from the legend's on.
    fn whiskers(svg: &str) -> Vec<[f64; 2]> {
        let number = |tag: &str, name: &str| -> f64 {
            let value = tag.split(&format!("{name}=\"")).nth(1).expect("a value");
            let value = value.split('"').next().expect("a closing quote");
            value.parse().expect("a number")
        };
        svg.split("<line ")
            .filter(|tag| tag.contains("class=\"stroke\""))
            .filter(|tag| number(tag, "y1") == number(tag, "y2"))
            .map(|tag| [number(tag, "x1"), number(tag, "x2")])
            .collect()
    }

    fn strokes(svg: &str) -> usize {
        svg.matches("class=\"stroke\"").count()
    }

    #[test]
    fn whiskers_to_below_zero_run_to_the_end_of_a_logarithmic_axis() {
        let axis = || Axis::logarithmic("Test error", "%");
        let stages = || {
            let values = [vec![1.5, 2.0, 60.0], vec![40.0, 50.0, 75.0]];
            values.map(|values| Category::new("stage", values)).to_vec()
        };
        let svg = CategoryChart::new("t", axis(), stages()).to_svg();
        let whiskers = whiskers(&svg);
        let left = svg.split("<g class=\"bottom\"><line x1=\"").nth(1);
        let left = left
            .and_then(|rest| rest.split('"').next())
            .expect("an axis");
        assert_eq!(whiskers[1][0], left.parse::<f64>().expect("a number"));
        // legend: three strokes; first stage: no cap at the low end; second stage: both caps
        assert_eq!(strokes(&svg), 3 + 2 + 3);
        for label in ["1", "2", "5", "10", "20", "50", "100"] {
            assert!(svg.contains(&format!(">{label}</text>")), "{label}");
        }
    }

    #[test]
    fn deviations_close_to_the_mean_do_not_stretch_a_logarithmic_axis() {
        let values = vec![2.0, 2.0, 8.0];
        let summary = Summary::of(&values).expect("three values");
        let deviation = summary.deviation.expect("a deviation");
        assert!(summary.mean - deviation > 0.0 && summary.mean - deviation < 2.0 / 3.0);
        let chart = |axis| CategoryChart::new("t", axis, vec![Category::new("a", values.clone())]);
        let bounds = |axis| chart(axis).bounds().expect("three values");
        assert_eq!(bounds(Axis::logarithmic("", "")).low, 2.0 / 3.0);
        assert_eq!(bounds(Axis::linear("", "")).low, summary.mean - deviation);
    }

    #[test]
    fn whiskers_end_at_the_bounds_of_a_percentage() {
        let axis = Axis::linear("Accuracy", "%")
            .within(0.0, 100.0)
            .expect("bounds");
        let stages = vec![Category::new("a", vec![99.9, 99.0, 100.0, 90.0])];
        let svg = CategoryChart::new("t", axis, stages).to_svg();
        assert!(svg.contains(">100</text>") && !svg.contains(">102</text>"));
        assert!(!svg.contains("Left out"));
        assert_eq!(strokes(&svg), 3 + 2);
    }

    #[test]
    fn prints_the_value_of_each_stage() {
        let axis = Axis::linear("Accuracy", "%");
        let stages = vec![
            Category::new("mock", vec![96.0, 97.0]),
            Category::new("none", vec![f64::NAN]),
        ];
        let svg = CategoryChart::new("t", axis, stages).to_svg();
        assert!(svg.contains("96.50 ± 0.71"));
        assert!(svg.contains(">no data<"));
        assert!(svg.contains("1 value without a place"));
    }
}
