//! The figures to take away.

use std::collections::BTreeMap;

use super::Results;
use super::architecture::Architecture;
use super::network_run::Bearing;
use super::results::KINDS;
use crate::SummaryEntry;

pub(super) fn summary(results: &Results<'_>) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    let mut add = |figure: String, values: &[f64], unit| {
        if values.iter().all(|value| value.is_finite())
            && let Some(entry) = SummaryEntry::of(values, unit)
        {
            summary.insert(figure, entry);
        }
    };
    for architecture in Architecture::ALL {
        let network = architecture.name();
        let accuracies: Vec<f64> = results
            .of(architecture)
            .map(|run| run.accuracy_percent)
            .collect();
        add(format!("accuracy/{network}"), &accuracies, "%");
        for (kind, kind_name) in KINDS {
            for (place, place_name) in results.places(architecture).into_iter().enumerate() {
                let mut of = |figure: &str, of: fn(&Bearing) -> Option<f64>| {
                    let values = results.values(architecture, kind, place, of);
                    let figure = format!("{figure}/{network}, {kind_name}, {place_name}");
                    add(figure, &values, "1");
                };
                of("midpoint", |bearing| bearing.midpoint);
                of("midpoint after noisy training", Bearing::hardened_midpoint);
            }
        }
    }
    summary
}
