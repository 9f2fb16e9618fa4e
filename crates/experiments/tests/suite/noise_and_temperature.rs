//! The experiments on noise at single layers, and on chips at other temperatures and days later.

use std::collections::BTreeMap;

use bss2_experiments::{Settings, Silent, find, run_study};

use crate::small_set;
use crate::study::contents;

const NAMES: [&str; 2] = ["temperature-and-drift", "walking-noise"];

#[test]
fn results_are_the_same_bit_for_bit_on_one_and_two_threads() {
    let data = small_set::write().unwrap();
    let experiments = NAMES.map(|name| find(name).unwrap());
    let results = |threads| -> BTreeMap<String, Vec<u8>> {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("results");
        let settings = Settings {
            threads: Some(threads),
            ..small_set::settings(&data, 2)
        };
        run_study(&experiments, &settings, &folder, &Silent).unwrap();
        contents(&folder)
    };
    let (one, two) = (results(1), results(2));
    assert!(one.keys().eq(two.keys()));
    for (name, content) in &one {
        assert!(two.get(name) == Some(content), "{name} differs");
    }
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
