//! The figures to take away.

use std::collections::BTreeMap;

use bss2_training::Method;

use super::measured::Measured;
use super::way::Way;
use super::{CaseData, ChipState, Results};
use crate::{Rule, SummaryEntry};

/// Accuracy in percent that Yin-Yang is to reach in the loop.
const YIN_YANG_PERCENT: f64 = 95.0;

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
    for results in &results.cases {
        let case = results.case;
        let float: Vec<f64> = results.runs.iter().map(|run| run.float_percent).collect();
        add(format!("accuracy/{}/digital", case.name), &float, "%", None);
        let ideal: Vec<f64> = results.runs.iter().map(|run| run.ideal_percent).collect();
        add(
            format!("accuracy/{}/ideal array", case.name),
            &ideal,
            "%",
            None,
        );
        for way in case.ways() {
            let name = format!("{}/{}, {}", case.name, way.name(), way.state.name());
            let in_the_loop = Way::of(ChipState::Calibrated, Method::InTheLoop);
            let is_expected = case.data == CaseData::YinYang && way == in_the_loop;
            let expected = is_expected.then_some((Rule::AtLeast, YIN_YANG_PERCENT));
            let accuracies = results.accuracies(way);
            add(format!("accuracy/{name}"), &accuracies, "%", expected);
            let mut of = |figure: &str, of: fn(&Measured) -> f64, unit| {
                add(
                    format!("{figure}/{name}"),
                    &results.values(way, of),
                    unit,
                    None,
                );
            };
            of("chip time of training", |m| m.training_s, "s");
            of("chip time per inference", |m| m.inference_us, "µs");
            of("samples in the loop", |m| m.samples_in_the_loop as f64, "1");
            of("samples off chip", |m| m.samples_off_chip as f64, "1");
        }
    }
    summary
}
