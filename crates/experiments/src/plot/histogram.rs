//! Several distributions over shared bins, as outlines that stay readable where they overlap.

use super::axis::{Axis, Bounds};
use super::legend::{self, Legend};
use super::omissions::Omissions;
use super::palette::SeriesStyle;
use super::plane::{Plane, PlaneSpec};
use super::reference::Reference;
use super::scale::Step;
use super::sheet::Sheet;
use super::summary::Summary;
use super::svg::{Element, Path};
use super::{Chart, Target};

/// Most bins that are still told apart at the width of a chart.
const MOST_BINS: usize = 120;
/// Fewest and most bins that are chosen automatically.
const AUTOMATIC_BINS: std::ops::RangeInclusive<usize> = 8..=48;

/// A named set of values.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// The name in the legend.
    pub name: String,
    /// The values.
    pub values: Vec<f64>,
}

impl Distribution {
    /// A distribution called `name`.
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            values,
        }
    }
}

/// How many bins the distributions share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bins {
    /// As many as the spread and number of values suggest (Freedman and Diaconis's rule).
    #[default]
    Automatic,
    /// About this many, limited to 1 to 120; their width is a nice number.
    About(usize),
}

/// What the height of a bin means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quantity {
    /// The number of values.
    #[default]
    Count,
    /// The percentage of the distribution's shown values: for distributions of different size.
    Share,
}

/// A chart of several distributions over shared bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The title.
    pub title: String,
    /// The axis of the values; it is linear in any case, as bins of equal width need.
    pub axis: Axis,
    /// The distributions, in the order of the legend.
    pub distributions: Vec<Distribution>,
    /// How many bins there are: chosen automatically unless set.
    pub bins: Bins,
    /// What the height of a bin means: a count unless set.
    pub quantity: Quantity,
    /// Values to compare with.
    pub references: Vec<Reference>,
}

impl Histogram {
    /// A chart of `distributions` along `axis`.
    pub fn new(title: impl Into<String>, axis: Axis, distributions: Vec<Distribution>) -> Self {
        Self {
            title: title.into(),
            axis: axis.into_linear(),
            distributions,
            bins: Bins::default(),
            quantity: Quantity::default(),
            references: Vec::new(),
        }
    }

    /// Sets the number of bins.
    #[must_use]
    pub fn with_bins(mut self, bins: Bins) -> Self {
        self.bins = bins;
        self
    }

    /// Sets what the height of a bin means.
    #[must_use]
    pub fn with_quantity(mut self, quantity: Quantity) -> Self {
        self.quantity = quantity;
        self
    }

    /// Adds a reference line or band.
    #[must_use]
    pub fn with_reference(mut self, reference: Reference) -> Self {
        self.references.push(reference);
        self
    }

    fn summary_text(distribution: &Distribution) -> String {
        let text = Summary::of(&distribution.values)
            .map_or_else(|| "no data".to_owned(), |summary| summary.text());
        format!("{}: {text}", distribution.name)
    }

    fn description(&self) -> String {
        let summaries: Vec<String> = self
            .distributions
            .iter()
            .map(|distribution| {
                format!(
                    "{} (n = {})",
                    Self::summary_text(distribution),
                    distribution.values.len()
                )
            })
            .collect();
        format!(
            "Histogram of {}, mean ± standard deviation. {}.",
            self.axis.caption(),
            summaries.join("; ")
        )
    }

    fn draw_legend(&self, sheet: &mut Sheet) {
        let mut legend = Legend::default();
        for (index, distribution) in self.distributions.iter().enumerate() {
            legend.add(
                legend::outline(SeriesStyle::new(index)),
                &Self::summary_text(distribution),
            );
        }
        legend.draw(sheet);
    }

    fn edges(&self, shown: &[Vec<f64>]) -> Option<Edges> {
        let pooled: Vec<f64> = shown.concat();
        let bounds = Bounds::of(&self.axis, pooled.iter().copied())?;
        let span = bounds.high - bounds.low;
        let count = match self.bins {
            Bins::About(count) => count.clamp(1, MOST_BINS),
            Bins::Automatic => automatic_count(pooled, span),
        };
        Some(Edges::over(&self.axis, bounds, count))
    }

    fn y_axis(&self) -> Axis {
        match self.quantity {
            Quantity::Count => Axis::linear("Count", "").whole_numbers(),
            Quantity::Share => Axis::linear("Share of values", "%"),
        }
    }

    fn heights(&self, edges: &Edges, values: &[f64]) -> Vec<f64> {
        let mut counts = vec![0.0; edges.count];
        for value in values {
            counts[edges.bin_of(*value)] += 1.0;
        }
        if self.quantity == Quantity::Share {
            let total = values.len().max(1) as f64;
            for count in &mut counts {
                *count *= 100.0 / total;
            }
        }
        counts
    }
}

impl Chart for Histogram {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> String {
        let mut sheet = Sheet::new(target, &self.title);
        let mut omissions = Omissions::default();
        let shown: Vec<Vec<f64>> = self
            .distributions
            .iter()
            .map(|distribution| {
                let admits = |value: &f64| omissions.admits(&[(&self.axis, *value)]);
                distribution.values.iter().copied().filter(admits).collect()
            })
            .collect();
        let Some(edges) = self.edges(&shown) else {
            sheet.no_data();
            return sheet.finish(&self.description(), &omissions.notes());
        };
        self.draw_legend(&mut sheet);

        let heights: Vec<Vec<f64>> = shown
            .iter()
            .map(|values| self.heights(&edges, values))
            .collect();
        let tallest = heights.iter().flatten().copied().fold(0.0, f64::max);
        let references = self.references.iter().flat_map(Reference::ends);
        let x_bounds = Bounds::of(
            &self.axis,
            references.chain([edges.at(0), edges.at(edges.count)]),
        );
        let plane = PlaneSpec {
            x_axis: &self.axis,
            y_axis: &self.y_axis(),
            x_bounds: x_bounds.unwrap_or(Bounds {
                low: edges.at(0),
                high: edges.at(edges.count),
            }),
            y_bounds: Bounds {
                low: 0.0,
                high: tallest,
            },
            x_references: &self.references,
            y_references: &[],
            x_grid: false,
        }
        .lay_out(&mut sheet);

        let outlines = heights
            .iter()
            .enumerate()
            .map(|(index, heights)| outline(&plane, &edges, heights, index));
        let outlines: Vec<Element> = outlines.collect();
        sheet.draw(plane.frame.clip().children(&outlines));
        let mut notes = vec!["Legend: mean ± standard deviation.".to_owned()];
        notes.extend(omissions.notes());
        sheet.finish(&self.description(), &notes)
    }
}

/// Freedman and Diaconis's number of bins: width 2 × interquartile range / n^(1/3).
fn automatic_count(mut values: Vec<f64>, span: f64) -> usize {
    values.sort_by(f64::total_cmp);
    let quartile = |quarter: usize| values[(values.len() - 1) * quarter / 4];
    let width = 2.0 * (quartile(3) - quartile(1)) / (values.len() as f64).cbrt();
    let count = if width > 0.0 {
        (span / width).ceil() as usize
    } else {
        *AUTOMATIC_BINS.start()
    };
    count.clamp(*AUTOMATIC_BINS.start(), *AUTOMATIC_BINS.end())
}

/// Edges of the bins: `count + 1` of them, equally spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edges {
    first: f64,
    width: f64,
    count: usize,
}

impl Edges {
    /// About `count` bins of a nice width over the fixed range of the axis or else the bounds.
    fn over(axis: &Axis, bounds: Bounds, count: usize) -> Self {
        if let Some((low, high)) = axis.range() {
            return Self {
                first: low,
                width: (high - low) / count as f64,
                count,
            };
        }
        let (low, high) = super::scale::widened(bounds);
        let step = Step::nice(high - low, count);
        let (first, last) = (step.index_below(low), step.index_above(high));
        Self {
            first: step.multiple(first),
            width: step.size(),
            count: (last - first).max(1) as usize,
        }
    }

    fn at(&self, index: usize) -> f64 {
        self.first + self.width * index as f64
    }

    fn bin_of(&self, value: f64) -> usize {
        (((value - self.first) / self.width).max(0.0) as usize).min(self.count - 1)
    }
}

fn outline(plane: &Plane, edges: &Edges, heights: &[f64], index: usize) -> Element {
    let style = SeriesStyle::new(index);
    let filled = |height: &f64| *height > 0.0;
    let (Some(first), Some(last)) = (
        heights.iter().position(filled),
        heights.iter().rposition(filled),
    ) else {
        return style.group();
    };
    let mut corners = vec![plane.place(edges.at(first), 0.0)];
    for (bin, height) in heights.iter().enumerate().take(last + 1).skip(first) {
        corners.push(plane.place(edges.at(bin), *height));
        corners.push(plane.place(edges.at(bin + 1), *height));
    }
    corners.push(plane.place(edges.at(last + 1), 0.0));
    let area = Element::path(&Path::polygon(corners.iter().copied())).class("area");
    style
        .group()
        .child(&area)
        .child(&style.stroke(&Path::polyline(corners)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_one_bin() {
        let values: Vec<f64> = (0..500)
            .map(|index| f64::from(index * 37 % 101) / 7.0)
            .collect();
        for bins in [
            Bins::Automatic,
            Bins::About(1),
            Bins::About(10),
            Bins::About(0),
            Bins::About(100_000),
        ] {
            let chart = Histogram::new(
                "t",
                Axis::linear("a", ""),
                vec![Distribution::new("d", values.clone())],
            );
            let chart = chart.with_bins(bins);
            let edges = chart
                .edges(std::slice::from_ref(&values))
                .expect("there are values");
            assert!(edges.count <= MOST_BINS + 2, "{edges:?}");
            assert_eq!(chart.heights(&edges, &values).iter().sum::<f64>(), 500.0);
            assert!(edges.at(0) <= 0.0 && edges.at(edges.count) >= 100.0 / 7.0 - 1e-9);
        }
    }

    #[test]
    fn shares_sum_to_a_hundred() {
        let values = vec![1.0, 2.0, 2.5, 7.0];
        let chart =
            Histogram::new("t", Axis::linear("a", ""), Vec::new()).with_quantity(Quantity::Share);
        let edges = chart
            .edges(std::slice::from_ref(&values))
            .expect("there are values");
        assert!((chart.heights(&edges, &values).iter().sum::<f64>() - 100.0).abs() < 1e-9);
    }
}
