//! The charts.

use super::choice::{Family, IN_ORDER, PACKED, PLACED, RESIDENT, TUNED_NO_SLOWER};
use super::measured::Measured;
use super::network::StudyNetwork;
use super::placement_gain::Pair;
use super::records::{LAYERS_FILE, expected_and_found};
use super::{EXPERIMENT, Results};
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plan_picture::layers_picture;
use crate::plot::{
    ArrayChart, Axis, Category, CategoryChart, Reference, ScatterChart, ScatterSeries,
};
use crate::statistics::mean;

pub(super) fn charts(results: &Results<'_>) -> Result<Vec<NamedChart>, ExperimentError> {
    let records = EXPERIMENT.records_file;
    let mut charts = vec![
        NamedChart::new(
            "mapping-strategies-error-time",
            error_against_time(results, |measured| measured.image_us, "in batches"),
            "One point per strategy, mean over chips; those that come to the same share one. Chip time per image where images are evaluated in \
             batches, so that weights are loaded once for many.",
            records,
        ),
        NamedChart::new(
            "mapping-strategies-error-single",
            error_against_time(results, |measured| measured.single_us, "one by one"),
            "The same against the predicted chip time of one image by itself, for which weights are \
             loaded anew (but where all layers stay on the chip).",
            records,
        ),
        NamedChart::new(
            "mapping-strategies-accuracy",
            test_errors(results)?,
            "Each dot is one chip; all run the same network without retraining.",
            records,
        ),
        NamedChart::new(
            "mapping-strategies-expected",
            expectation(results),
            "Each point is a layer in one strategy on one chip: the error that the profile lets expect, \
             and the error that the chip shows. Strategies without a profile of their timing are left \
             out.",
            LAYERS_FILE,
        ),
        NamedChart::new(
            "mapping-strategies-placement",
            gains(results),
            "Error of strategies that know the chip relative to that of the same chip without that \
             knowledge; below one is better.",
            records,
        ),
    ];
    for (stem, name) in PICTURES {
        if let Some(picture) = picture(results, name)? {
            let caption = format!(
                "How the layers lie on the first chip: {name}. Blocks of a layer share a colour."
            );
            charts.push(NamedChart::new(stem, picture, caption, LAYERS_FILE));
        }
    }
    Ok(charts)
}

/// Plans that are drawn.
const PICTURES: [(&str, &str); 5] = [
    ("mapping-strategies-plan-in-order", IN_ORDER),
    ("mapping-strategies-plan-placed", PLACED),
    ("mapping-strategies-plan-packed", PACKED),
    ("mapping-strategies-plan-shared", RESIDENT),
    ("mapping-strategies-plan-tuned", TUNED_NO_SLOWER),
];

fn picture(results: &Results<'_>, name: &str) -> Result<Option<ArrayChart>, ExperimentError> {
    let Some(place) = results.place(name) else {
        return Ok(None);
    };
    let first = results
        .runs
        .first()
        .and_then(|run| run.strategies[place].as_ref());
    let Some(measured) = first else {
        return Ok(None);
    };
    let layers = measured.layers.iter().enumerate();
    let named: Vec<_> = layers
        .map(|(number, layer)| (StudyNetwork::layer_name(number), &layer.plan))
        .collect();
    let layers: Vec<_> = named
        .iter()
        .map(|(name, plan)| (name.as_str(), *plan))
        .collect();
    Ok(Some(layers_picture(format!("Layers {name}"), &layers)?))
}

/// One point per strategy; lower left is better.
fn error_against_time(
    results: &Results<'_>,
    time_us: fn(&Measured) -> f64,
    how: &str,
) -> ScatterChart {
    let mut marks: Vec<Mark> = Vec::new();
    for (place, choice) in results.choices.iter().enumerate() {
        if results.measured(place).next().is_none() {
            continue;
        }
        let time = mean(&results.values(place, time_us));
        let error = mean(&results.values(place, |m| 100.0 * m.relative_error()));
        // Strategies that come to the same share a mark: the others would be hidden below it.
        let same = marks
            .iter_mut()
            .find(|mark| is_close(mark.at.0, time) && is_close(mark.at.1, error));
        if let Some(mark) = same {
            mark.alike += 1;
        } else {
            marks.push(Mark {
                family: choice.family,
                at: (time, error),
                name: choice.name.clone(),
                alike: 0,
            });
        }
    }
    let series = Family::ALL.into_iter().filter_map(|family| {
        let own = marks.iter().filter(|mark| mark.family == family);
        let points: Vec<(f64, f64)> = own.clone().map(|mark| mark.at).collect();
        let names = own.map(Mark::label).collect();
        let series = ScatterSeries::new(family.name(), points.clone()).with_labels(names);
        (!points.is_empty()).then_some(series)
    });
    let series = series.collect();
    ScatterChart::new(
        format!("Error against chip time, images {how}"),
        Axis::logarithmic("Chip time per image", "µs"),
        Axis::logarithmic("Error relative to the signal", "%"),
        series,
    )
}

/// A point of a chart, for all strategies that come to the same.
struct Mark {
    family: Family,
    at: (f64, f64),
    /// Of the first of them.
    name: String,
    /// How many more there are.
    alike: usize,
}

impl Mark {
    fn label(&self) -> String {
        match self.alike {
            0 => self.name.clone(),
            alike => format!("{} (and {alike} alike)", self.name),
        }
    }
}

/// Whether two numbers cannot be told apart in a chart.
fn is_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 0.005 * one.abs()
}

fn test_errors(results: &Results<'_>) -> Result<CategoryChart, ExperimentError> {
    let mut categories = Vec::new();
    for (place, choice) in results.choices.iter().enumerate() {
        let errors = results.values(place, |measured| 100.0 - measured.accuracy_percent);
        if !errors.is_empty() {
            categories.push(Category::new(&*choice.name, errors));
        }
    }
    let network = &results.network;
    let title = format!("Test error by strategy: {}", results.data.name);
    let axis = Axis::logarithmic("Test error", "%").within(0.0, 100.0)?;
    Ok(CategoryChart::new(title, axis, categories)
        .with_reference(Reference::line(100.0 - network.float_percent, "float"))
        .with_reference(Reference::line(
            100.0 - network.ideal_percent,
            "ideal array",
        ))
        .with_dot_label("one chip")
        .with_decimals(1))
}

fn expectation(results: &Results<'_>) -> ScatterChart {
    let series = expected_and_found(results);
    let series = series.into_iter();
    ScatterChart::new(
        "Expected and measured error of layers",
        Axis::logarithmic("Expected error relative to the signal", "%"),
        Axis::logarithmic("Measured error relative to the signal", "%"),
        series
            .map(|(name, points)| ScatterSeries::new(name, points))
            .collect(),
    )
    .with_diagonal("as expected")
}

fn gains(results: &Results<'_>) -> CategoryChart {
    let gains = Pair::gains(results);
    let categories = gains
        .iter()
        .map(|gain| Category::new(gain.pair.name(), gain.errors.clone()));
    let axis = Axis::logarithmic("Error relative to that without knowledge of the chip", "");
    CategoryChart::new("Knowing the chip", axis, categories.collect())
        .with_reference(Reference::line(1.0, "no gain"))
        .with_dot_label("one chip")
        .with_decimals(3)
}
