//! Results as tables for people.

use bss2_core::CostModel;
use bss2_training::{DeployedLayer, Evaluation};

use super::Results;
use crate::ExperimentError;
use crate::report::{Cell, Column, Table};
use crate::workbench::cost::chip_time_ms;

/// What was done, stage by stage, and what came out.
pub(super) fn overview(results: &Results) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        "Stages of the training",
        vec![
            Column::text("Stage"),
            Column::number("Epochs"),
            Column::number("Training accuracy (%)"),
            Column::number("Validation (%)"),
            Column::number("Samples in the loop"),
            Column::number("Chip time (s)"),
        ],
    );
    for stage in &results.stages {
        let last = stage.curve.last();
        let percent = |share: Option<f64>| {
            share.map_or_else(|| Cell::text("–"), |share| Cell::number(100.0 * share, 2))
        };
        let best = stage.best_epoch.and_then(|best| stage.curve.get(best));
        table.push_row(vec![
            Cell::text(stage.ground.as_str()),
            Cell::number(stage.curve.len() as f64, 0),
            percent(last.map(|epoch| epoch.accuracy)),
            percent(best.and_then(|epoch| epoch.validation)),
            Cell::number(stage.samples_in_the_loop as f64, 0),
            Cell::number(1e-3 * chip_time_ms(&stage.cost), 3),
        ])?;
    }
    Ok(table)
}

/// How the layers lie in the range of the array: weight units per digital unit, weights beyond ±63,
/// magnitude of the outputs at the quantile that must fit, right shift before the next layer.
pub(in crate::workbench) fn layers(
    caption: &str,
    layers: &[(String, DeployedLayer)],
) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        caption,
        vec![
            Column::text("Layer"),
            Column::number("Weight scale"),
            Column::number("Weights clipped (%)"),
            Column::number("Outputs (LSB)"),
            Column::number("Shift (bits)"),
        ],
    );
    for (name, layer) in layers {
        table.push_row(vec![
            Cell::text(name.as_str()),
            Cell::number(f64::from(layer.weight_scale), 2),
            Cell::number(100.0 * layer.clipped_weights, 3),
            Cell::number(f64::from(layer.output_lsb), 0),
            layer.shift.map_or_else(
                || Cell::text("–"),
                |shift| Cell::number(f64::from(shift), 0),
            ),
        ])?;
    }
    Ok(table)
}

/// A line for each layer whose outputs use so little of their range that noise and rounding drown them.
pub(in crate::workbench) fn few_lsb(layers: &[(String, DeployedLayer)]) -> Vec<String> {
    const ENOUGH_LSB: f32 = 16.0;
    let few = layers
        .iter()
        .filter(|(_, layer)| layer.output_lsb < ENOUGH_LSB);
    let line = |(name, layer): &(String, DeployedLayer)| {
        let lsb = layer.output_lsb;
        format!("layer {name} uses {lsb:.0} of 127 LSB: raise its num_sends")
    };
    few.map(line).collect()
}

/// Most classes that a table or a picture shows all of.
pub(super) const CLASSES_SHOWN: usize = 50;
/// Of more, so many.
const WORST_CLASSES: usize = 20;

/// How each class was recognised: the share of it that was (recall), and of right ones among what was
/// taken for it (precision). Of very many classes, those that were recognised worst.
pub(in crate::workbench) fn classes(evaluation: &Evaluation) -> Result<Table, ExperimentError> {
    let recalls = evaluation.recalls();
    let mut classes: Vec<usize> = (0..recalls.len()).collect();
    let mut caption = "Classes on the array".to_owned();
    if classes.len() > CLASSES_SHOWN {
        // Classes without samples come last.
        let recall = |class: &usize| recalls[*class].unwrap_or(f64::INFINITY);
        classes.sort_by(|a, b| recall(a).total_cmp(&recall(b)));
        classes.truncate(WORST_CLASSES);
        caption = format!(
            "The {WORST_CLASSES} of {} classes that the array knows worst",
            recalls.len()
        );
    }
    let mut table = Table::new(
        caption,
        vec![
            Column::text("Class"),
            Column::number("Samples"),
            Column::number("Recall (%)"),
            Column::number("Precision (%)"),
        ],
    );
    let percent = |share: Option<f64>| {
        share.map_or_else(|| Cell::text("–"), |share| Cell::number(100.0 * share, 1))
    };
    let precisions = evaluation.precisions();
    for class in classes {
        let samples = evaluation.confusion().row(class).sum();
        table.push_row(vec![
            Cell::text(class.to_string()),
            Cell::number(samples as f64, 0),
            percent(recalls[class]),
            percent(precisions[class]),
        ])?;
    }
    Ok(table)
}

/// Chip time (µs) and energy (µJ) per sample.
pub(in crate::workbench) fn per_sample(cost: &bss2_core::CostLedger, samples: u64) -> (f64, f64) {
    let model = CostModel::default();
    let count = samples.max(1) as f64;
    (
        model.chip_time_us(cost) / count,
        model.energy_uj(cost) / count,
    )
}

#[cfg(test)]
mod tests {
    use bss2_training::{Examples, NetworkDescription, OnArray, Session, evaluation};
    use ndarray::Array2;

    use super::*;

    fn layer(output_lsb: f32) -> DeployedLayer {
        DeployedLayer {
            step: 0,
            layer: 0,
            has_bias: false,
            activations_per_unit: 31.0,
            weight_scale: 10.0,
            weight_scales: vec![10.0],
            clipped_weights: 0.0,
            output_lsb,
            lsb_per_unit: 1.0,
            shift: None,
        }
    }

    #[test]
    fn layers_that_use_little_of_the_range_are_told_of() {
        let layers = [("fc1", 100.0), ("fc2", 4.2)];
        let layers = layers.map(|(name, lsb)| (name.to_owned(), layer(lsb)));
        let expected = ["layer fc2 uses 4 of 127 LSB: raise its num_sends"];
        assert_eq!(few_lsb(&layers), expected);
    }

    #[test]
    fn of_many_classes_the_worst_are_shown() {
        let shown = |count: usize| {
            let description = NetworkDescription::mlp(&[4, count], &OnArray::default());
            let mut network = description.build(1).unwrap().network;
            let labels: Vec<u8> = (0..count).map(|class| class as u8).collect();
            let inputs = Array2::from_shape_fn((count, 4), |(i, j)| ((i * 7 + j * 3) % 11) as f32);
            let examples = Examples::new(inputs.view(), &labels).unwrap();
            let found = evaluation(&mut network, &mut Session::digital(), examples).unwrap();
            let text = classes(&found).unwrap().to_text();
            let is_row = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
            text.lines().filter(is_row).count()
        };
        assert_eq!(shown(50), 50);
        assert_eq!(shown(62), 20);
    }
}
