//! Every single number, as rows of the tidy table.

use super::EXPERIMENT;
use super::budget::Budget;
use super::state::State;
use crate::Record;
use crate::operating_point::Measured;

/// A quantity with its name and unit.
type Quantity = (&'static str, &'static str, fn(&Measured) -> f64);

const QUANTITIES: [Quantity; 9] = [
    ("accuracy as deployed", "%", |m| m.deployed.percent),
    ("accuracy trained in the loop", "%", |m| m.trained.percent),
    (
        "error of the layers",
        "% of the signal",
        Measured::error_percent,
    ),
    (
        "noise of the layers",
        "% of the signal",
        Measured::noise_percent,
    ),
    ("spread of gains", "%", Measured::gain_spread_percent),
    (
        "spread of offsets",
        "% of the signal",
        Measured::offset_spread_percent,
    ),
    (
        "deviation from the line",
        "% of the signal",
        Measured::deviation_percent,
    ),
    ("gain per send", "LSB", Measured::gain_lsb),
    ("clipped outputs", "%", |m| m.deployed.clipped_percent),
];

pub(super) fn of(budgets: &[Budget<'_>], dataset: &str) -> Vec<Record> {
    let mut records = Vec::new();
    for budget in budgets {
        let case = &budget.case.name;
        let mut add = |chip_seed, stage: String, metric: &str, value: f64, unit: &str| {
            records.push(Record {
                experiment: EXPERIMENT.name,
                dataset: dataset.to_owned(),
                chip_seed,
                stage: format!("{case}, {stage}"),
                metric: metric.to_owned(),
                index: None,
                value,
                unit: unit.to_owned(),
            });
        };
        for (&seed, network) in budget.chip_seeds.iter().zip(budget.networks) {
            add(
                seed,
                "digital".to_owned(),
                "accuracy",
                network.float_percent,
                "%",
            );
        }
        for state in State::ALL {
            for &variant in budget.variants {
                let stage = format!("{}, {}", state.name(), variant.text());
                for (metric, unit, of) in QUANTITIES {
                    let values = budget.values(state, variant, of);
                    for (&seed, value) in budget.chip_seeds.iter().zip(values) {
                        // Nothing was measured where there is no signal.
                        if value.is_finite() {
                            add(seed, stage.clone(), metric, value, unit);
                        }
                    }
                }
            }
        }
    }
    records
}
