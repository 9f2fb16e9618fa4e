//! The page about a training.

use super::tables::{CLASSES_SHOWN, classes, few_lsb, layers, overview, per_sample};
use super::{Results, TrainJob};
use crate::configuration::to_toml;
use crate::plot::{Axis, HeatMap, LineChart, LinePoint, LineSeries};
use crate::report::{Details, Figure, KeyNumber, Page, Section};
use crate::{DataDescription, ExperimentError};

pub(super) fn of(
    job: &TrainJob,
    results: &Results,
    data: &DataDescription,
) -> Result<Page, ExperimentError> {
    let page = Page::new(
        format!("{} on chip {}", job.way.name(), job.chip.seed),
        format!(
            "A network for {}, trained for one simulated BrainScaleS-2 chip, {}.",
            data.name,
            if job.calibration.is_some() {
                "calibrated"
            } else {
                "as it was made"
            },
        ),
    );
    Ok(page
        .with_section(accuracy(job, results)?)?
        .with_section(training(results)?)?
        .with_section(deployment(results)?)?
        .with_fact("bss2", env!("CARGO_PKG_VERSION"))
        .with_fact("Seed", job.seed.to_string()))
}

fn accuracy(job: &TrainJob, results: &Results) -> Result<Section, ExperimentError> {
    let (time_us, energy_uj) = per_sample(&results.cost, results.on_chip.samples());
    let number = |label: &str, value: f64, decimals, unit: &str| {
        KeyNumber::new(label, value)
            .with_decimals(decimals)
            .with_unit(unit)
    };
    let mut section = Section::new("accuracy", "Accuracy")
        .with_finding(job.totals(results))
        .with_key_number(number(
            "on the chip",
            100.0 * results.on_chip.accuracy(),
            2,
            "%",
        ));
    if let Some(digital) = &results.digital {
        let percent = 100.0 * digital.accuracy();
        section = section.with_key_number(number("digitally", percent, 2, "%"));
    }
    section = section
        .with_key_number(number("chip time per sample", time_us, 1, "µs"))
        .with_key_number(number("energy per sample", energy_uj, 1, "µJ"))
        .with_table(classes(&results.on_chip)?);
    if results.on_chip.confusion().nrows() > CLASSES_SHOWN {
        return Ok(section.with_method(
            "There are too many classes for a picture of what is taken for what: confusion.csv has all.",
        ));
    }
    Ok(
        section
            .with_figure(Figure::new(&confusion(results)?, CONFUSION).with_data("confusion.csv")),
    )
}

const CONFUSION: &str = "Share of each class's test samples that the network on the chip takes for \
                         each class. In the table, recall is the share of a class that was recognised, \
                         precision that of right ones among what was taken for it.";

fn confusion(results: &Results) -> Result<HeatMap, ExperimentError> {
    let counts = results.on_chip.confusion();
    let classes = counts.nrows();
    let shares = counts
        .indexed_iter()
        .map(|((class, _), &count)| 100.0 * count as f64 / counts.row(class).sum().max(1) as f64);
    let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    let axis = Axis::linear("Share", "%").within(0.0, 100.0)?;
    let shape = (classes, classes);
    Ok(
        HeatMap::new("Confusion on the chip", axis, shape, shares.collect())?
            .with_captions("Class", "Taken for")
            .with_row_names(names.clone())?
            .with_column_names(names)?,
    )
}

fn training(results: &Results) -> Result<Section, ExperimentError> {
    let chart = learning(results)?;
    Ok(Section::new("training", "Training")
        .with_figure(
            Figure::new(
                &chart,
                "Share of the samples that were classified correctly in each epoch, while the network \
                 changed, and of the validation samples after it, if there are any.",
            )
            .with_data("learning.csv"),
        )
        .with_table(overview(results)?)
        .with_details(Details::new("The recipe", to_toml(&results.recipe)?.to_string())))
}

/// Accuracy over all epochs, one line per stage.
fn learning(results: &Results) -> Result<LineChart, ExperimentError> {
    let mut series = Vec::new();
    let mut before = 0;
    for (number, stage) in results.stages.iter().enumerate() {
        let x = |epoch: usize| before as f64 + epoch as f64 + 1.0;
        let training = stage.curve.iter();
        let points = training.map(|e| LinePoint::new(x(e.epoch), 100.0 * e.accuracy));
        let name = format!("{}: {}, training", number + 1, stage.ground);
        series.push(LineSeries::new(name, points.collect()));
        let validated = stage
            .curve
            .iter()
            .filter_map(|e| Some((e.epoch, e.validation?)));
        let points: Vec<LinePoint> = validated
            .map(|(epoch, share)| LinePoint::new(x(epoch), 100.0 * share))
            .collect();
        if !points.is_empty() {
            let name = format!("{}: {}, validation", number + 1, stage.ground);
            series.push(LineSeries::new(name, points));
        }
        before += stage.curve.len();
    }
    Ok(LineChart::new(
        "Learning",
        Axis::linear("Epoch", "").whole_numbers(),
        Axis::linear("Accuracy", "%").within(0.0, 100.0)?,
        series,
    ))
}

const LAYERS: &str =
    "Layers in the array's range, as they were brought there before training on it";

fn deployment(results: &Results) -> Result<Section, ExperimentError> {
    let warnings = few_lsb(&results.layers);
    let section = Section::new("deployment", "On the array");
    let section = if warnings.is_empty() {
        section
    } else {
        section.with_finding(format!("Weak signals: {}.", warnings.join("; ")))
    };
    Ok(section
        .with_method(format!(
            "Weights and outputs are scaled to the array's range, for a gain of {:.3}·10⁻³ LSB per \
             activation and weight unit that was measured on the chip. Below, from before any training \
             on an array, which changes weights but not scales: weight units per unit of the digital \
             network's weights, the share of them beyond ±63, the magnitude of the outputs at the \
             quantile that must fit, and the right shift before the next layer.",
            1e3 * results.gain_lsb
        ))
        .with_table(layers(LAYERS, &results.layers)?))
}
