//! The experiment that compares methods of training.

use std::collections::BTreeMap;

use bss2_experiments::{Method, Settings, Silent, find, run_study};

use crate::small_set;
use crate::study::{Counter, contents};

const NAME: &str = "training-methods";

/// The only file whose numbers depend on the computer and its load.
const WALL_TIMES: &str = "training-methods-time.csv";

#[test]
fn results_but_wall_times_are_the_same_bit_for_bit_on_one_and_two_threads() {
    let data = small_set::write().unwrap();
    let results = |threads| -> BTreeMap<String, Vec<u8>> {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("results");
        let settings = Settings {
            threads: Some(threads),
            ..small_set::settings(&data, 1)
        };
        run_study(&[find(NAME).unwrap()], &settings, &folder, &Silent).unwrap();
        contents(&folder)
    };
    let (one, two) = (results(1), results(2));
    assert!(one.keys().eq(two.keys()));
    assert!(one.contains_key(WALL_TIMES));
    for (name, content) in &one {
        assert!(
            name == WALL_TIMES || two.get(name) == Some(content),
            "{name} differs"
        );
    }
}

#[test]
fn every_method_has_every_number_and_every_step_is_counted() {
    let data = small_set::write().unwrap();
    let counter = Counter::default();
    let settings = small_set::settings(&data, 1);
    let outcome = find(NAME).unwrap().run(&settings, &counter).unwrap();
    counter.assert_complete();
    let value = |figure: &str, case: &str, method: Method, state: &str| {
        let name = format!("{figure}/{case}/{method}, {state}");
        let entry = outcome.summary.get(&name);
        entry.unwrap_or_else(|| panic!("no {name}")).value
    };
    for case in ["usual", "hard"] {
        for state in ["uncalibrated", "calibrated"] {
            for method in Method::ALL {
                let of = |figure| value(figure, case, method, state);
                assert!((0.0..=100.0).contains(&of("accuracy")), "{method}");
                assert!(of("chip time of training") > 0.0, "{method}");
                let samples = of("samples in the loop") + of("samples off chip");
                assert!(samples > 0.0, "{method}");
            }
            let in_the_loop = |method| value("samples in the loop", case, method, state);
            assert_eq!(in_the_loop(Method::Twin), 0.0);
            assert!(in_the_loop(Method::TwinThenLoop) > 0.0);
            let chip_time = |method| value("chip time of training", case, method, state);
            assert!(chip_time(Method::Twin) > chip_time(Method::Mock));
        }
    }
    let yin_yang = "accuracy/yin-yang/in-the-loop, calibrated";
    assert_eq!(outcome.summary[yin_yang].target, Some(95.0));
    for record in &outcome.records {
        assert!(record.value.is_finite(), "{record:?}");
        assert!(!record.stage.contains(','), "{record:?}");
    }
}
