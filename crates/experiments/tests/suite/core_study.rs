//! The experiments at the heart of the study: from calibration targets to accuracy, the error budget, and
//! the search beyond the grid.

use bss2_experiments::{Outcome, Settings, Silent, find};

use crate::small_set;
use crate::study::{Counter, assert_threads_do_not_matter};

const NAMES: [&str; 3] = ["calibration-to-accuracy", "error-budget", "settings-search"];

/// Enough to see all parts at work.
const SMALL: &str = r#"
[calibration-to-accuracy.grids]
mixtures = 2
[calibration-to-accuracy.grids.values]
ota_bias = [30, 600]
dac_bias = []
cadc_range = []
target_noise = []
wait = []
num_sends = [4]
row_repetition = []
column_copies = []
weight_quantile = []
output_quantile = []
layout = [2]
effort = [0]

[error-budget]
sources = ["read_noise", "drift"]

[settings-search]
generations = 2
per_generation = 3
search_seeds = [1, 2]
search_chips = [7]
"#;

fn settings(data: &tempfile::TempDir) -> Settings {
    Settings {
        parameters: SMALL.parse().unwrap(),
        ..small_set::settings(data, 2)
    }
}

fn outcome(name: &str) -> Outcome {
    let data = small_set::write().unwrap();
    let counter = Counter::default();
    let outcome = find(name).unwrap().run(&settings(&data), &counter).unwrap();
    counter.assert_complete();
    outcome
}

fn value(outcome: &Outcome, figure: &str) -> f64 {
    let entry = outcome.summary.get(figure);
    let known = || outcome.summary.keys().collect::<Vec<_>>();
    entry
        .unwrap_or_else(|| panic!("no {figure} in {:?}", known()))
        .value
}

#[test]
fn results_are_the_same_bit_for_bit_on_one_and_two_threads() {
    let data = small_set::write().unwrap();
    let experiments = NAMES.map(|name| find(name).unwrap());
    let settings = Settings {
        chips: Some(1),
        ..settings(&data)
    };
    assert_threads_do_not_matter(&experiments, &settings);
}

#[test]
fn every_number_is_finite() {
    for name in NAMES {
        let outcome = outcome(name);
        assert!(
            !outcome.records.is_empty() && !outcome.summary.is_empty(),
            "{name}"
        );
        for record in &outcome.records {
            assert!(record.value.is_finite(), "{record:?}");
        }
    }
}

#[test]
fn what_switching_off_a_source_wins_is_told_for_the_sources_asked_for() {
    let outcome = outcome("error-budget");
    let text = outcome.table.to_text();
    assert!(
        text.contains("all sources") && text.contains("none"),
        "{text}"
    );
    let told = |source: &str| outcome.summary.keys().any(|key| key.contains(source));
    assert!(told("read noise") && told("drift") && !told("jitter"));
}

#[test]
fn a_search_is_no_worse_than_the_usual_settings_on_the_chips_of_the_search() {
    let outcome = outcome("settings-search");
    let trials = &outcome.further_tables[0];
    let text = String::from_utf8(trials.content().to_vec()).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name| names.iter().position(|other| *other == name).unwrap();
    let (limit, time) = (place("limit_us"), place("inference_us"));
    let within = place("is_within_limit");
    let mut rows = 0;
    for line in lines {
        // Settings, the last column, hold commas of their own.
        let fields: Vec<&str> = line.split(',').collect();
        let number = |place: usize| fields[place].parse::<f64>().ok();
        let keeps = number(time).is_some_and(|time| time <= number(limit).unwrap());
        assert_eq!(fields[within], keeps.to_string(), "{line}");
        rows += 1;
    }
    // Two aims, of each sends only (16), and twice six by two strategies.
    assert_eq!(rows, 2 * (16 + 4 * 6));
    let aim = "trained in the loop, 100 % of the usual time";
    assert!(value(&outcome, &format!("accuracy/evolution, {aim}")) > 0.0);
}

/// One chip, one knob at one value.
fn with_cell(data: &tempfile::TempDir, knob: &str, value: i64) -> Settings {
    let mut settings = Settings {
        chips: Some(1),
        ..settings(data)
    };
    let grids = &mut settings.parameters["calibration-to-accuracy"]["grids"];
    let grids = grids.as_table_mut().unwrap();
    grids.insert("mixtures".to_owned(), 0.into());
    let values = grids["values"].as_table_mut().unwrap();
    for (_, list) in values.iter_mut() {
        *list = toml::Value::Array(Vec::new());
    }
    values.insert(knob.to_owned(), vec![value].into());
    settings
}

#[test]
fn a_bad_cell_of_the_grid_is_told_with_its_parameters() {
    let data = small_set::write().unwrap();
    let settings = with_cell(&data, "ota_bias", 0);
    let error = find("calibration-to-accuracy")
        .unwrap()
        .run(&settings, &Silent);
    let error = error.err().unwrap().to_string();
    assert!(error.contains("2 of its jobs failed"), "{error}");
    assert!(error.contains(r#""i_synin_gm":0"#), "{error}");
}

#[test]
fn what_cannot_be_told_is_left_open() {
    let data = small_set::write().unwrap();
    let settings = with_cell(&data, "dac_bias", 1);
    let experiment = find("calibration-to-accuracy").unwrap();
    let outcome = experiment.run(&settings, &Silent).unwrap();
    let points = String::from_utf8(outcome.further_tables[0].content().to_vec()).unwrap();
    assert!(points.contains("usual"), "{points}");
    assert!(
        !points.contains("NaN") && !points.contains(",inf,"),
        "{points}"
    );
}

#[test]
fn chips_without_a_signal_are_an_error() {
    let data = small_set::write().unwrap();
    let mut settings = with_cell(&data, "num_sends", 2);
    settings.chip.ota.gain_lsb = 1e-5;
    let error = find("calibration-to-accuracy")
        .unwrap()
        .run(&settings, &Silent);
    let error = error.err().unwrap().to_string();
    assert!(error.contains("cannot be told from noise"), "{error}");
}
