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
pub(in crate::workbench) fn layers(layers: &[DeployedLayer]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        "Layers in the array's range",
        vec![
            Column::text("Layer"),
            Column::number("Weight scale"),
            Column::number("Weights clipped (%)"),
            Column::number("Outputs (LSB)"),
            Column::number("Shift (bits)"),
        ],
    );
    for (index, layer) in layers.iter().enumerate() {
        table.push_row(vec![
            Cell::text(format!("{}", index + 1)),
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

/// How each class was recognised: the share of it that was (recall), and of right ones among what was
/// taken for it (precision).
pub(in crate::workbench) fn classes(evaluation: &Evaluation) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        "Classes on the array",
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
    let shares = evaluation
        .recalls()
        .into_iter()
        .zip(evaluation.precisions());
    for (class, (recall, precision)) in shares.enumerate() {
        let samples = evaluation.confusion().row(class).sum();
        table.push_row(vec![
            Cell::text(class.to_string()),
            Cell::number(samples as f64, 0),
            percent(recall),
            percent(precision),
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
