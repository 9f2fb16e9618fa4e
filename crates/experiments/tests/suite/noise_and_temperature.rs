//! The experiments on noise at single layers, and on chips at other temperatures and days later.

use bss2_experiments::{Silent, find};

use crate::small_set;
use crate::study::assert_threads_do_not_matter;

const NAMES: [&str; 2] = ["temperature-and-drift", "walking-noise"];

#[test]
fn results_are_the_same_bit_for_bit_on_one_and_two_threads() {
    let data = small_set::write().unwrap();
    let experiments = NAMES.map(|name| find(name).unwrap());
    assert_threads_do_not_matter(&experiments, &small_set::settings(&data, 2));
}

#[test]
fn every_number_is_finite() {
    let data = small_set::write().unwrap();
    for name in NAMES {
        let settings = small_set::settings(&data, 2);
        let outcome = find(name).unwrap().run(&settings, &Silent).unwrap();
        assert!(!outcome.records.is_empty() && !outcome.summary.is_empty());
        for record in &outcome.records {
            assert!(record.value.is_finite(), "{record:?}");
        }
    }
}
