//! The figures to take away.

use std::collections::BTreeMap;

use super::results::Results;
use crate::SummaryEntry;

pub(super) fn summary(results: &Results<'_>) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    let mut add = |figure: String, values: &[f64], unit| {
        if let Some(entry) = SummaryEntry::of(values, unit) {
            summary.insert(figure, entry);
        }
    };
    for &aim in &results.parameters.aims {
        let text = aim.text();
        let usual = results.fresh_usual(aim).iter();
        let usual: Vec<f64> = usual.map(|judged| judged.on_chip.percent).collect();
        add(format!("accuracy/usual, {text}"), &usual, "%");
        for &strategy in &results.parameters.strategies {
            let name = strategy.name();
            let percents = results.fresh(aim, strategy, |on| on.percent);
            add(format!("accuracy/{name}, {text}"), &percents, "%");
            let times = results.fresh(aim, strategy, |on| on.inference_us);
            add(format!("chip time/{name}, {text}"), &times, "µs");
            let gained = results.gained(aim, strategy);
            add(
                format!("against usual/{name}, {text}"),
                &gained,
                "percent points",
            );
        }
    }
    summary
}
