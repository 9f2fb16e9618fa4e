//! The experiments at the heart of the study: from calibration targets to accuracy, the error budget, and
//! the search beyond the grid.

use std::collections::BTreeMap;

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
fn a_search_begins_with_the_usual_settings_and_ends_with_no_worse_ones() {
    let outcome = outcome("settings-search");
    let trials = &outcome.further_tables[0];
    let text = String::from_utf8(trials.content().to_vec()).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name| names.iter().position(|other| *other == name).unwrap();
    let (limit, time) = (place("limit_us"), place("inference_us"));
    let within = place("is_within_limit");
    let (strategy, seed) = (place("strategy"), place("search_seed"));
    let (factor, trial) = (place("time_factor"), place("trial"));
    let accuracy = place("accuracy_percent");
    let settings = place("settings");
    // By aim, strategy and seed: accuracies of the first trial, and of the best that keeps the limit.
    let mut searches: BTreeMap<[&str; 3], (Option<f64>, f64)> = BTreeMap::new();
    let mut rows = 0;
    for line in lines {
        // Settings, behind all others but the reason, hold commas of their own.
        let fields: Vec<&str> = line.split(',').collect();
        let number = |place: usize| fields[place].parse::<f64>().ok();
        let keeps = number(time).is_some_and(|time| time <= number(limit).unwrap());
        assert_eq!(fields[within], keeps.to_string(), "{line}");
        rows += 1;
        let key = [factor, strategy, seed].map(|place| fields[place]);
        let search = searches.entry(key).or_insert((None, 0.0));
        if fields[trial] == "1" && fields[strategy] != "sends only" {
            assert_eq!(fields[settings], "all as usual", "{line}");
            // Half of the time is less than what they take.
            assert_eq!(keeps, fields[factor] == "1.0", "{line}");
            search.0 = number(accuracy).filter(|_| keeps);
        }
        if keeps {
            search.1 = search.1.max(number(accuracy).unwrap());
        }
    }
    let usual = searches
        .values()
        .filter_map(|(first, best)| Some(((*first)?, *best)));
    let usual: Vec<(f64, f64)> = usual.collect();
    assert_eq!(usual.len(), 4);
    assert!(usual.iter().all(|(first, best)| best >= first), "{usual:?}");
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

#[test]
fn a_source_that_leaves_no_signal_is_told_with_chip_and_variant() {
    let data = small_set::write().unwrap();
    let mut settings = Settings {
        chips: Some(1),
        ..settings(&data)
    };
    settings.chip.ota.gain_lsb = 1e-5;
    let error = find("error-budget").unwrap().run(&settings, &Silent);
    let error = error.err().unwrap().to_string();
    for part in [
        "cannot be told from noise",
        r#""case":"#,
        r#""chip_seed":1"#,
        r#""variant":"all""#,
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

/// One search at random for one aim on one chip.
const ONE_SEARCH: &str = r#"
[settings-search]
generations = 2
per_generation = 4
search_seeds = [1]
search_chips = [7]
strategies = ["random"]
aims = [{ state = "deployed", time_factor = 1.0 }]
"#;

fn with_search(data: &tempfile::TempDir, further: &str) -> Settings {
    Settings {
        parameters: format!("{ONE_SEARCH}{further}").parse().unwrap(),
        ..small_set::settings(data, 1)
    }
}

#[test]
fn settings_that_cannot_be_used_are_listed_with_the_reason() {
    let data = small_set::write().unwrap();
    let settings = with_search(&data, "space = { ota_bias = [0, 300], effort = [2] }");
    let outcome = find("settings-search").unwrap().run(&settings, &Silent);
    let trials = outcome.unwrap().further_tables[0].content().to_vec();
    let text = String::from_utf8(trials).unwrap();
    let mut lines = text.lines();
    assert!(
        lines.next().unwrap().ends_with(",settings,reason"),
        "{text}"
    );
    let of = |text: &str| lines.clone().filter(|line| line.contains(text)).count();
    assert!(of("i_synin_gm 0") > 0, "{text}");
    assert_eq!(of("i_synin_gm 0"), of("chip 7: "), "{text}");
}

#[test]
fn a_knob_can_be_left_out_of_the_search() {
    let data = small_set::write().unwrap();
    let settings = with_search(&data, "space = { wait = [] }");
    let outcome = find("settings-search").unwrap().run(&settings, &Silent);
    let configuration = outcome.unwrap().configuration;
    assert_eq!(configuration["space"]["wait"].as_array().unwrap().len(), 0);
}

#[test]
fn the_calibration_of_a_budget_can_be_another_or_none() {
    let data = small_set::write().unwrap();
    for calibration in ["'none'", "{ membrane = {} }"] {
        // The parameters are understood, and then refused for their sources.
        let text = format!("[error-budget]\nsources = []\npoint.calibration = {calibration}");
        let settings = Settings {
            parameters: text.parse().unwrap(),
            ..small_set::settings(&data, 1)
        };
        let error = find("error-budget").unwrap().run(&settings, &Silent);
        let error = error.err().unwrap().to_string();
        assert!(error.contains("sources: is empty"), "{error}");
    }
}
