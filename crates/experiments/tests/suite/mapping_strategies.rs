//! The experiment that compares ways of mapping one network.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use bss2_experiments::{Outcome, Settings, Silent, find};

use crate::small_set;
use crate::study::{Counter, assert_threads_do_not_matter};

const NAME: &str = "mapping-strategies";

/// One chip and the digits; tests share it.
fn outcome() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    OUTCOME.get_or_init(|| {
        let settings = Settings {
            chips: Some(1),
            ..Settings::default()
        };
        find(NAME).unwrap().run(&settings, &Silent).unwrap()
    })
}

fn value(figure: &str) -> f64 {
    let entry = outcome().summary.get(figure);
    entry.unwrap_or_else(|| panic!("no {figure}")).value
}

#[test]
fn results_are_the_same_bit_for_bit_on_one_and_two_threads() {
    let data = small_set::write().unwrap();
    let settings = small_set::settings(&data, 2);
    assert_threads_do_not_matter(&[find(NAME).unwrap()], &settings);
}

#[test]
fn every_strategy_has_every_number() {
    let of = |metric: &str| -> BTreeSet<&str> {
        let records = outcome().records.iter();
        let of_metric = records.filter(|record| record.metric == metric);
        of_metric.map(|record| record.stage.as_str()).collect()
    };
    let strategies = of("passes");
    assert_eq!(strategies.len(), 24, "{strategies:?}");
    for metric in [
        "accuracy",
        "relative error",
        "chip time per image",
        "energy per image",
        "chip time of a single image",
        "array runs",
        "utilisation",
    ] {
        let missing: Vec<_> = strategies.difference(&of(metric)).copied().collect();
        assert!(missing.is_empty(), "{metric}: {missing:?}");
    }
    for record in &outcome().records {
        assert!(record.value.is_finite(), "{record:?}");
        assert!(!record.stage.contains(','), "{record:?}");
    }
    for (figure, entry) in &outcome().summary {
        assert!(entry.value.is_finite(), "{figure}");
    }
}

#[test]
fn knowing_the_chip_lowers_the_error_at_equal_chip_time() {
    let placed = value("chip time/placed relative to in order");
    assert!((placed - 1.0).abs() < 0.02, "{placed}");
    assert!(value("error/placed relative to in order") < 1.0);
    let tuned = value("chip time/tuned: no slower relative to in order");
    assert!(tuned < 1.02, "{tuned}");
    assert!(value("error/tuned: no slower relative to in order") < 0.8);
}

#[test]
fn cuts_and_orders_of_layers_that_fit_are_one() {
    for same in ["balanced", "output-major", "both hemispheres"] {
        let [one, other] = ["in order", same].map(|name| value(&format!("relative error/{name}")));
        assert_eq!(one, other, "{same}");
    }
    let [in_order, shared] = ["in order", "sharing the chip"]
        .map(|name| value(&format!("chip time of a single image/{name}")));
    assert!(shared < in_order, "{shared} {in_order}");
}

#[test]
fn every_step_is_counted_and_the_claim_has_an_interval() {
    let data = small_set::write().unwrap();
    let counter = Counter::default();
    let settings = small_set::settings(&data, 2);
    let outcome = find(NAME).unwrap().run(&settings, &counter).unwrap();
    counter.assert_complete();
    for pair in ["placed", "tuned: no slower"] {
        let figure = format!("error/{pair} relative to in order: upper end of the 95 % interval");
        assert_eq!(outcome.summary[&figure].target, Some(1.0));
    }
}
