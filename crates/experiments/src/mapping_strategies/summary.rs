//! The figures to take away.

use std::collections::BTreeMap;

use super::Results;
use super::measured::Measured;
use super::placement_gain::Pair;
use crate::{Rule, SummaryEntry};

pub(super) fn summary(results: &Results<'_>) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    let mut add = |figure: String, values: &[f64], unit, expected: Option<(Rule, f64)>| {
        if let Some(entry) = SummaryEntry::of(values, unit) {
            let entry = match expected {
                Some((rule, target)) => entry.expected(rule, target),
                None => entry,
            };
            summary.insert(figure, entry);
        }
    };
    let network = &results.network;
    add("accuracy/float".into(), &[network.float_percent], "%", None);
    let ideal = [network.ideal_percent];
    add("accuracy/ideal array".into(), &ideal, "%", None);
    for (place, choice) in results.choices.iter().enumerate() {
        let name = &choice.name;
        let mut of = |figure: &str, of: fn(&Measured) -> f64, unit| {
            add(
                format!("{figure}/{name}"),
                &results.values(place, of),
                unit,
                None,
            );
        };
        of("accuracy", |m| m.accuracy_percent, "%");
        of("relative error", |m| 100.0 * m.relative_error(), "%");
        of("chip time per image", |m| m.image_us, "µs");
        of("energy per image", |m| m.image_uj, "µJ");
        of("chip time of a single image", |m| m.single_us, "µs");
    }
    for gain in Pair::gains(results) {
        let name = gain.pair.name();
        add(format!("error/{name}"), &gain.errors, "1", None);
        add(format!("chip time/{name}"), &gain.times, "1", None);
        if let Some(interval) = gain.interval() {
            // An interval all of which lies below one: the gain is no accident.
            let expected = gain.pair.is_to_be_better.then_some((Rule::AtMost, 1.0));
            let figure = format!("error/{name}: upper end of the 95 % interval");
            add(figure, &[interval.high], "1", expected);
        }
    }
    let times: Vec<f64> = results.runs.iter().map(|run| run.profile_ms).collect();
    add("chip time/profile of one timing".into(), &times, "ms", None);
    summary
}
