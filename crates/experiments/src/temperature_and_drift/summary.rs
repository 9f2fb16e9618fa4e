//! The figures to take away.

use std::collections::BTreeMap;

use super::Results;
use super::policy::Policy;
use super::trends::Trend;
use crate::SummaryEntry;

pub(super) fn summary(results: &Results<'_>) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    let mut add = |figure: String, values: &[f64], unit| {
        if let Some(entry) = SummaryEntry::of(values, unit) {
            summary.insert(figure, entry);
        }
    };
    let network = &results.network;
    add("accuracy/float".into(), &[network.float_percent], "%");
    add("accuracy/ideal array".into(), &[network.ideal_percent], "%");
    for trend in Trend::all(results) {
        let figure = format!("temperature/{}: {}", trend.claim, trend.quantity);
        add(figure, &trend.values, trend.unit);
    }
    for (place, method) in results.parameters.methods.iter().enumerate() {
        add(
            format!("accuracy over temperatures/{method}"),
            &results.overall(place),
            "%",
        );
        add(
            format!("lowest accuracy/{method}"),
            &results.worst(place),
            "%",
        );
    }
    let drift = &results.parameters.drift;
    for scenario in 0..drift.warmer_kelvin.len() {
        let scenario_name = results.scenario_name(scenario);
        for (network, method) in drift.methods.iter().enumerate() {
            for policy in Policy::ALL {
                let name = format!("{method}, {scenario_name}, {}", policy.name());
                let accuracies = results.mean_accuracies(scenario, policy, network);
                add(format!("accuracy over ages/{name}"), &accuracies, "%");
                let times = results.of_courses(scenario, policy, |c| c.refresh_ms[network]);
                add(format!("chip time of a refresh/{name}"), &times, "ms");
            }
        }
    }
    summary
}
