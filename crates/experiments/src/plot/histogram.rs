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
use super::{Chart, Drawing, Target};

/// Most bins that are still told apart at the width of a chart.
const MOST_BINS: usize = 120;
/// A logarithmic axis of counts starts at this multiple of one: a single value is seen, and 0.5 is
/// no tick.
const FOOTROOM: f64 = 0.6;
/// A logarithmic axis of counts reaches this multiple of the largest.
const HEADROOM: f64 = 1.2;
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
    /// Whether heights are drawn on a logarithmic axis.
    pub logarithmic_counts: bool,
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
            logarithmic_counts: false,
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

    /// Draws heights on a logarithmic axis: for a narrow distribution beside a wide one, which a
    /// linear axis would press flat.
    #[must_use]
    pub fn with_logarithmic_counts(mut self) -> Self {
        self.logarithmic_counts = true;
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

    /// The axis of the heights; a logarithmic one starts below the smallest height there can be.
    fn y_axis(&self, heights: &[Vec<f64>]) -> Axis {
        if !self.logarithmic_counts {
            return match self.quantity {
                Quantity::Count => Axis::linear("Count", "").whole_numbers(),
                Quantity::Share => Axis::linear("Share of values", "%"),
            };
        }
        let heights = heights.iter().flatten().copied();
        let heights = heights.filter(|height| *height > 0.0);
        let tallest = heights.clone().fold(0.0, f64::max);
        let (axis, smallest, most) = match self.quantity {
            Quantity::Count => {
                let axis = Axis::logarithmic("Count, logarithmic", "").whole_numbers();
                (axis, 1.0, f64::INFINITY)
            }
            Quantity::Share => {
                let axis = Axis::logarithmic("Share of values, logarithmic", "%");
                (axis, heights.fold(100.0, f64::min), 100.0)
            }
        };
        let high = (tallest * HEADROOM).max(10.0 * smallest).min(most);
        axis.spanning(smallest * FOOTROOM, high)
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

    fn draw(&self, target: Target) -> Drawing {
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
            y_axis: &self.y_axis(&heights),
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
        let count = (last - first).max(1) as usize;
        let (least, most) = axis.limits();
        let ends = [step.multiple(first), step.multiple(last)];
        if ends[0] < least || ends[1] > most {
            let [first, last] = ends.map(|end| end.clamp(least, most));
            return Self {
                first,
                width: (last - first) / count as f64,
                count,
            };
        }
        Self {
            first: ends[0],
            width: step.size(),
            count,
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
    let mut group = style.group();
    let bins: Vec<(usize, f64)> = heights.iter().copied().enumerate().collect();
    // from the axis up and back down to it; empty bins draw nothing
    for run in bins.split(|(_, height)| *height <= 0.0) {
        let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else {
            continue;
        };
        let mut corners = vec![plane.place(edges.at(*first), 0.0)];
        for (bin, height) in run {
            corners.push(plane.place(edges.at(*bin), *height));
            corners.push(plane.place(edges.at(bin + 1), *height));
        }
        corners.push(plane.place(edges.at(last + 1), 0.0));
        group.push(&Element::path(&Path::polygon(corners.iter().copied())).class("area"));
        group.push(&style.stroke(&Path::polyline(corners)));
    }
    group
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

    /// A wide distribution, and a thousand times the same value with one far away.
    fn wide_and_narrow() -> Vec<Distribution> {
        let wide = (0..200).map(|index| f64::from(index) / 2.0 - 50.0);
        let mut narrow = vec![0.0; 1000];
        narrow.push(30.0);
        vec![
            Distribution::new("before", wide.collect()),
            Distribution::new("after", narrow),
        ]
    }

    #[test]
    fn logarithmic_counts_have_powers_of_ten_as_ticks() {
        let chart = Histogram::new("t", Axis::linear("a", ""), wide_and_narrow());
        let svg = chart.clone().with_logarithmic_counts().to_svg();
        for label in ["1", "10", "100", "1000"] {
            assert!(svg.contains(&format!(">{label}</text>")), "{label}");
        }
        for label in ["0.5", "0.1", "500", "10\u{202f}000"] {
            assert!(!svg.contains(&format!(">{label}</text>")), "{label}");
        }
        assert!(svg.contains(">Count, logarithmic</text>"));
        assert!(chart.to_svg().contains(">Count</text>"));
    }

    #[test]
    fn outlines_start_at_the_axis_and_leave_out_empty_bins() {
        let chart = Histogram::new("t", Axis::linear("a", ""), wide_and_narrow());
        for chart in [chart.clone(), chart.with_logarithmic_counts()] {
            let svg = chart.with_bins(Bins::About(20)).to_svg();
            let plot = svg.split("viewBox").nth(2).expect("the clipped outlines");
            let outlines: Vec<&str> = plot
                .split("<path d=\"M")
                .skip(1)
                .map(|rest| rest.split('"').next().expect("a closing quote"))
                .collect();
            // before in one run, after in two, each as area and stroke
            assert_eq!(outlines.len(), 2 * 3, "{outlines:?}");
            let axis = svg.split("<g class=\"bottom\"><line ").nth(1);
            let axis = axis.and_then(|rest| rest.split("y1=\"").nth(1));
            let axis = axis
                .and_then(|rest| rest.split('"').next())
                .expect("an axis");
            for outline in outlines {
                let points: Vec<&str> = outline.trim_end_matches('Z').split('L').collect();
                for end in [points[0], points[points.len() - 1]] {
                    assert_eq!(end.split(' ').nth(1), Some(axis), "{outline}");
                }
                let inner = &points[1..points.len() - 1];
                assert!(
                    inner
                        .iter()
                        .all(|point| point.split(' ').nth(1) != Some(axis))
                );
            }
        }
    }

    #[test]
    fn logarithmic_axes_of_any_height_can_be_drawn() {
        for count in [0, 1, 3, 17, 100_000] {
            for quantity in [Quantity::Count, Quantity::Share] {
                let values = vec![vec![1.0; count], vec![2.0; count.min(5)]];
                let values = values
                    .into_iter()
                    .map(|values| Distribution::new("d", values));
                let chart = Histogram::new("t", Axis::linear("a", ""), values.collect());
                let chart = chart.with_quantity(quantity).with_logarithmic_counts();
                let svg = chart.to_svg();
                assert_eq!(count == 0, svg.contains("No data"), "{count}");
                assert!(!svg.contains("NaN"), "{count}");
            }
        }
    }

    #[test]
    fn bins_keep_within_the_bounds_of_the_axis() {
        let axis = Axis::linear("a", "%").within(0.5, 99.5).expect("bounds");
        let values = vec![0.6, 50.0, 99.4];
        let chart = Histogram::new("t", axis, Vec::new());
        let edges = chart.edges(&[values]).expect("there are values");
        assert_eq!(edges.at(0), 0.5);
        assert!((edges.at(edges.count) - 99.5).abs() < 1e-9);
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
