//! The numbers behind the figures.

use std::collections::BTreeMap;

use super::chip_run::ChipRun;
use super::drivers::MIDDLE;
use super::validity::{Comparison, Order};
use crate::SummaryEntry;
use crate::plot::fixed;
use crate::published::SWING_DEVIATIONS;

/// Takes a number from a chip's measurements, where it is there.
type Value = Box<dyn Fn(&ChipRun) -> Option<f64>>;

/// A number that each chip has.
pub(super) struct Figure {
    /// The part of the circuit.
    pub(super) stage: &'static str,
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) decimals: usize,
    pub(super) published: Option<f64>,
    pub(super) value: Value,
}

impl Figure {
    fn new(
        stage: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        decimals: usize,
        value: impl Fn(&ChipRun) -> Option<f64> + 'static,
    ) -> Self {
        Self {
            stage,
            name: name.into(),
            unit,
            decimals,
            published: None,
            value: Box::new(value),
        }
    }
}

/// All numbers, in the order of the circuit.
pub(super) fn figures() -> Vec<Figure> {
    let mut figures = vec![
        Figure::new(
            "trace",
            "rise of the membrane until the readout",
            "LSB",
            1,
            |run| Some(run.trace.rise_lsb()),
        ),
        Figure::new("trace", "result of the CADC", "LSB", 1, |run| {
            Some(run.trace.result_lsb)
        }),
        Figure::new(
            "drivers",
            format!("spread at activation {MIDDLE}, fresh"),
            "activation units",
            2,
            |run| Some(run.drivers.spread(&run.drivers.fresh)),
        ),
        Figure::new(
            "drivers",
            format!("spread at activation {MIDDLE}, trimmed"),
            "activation units",
            2,
            |run| Some(run.drivers.spread(&run.drivers.trimmed)),
        ),
    ];
    figures.extend([1, 2, 4, MIDDLE].map(|activation| {
        let name = format!("amplitude at activation {activation}, trimmed");
        Figure::new("drivers", name, "% of ideal", 0, move |run| {
            Some(100.0 * run.drivers.share_of_ideal(activation))
        })
    }));
    figures.extend(SWING_DEVIATIONS.map(|(predicted, published)| {
        let name = format!("deviation at a predicted {}", fixed(predicted, 0));
        let value = move |run: &ChipRun| run.swing.deviation_at(predicted);
        Figure {
            published: Some(published),
            ..Figure::new("swing", name, "LSB", 1, value)
        }
    }));
    for wait in [1, 2, 5] {
        for (model, lost) in MODELS {
            let name = format!("lost at full weight and wait {wait}, {model}");
            figures.push(Figure::new("OTA", name, "%", 1, move |run| {
                let points = run.line.iter().filter(|point| point.wait == wait);
                points.max_by_key(|point| point.weight).map(lost)
            }));
        }
    }
    for order in Order::ALL {
        let name = |what: &str| format!("{what}, {}", order.name());
        figures.extend([
            Figure::new("models", name(WITHIN), "% of outputs", 2, move |run| {
                share_percent(&run.validity, order, |comparison| comparison.close)
            }),
            Figure::new("models", name(BEYOND), "% of outputs", 2, move |run| {
                share_percent(&run.validity, order, |comparison| comparison.far)
            }),
            Figure::new("models", name(DOUBTFUL), "% of outputs", 2, move |run| {
                doubtful_percent(&run.validity, order)
            }),
            Figure::new("models", name(LARGEST), "LSB", 0, move |run| {
                largest_difference(&run.validity, order, false)
            }),
            Figure::new("models", name(LARGEST_DOUBTFUL), "LSB", 0, move |run| {
                largest_difference(&run.validity, order, true)
            }),
        ]);
    }
    figures
}

/// Beginnings of the names of what the models are compared by. Distances are over vectors of which
/// the lumped model doubts no output, unless named otherwise.
pub(super) const DOUBTFUL: &str = "reported as doubtful";
pub(super) const WITHIN: &str = "vectors without doubt: within 1 LSB of each other";
pub(super) const BEYOND: &str = "vectors without doubt: more than 3 LSB apart";
const LARGEST: &str = "vectors without doubt: largest difference";
const LARGEST_DOUBTFUL: &str = "vectors with doubtful outputs: largest difference";

type Lost = fn(&super::line_saturation::LinePoint) -> f64;
const MODELS: [(&str, Lost); 2] = [
    ("transient", |point| point.transient_percent),
    ("lumped", |point| point.lumped_percent),
];

/// Vectors of one order of signs, in which the lumped model doubts some outputs or none.
pub(super) fn of_kind(
    comparisons: &[Comparison],
    order: Order,
    doubtful: bool,
) -> impl Iterator<Item = &Comparison> {
    let of_order = comparisons.iter().filter(move |c| c.order == order);
    of_order.filter(move |c| (c.doubtful > 0) == doubtful && c.compared > 0)
}

fn largest_difference(comparisons: &[Comparison], order: Order, doubtful: bool) -> Option<f64> {
    let differences = of_kind(comparisons, order, doubtful).map(|c| c.largest_lsb);
    differences.reduce(f64::max)
}

/// Share of all outputs that the lumped model reports as doubtful, in %.
fn doubtful_percent(comparisons: &[Comparison], order: Order) -> Option<f64> {
    let of_order = comparisons.iter().filter(|c| c.order == order);
    let (doubtful, outputs) = of_order.fold((0, 0), |(doubtful, outputs), comparison| {
        (doubtful + comparison.doubtful, outputs + comparison.outputs)
    });
    (outputs > 0).then(|| 100.0 * doubtful as f64 / outputs as f64)
}

/// Share of the outputs of vectors without doubt, in %.
fn share_percent(
    comparisons: &[Comparison],
    order: Order,
    count: fn(&Comparison) -> usize,
) -> Option<f64> {
    let valid = of_kind(comparisons, order, false);
    let (counted, compared) = valid.fold((0, 0), |(counted, compared), comparison| {
        (counted + count(comparison), compared + comparison.compared)
    });
    (compared > 0).then(|| 100.0 * counted as f64 / compared as f64)
}

/// A number of all chips that have it.
pub(super) fn over_chips(runs: &[ChipRun], figure: &Figure) -> Vec<f64> {
    runs.iter().filter_map(|run| (figure.value)(run)).collect()
}

pub(super) fn summary(runs: &[ChipRun]) -> BTreeMap<String, SummaryEntry> {
    figures()
        .into_iter()
        .filter_map(|figure| {
            let entry = SummaryEntry::of(&over_chips(runs, &figure), figure.unit)?;
            Some((format!("{}/{}", figure.stage, figure.name), entry))
        })
        .collect()
}
