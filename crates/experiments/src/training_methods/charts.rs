//! The charts.

use bss2_training::Method;

use super::comparison::Difference;
use super::gradient_models::GradientModels;
use super::measured::Measured;
use super::way::{Way, gradients_name};
use super::{CaseResults, ChipState, EXPERIMENT, Results};
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plot::{
    Axis, Category, CategoryChart, Chart, ErrorStyle, LineChart, LinePoint, LineSeries, Panels,
    Reference, ScatterChart, ScatterSeries,
};
use crate::statistics::mean;

/// Charts of a case with all methods: their file stems, in the order of such cases. Chip time is that
/// on uncalibrated and on calibrated chips.
const STEMS: [Stems; 2] = [
    Stems {
        accuracy: "training-methods-usual",
        time: [
            "training-methods-usual-time-uncalibrated",
            "training-methods-usual-time-calibrated",
        ],
        learning: "training-methods-usual-learning",
    },
    Stems {
        accuracy: "training-methods-hard",
        time: [
            "training-methods-hard-time-uncalibrated",
            "training-methods-hard-time-calibrated",
        ],
        learning: "training-methods-hard-learning",
    },
];

struct Stems {
    accuracy: &'static str,
    time: [&'static str; ChipState::ALL.len()],
    learning: &'static str,
}

pub(super) fn charts(results: &Results<'_>) -> Result<Vec<NamedChart>, ExperimentError> {
    let records = EXPERIMENT.records_file;
    let mut charts = Vec::new();
    let with_all = results.cases.iter().filter(|case| case.has_all_methods());
    for (case, stems) in with_all.zip(STEMS) {
        charts.push(NamedChart::new(
            stems.accuracy,
            test_errors(case)?,
            "Each dot is one chip, on which all methods train the same network.",
            records,
        ));
        for (state, stem) in ChipState::ALL.into_iter().zip(stems.time) {
            charts.push(NamedChart::new(
                stem,
                against_chip_time(case, state)?,
                "One point per method, mean over chips: lower left is better. Measurements of the chip \
                 count, its calibration does not.",
                records,
            ));
        }
        charts.push(NamedChart::new(
            stems.learning,
            learning_curves(case)?,
            "Accuracy on the training samples while the network changes, on whatever it is trained on \
             after digital training: mean and standard deviation over calibrated chips.",
            records,
        ));
    }
    charts.push(NamedChart::new(
        "training-methods-gradients",
        gradient_models(results),
        "What other models of the chip's derivative have over the linear gain on the same chip.",
        records,
    ));
    Ok(charts)
}

impl CaseResults<'_> {
    pub(super) fn has_all_methods(&self) -> bool {
        self.case.methods.len() == Method::ALL.len()
    }
}

fn test_errors(results: &CaseResults<'_>) -> Result<Panels, ExperimentError> {
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    let float: Vec<f64> = results.runs.iter().map(|run| run.float_percent).collect();
    let ideal: Vec<f64> = results.runs.iter().map(|run| run.ideal_percent).collect();
    for &state in &results.case.states {
        let methods = results.case.methods.iter();
        let categories = methods.map(|&method| {
            let accuracies = results.accuracies(Way::of(state, method));
            let errors = accuracies.iter().map(|percent| 100.0 - percent);
            Category::new(method.name(), errors.collect())
        });
        let title = format!("{} chips", state.name());
        let axis = Axis::logarithmic("Test error", "%").within(0.0, 100.0)?;
        let chart = CategoryChart::new(title, axis, categories.collect())
            .with_reference(Reference::line(100.0 - mean(&float), "digital"))
            .with_reference(Reference::line(100.0 - mean(&ideal), "ideal array"))
            .with_dot_label("one chip")
            .with_decimals(1);
        panels.push(Box::new(chart));
    }
    let title = format!("{}: test error by method", results.case.name);
    Ok(Panels::new(title, panels))
}

fn against_chip_time(
    results: &CaseResults<'_>,
    state: ChipState,
) -> Result<ScatterChart, ExperimentError> {
    let of = |method, of: fn(&Measured) -> f64| mean(&results.values(Way::of(state, method), of));
    let methods = &results.case.methods;
    let points = methods.iter().map(|&method| {
        let error = 100.0 - of(method, |m| m.accuracy_percent);
        (of(method, |m| m.training_s), error)
    });
    let names = methods.iter().map(|method| method.name().to_owned());
    let series = ScatterSeries::new("method", points.collect()).with_labels(names.collect());
    Ok(ScatterChart::new(
        format!(
            "{}, {} chips: test error against chip time",
            results.case.name,
            state.name()
        ),
        Axis::logarithmic("Chip time of training", "s"),
        Axis::logarithmic("Test error", "%").within(0.0, 100.0)?,
        vec![series],
    ))
}

/// Methods whose learning is drawn: one of each ground.
const DRAWN: [Method; 6] = [
    Method::QuantisationAware,
    Method::Mock,
    Method::Twin,
    Method::InTheLoop,
    Method::InTheLoopFromScratch,
    Method::Best,
];

fn learning_curves(results: &CaseResults<'_>) -> Result<LineChart, ExperimentError> {
    let series = DRAWN.into_iter().map(|method| {
        let curves = results.runs.iter().filter_map(|run| {
            let measured = run.of(Way::of(ChipState::Calibrated, method))?;
            Some(&measured.learning)
        });
        let curves: Vec<&Vec<f64>> = curves.collect();
        let epochs = 0..curves.iter().map(|curve| curve.len()).max().unwrap_or(0);
        let points = epochs.filter_map(|epoch| {
            let at: Vec<f64> = curves
                .iter()
                .filter_map(|c| c.get(epoch).copied())
                .collect();
            LinePoint::over((epoch + 1) as f64, &at)
        });
        LineSeries::new(method.name(), points.collect())
    });
    Ok(LineChart::new(
        format!("{}: learning on arrays", results.case.name),
        Axis::linear("Epoch on an array", "").whole_numbers(),
        Axis::linear("Training accuracy", "%").within(0.0, 100.0)?,
        series.collect(),
    )
    .with_error_style(ErrorStyle::Band))
}

fn gradient_models(results: &Results<'_>) -> Panels {
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for models in results.cases.iter().flat_map(GradientModels::of) {
        let (_, linear) = models.ways()[0];
        let others = models.ways().into_iter().skip(1);
        let categories = others.map(|(gradients, way)| {
            let difference = models.case.difference(way, linear);
            let points = difference.map_or_else(Vec::new, |Difference { points }| points);
            Category::new(gradients_name(gradients), points)
        });
        let axis = Axis::linear("Accuracy gained over a linear gain", "points");
        let chart = CategoryChart::new(models.name(), axis, categories.collect())
            .with_reference(Reference::line(0.0, "linear gain"))
            .with_dot_label("one chip")
            .with_decimals(1);
        panels.push(Box::new(chart));
    }
    Panels::new("Models of the chip's derivative in the loop", panels)
}
