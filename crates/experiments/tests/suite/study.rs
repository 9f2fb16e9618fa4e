//! Whole studies.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bss2_experiments::first_study::Parameters;
use bss2_experiments::{CsvFile, Experiment, Progress, Settings, Silent, Task, find, run_study};

use crate::small_set;

/// Every file of a folder by its path within.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if let (Ok(name), Ok(bytes)) = (path.strip_prefix(folder), fs::read(&path)) {
                files.insert(name.to_string_lossy().into_owned(), bytes);
            }
        }
    }
    files
}

/// Whether experiments leave the same folder, bit for bit, on one and two threads.
pub(crate) fn assert_threads_do_not_matter(
    experiments: &[&'static Experiment],
    settings: &Settings,
) {
    let results = |threads| {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("results");
        let settings = Settings {
            threads: Some(threads),
            ..settings.clone()
        };
        run_study(experiments, &settings, &folder, &Silent).unwrap();
        contents(&folder)
    };
    let (one, two) = (results(1), results(2));
    assert!(one.keys().eq(two.keys()));
    for (name, content) in &one {
        assert!(two.get(name) == Some(content), "{name} differs");
    }
}

/// The result folder of a study.
fn results(settings: &Settings) -> BTreeMap<String, Vec<u8>> {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    run_study(&[find("first-study").unwrap()], settings, &folder, &Silent).unwrap();
    contents(&folder)
}

/// It takes seconds, so the tests share one.
fn default_study() -> &'static BTreeMap<String, Vec<u8>> {
    static STUDY: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    STUDY.get_or_init(|| results(&Settings::default()))
}

fn text(study: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(study[name].clone()).unwrap()
}

#[test]
fn a_study_is_the_same_bit_for_bit_on_one_and_two_threads() {
    let data = small_set::write().unwrap();
    let settings = small_set::settings(&data, 2);
    assert_threads_do_not_matter(&[find("first-study").unwrap()], &settings);
}

#[test]
fn the_folder_holds_what_its_configuration_lists() {
    let study = default_study();
    let names: Vec<&str> = study.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "configuration.toml",
            "figures/first-study-baselines.svg",
            "figures/first-study-error.svg",
            "figures/first-study-gains.svg",
            "figures/first-study-learning.svg",
            "first-study-calibration.csv",
            "first-study.csv",
            "index.html",
            "report.md",
            "summary.json",
        ]
    );
    let configuration: toml::Table = text(study, "configuration.toml").parse().unwrap();
    let listed = configuration["files"].as_array().unwrap();
    let listed: Vec<&str> = listed.iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(listed, names);
    let page = text(study, "index.html");
    assert!(!page.contains("<script") && page.contains("prefers-color-scheme: dark"));
    for table in ["first-study.csv", "first-study-calibration.csv"] {
        let links = page.matches(&format!("href=\"{table}\"")).count();
        assert_eq!(links, 2, "{table}");
    }
}

#[test]
fn every_single_result_is_in_the_tables() {
    let study = default_study();
    let records = text(study, "first-study.csv");
    assert!(!records.contains('"'), "no name needs quotes");
    let rows = |metric: &str| {
        let field = format!(",{metric},");
        records.lines().filter(|row| row.contains(&field)).count()
    };
    assert_eq!(rows("accuracy"), 5 * 8, "five chips, eight stages");
    assert_eq!(
        rows("training accuracy"),
        5 * 3 * 30,
        "three times 30 epochs"
    );

    let calibration = text(study, "first-study-calibration.csv");
    let mut lines = calibration.lines();
    assert_eq!(
        lines.next(),
        Some("chip_seed,routine,register,instance,value,before,after,unit,success")
    );
    let lines: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let quadrants = 2 * 4 + 2 + 1; // twice both ends of both ramps, synapse bias, driver ramp
    let (channels, drivers, neurons) = (3, 1, 10);
    let per_chip = quadrants * 4 + channels * 1024 + drivers * 256 + neurons * 512;
    assert_eq!(lines.len(), 5 * per_chip);
    assert!(lines.iter().all(|fields| fields.len() == 9));
    assert_eq!(
        lines[0][..4],
        ["1", "CADC ramp offset", "cadc_v_ramp_offset", "0"]
    );

    let failed = lines.iter().filter(|fields| fields[8] == "false").count();
    let failed_share = failed as f64 / lines.len() as f64;
    assert!((0.0..0.2).contains(&failed_share), "{failed_share}");
}

#[test]
fn the_configuration_is_resolved() {
    let study = default_study();
    let configuration: toml::Table = text(study, "configuration.toml").parse().unwrap();
    let of_study = configuration["experiments"]["first-study"].clone();
    let mut resolved: toml::Table = of_study.try_into().unwrap();
    let data = resolved.remove("data").unwrap();
    assert_eq!(data["name"].as_str(), Some("digits"));
    let samples = ["training_samples", "test_samples"].map(|key| data[key].as_integer().unwrap());
    assert_eq!(samples.iter().sum::<i64>(), 1797);
    let parameters = Parameters::resolve(&Settings::default()).unwrap();
    let expected: toml::Table = toml::to_string(&parameters).unwrap().parse().unwrap();
    assert_eq!(resolved, expected, "all parameters and nothing else");
}

#[test]
fn the_digits_come_out_as_expected() {
    let summary = &default_study()["summary.json"];
    let summary: serde_json::Value = serde_json::from_slice(summary).unwrap();
    let figures = summary["first-study"].as_object().unwrap();
    let value = |figure: &str| figures[figure]["value"].as_f64().unwrap();
    assert!(value("accuracy/float") >= 96.0);
    assert!(value("float minus ideal array") <= 1.5);
    assert!(value("ideal array minus chip in the loop") <= 1.5);
    assert!(value("ideal array in the loop minus chip in the loop") <= 1.5);
    assert!(value("accuracy/uncalibrated chip") < value("accuracy/ideal array") - 20.0);
    assert!(value("calibrated minus uncalibrated") > 20.0);
    for (name, figure) in figures {
        assert_eq!(figure["n"], 5, "{name}");
        assert!(
            figure["std"].is_number() && figure["unit"].is_string(),
            "{name}"
        );
        assert!(figure.get("pass").is_none_or(|pass| pass == true), "{name}");
    }
}

#[test]
fn progress_counts_every_step() {
    let data = small_set::write().unwrap();
    let counter = Counter::default();
    find("first-study")
        .unwrap()
        .run(&small_set::settings(&data, 1), &counter)
        .unwrap();
    counter.assert_complete();
}

/// Counts steps.
#[derive(Clone, Default)]
pub(crate) struct Counter {
    announced: Arc<AtomicU64>,
    taken: Arc<AtomicU64>,
}

impl Counter {
    /// Steps that were taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// As many steps were taken as announced.
    pub(crate) fn assert_complete(&self) {
        let [announced, taken] =
            [&self.announced, &self.taken].map(|count| count.load(Ordering::Relaxed));
        assert!(announced > 0);
        assert_eq!(announced, taken);
    }
}

impl Progress for Counter {
    fn begin(&self, _name: &str, steps: u64) -> Box<dyn Task> {
        self.announced.fetch_add(steps, Ordering::Relaxed);
        Box::new(self.clone())
    }
}

impl Task for Counter {
    fn step(&self, _what: &str) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn another_seed_gives_other_chips() {
    let data = small_set::write().unwrap();
    let run = |seed| {
        let settings = Settings {
            seed,
            ..small_set::settings(&data, 1)
        };
        let outcome = find("first-study").unwrap().run(&settings, &Silent);
        outcome.unwrap().further_tables
    };
    // The tables hold the seeds as well: the registers' values have to differ.
    let values = |tables: Vec<CsvFile>| {
        let text = String::from_utf8(tables[0].content().to_vec()).unwrap();
        let values = text.lines().filter_map(|line| line.split(',').nth(4));
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_ne!(values(run(1)), values(run(2)));
}

#[test]
fn the_largest_seed_can_be_used() {
    let data = small_set::write().unwrap();
    let study = results(&Settings {
        seed: Settings::MAX_SEED,
        ..small_set::settings(&data, 1)
    });
    let configuration: toml::Table = text(&study, "configuration.toml").parse().unwrap();
    assert_eq!(
        configuration["seed"].as_integer(),
        i64::try_from(Settings::MAX_SEED).ok()
    );
}

#[test]
fn settings_outside_their_ranges_are_named() {
    for (settings, range) in [
        (
            Settings {
                chips: Some(0),
                ..Settings::default()
            },
            "chips = 0 is outside 1…1000",
        ),
        (
            Settings {
                chips: Some(1001),
                ..Settings::default()
            },
            "chips = 1001 is outside 1…1000",
        ),
        (
            Settings {
                seed: Settings::MAX_SEED + 1,
                ..Settings::default()
            },
            "seed = 9007199254739993 is outside 0…9007199254739992",
        ),
        (
            Settings {
                threads: Some(0),
                ..Settings::default()
            },
            "threads = 0 is outside 1…1024",
        ),
    ] {
        let refused = refusal(&["first-study"], &settings);
        assert_eq!(refused, range);
    }
}

/// An experiment, a parameter as TOML, and how it is refused before any job.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "mac-characteristics",
        "transfer_rows = 0",
        "transfer_rows: 0 is less than 1",
    ),
    (
        "circuit",
        "trace.afterwards_us = inf",
        "trace.afterwards_us: inf is outside 0…10000",
    ),
    (
        "calibration-cost",
        "gain_vectors = 9223372036854775807",
        "gain_vectors: 9223372036854775807 is outside 1…100000",
    ),
    (
        "calibration-tradeoffs",
        "stimuli.load_thinned = 0",
        "stimuli.load_thinned: 0 is less than 1",
    ),
    (
        "mapping-strategies",
        "signed_layer.largest_weight = -128",
        "signed_layer.largest_weight: -128 is outside 1…63",
    ),
    (
        "temperature-and-drift",
        "calibration_celsius = []",
        "calibration_celsius: is empty",
    ),
    (
        "walking-noise",
        "noise_draws = 0",
        "noise_draws: 0 is outside 1…1000",
    ),
    (
        "calibration-to-accuracy",
        "grids.mixtures = 10001",
        "grids.mixtures: 10001 is outside 0…10000",
    ),
    (
        "settings-search",
        "generations = 1001",
        "generations: 1001 is outside 1…1000",
    ),
];

#[test]
fn parameters_out_of_range_are_refused_by_name_before_any_job() {
    for &(name, parameter, expected) in REFUSED {
        let settings = Settings {
            parameters: format!("[{name}]\n{parameter}").parse().unwrap(),
            ..Settings::default()
        };
        let refused = refusal(&[name], &settings);
        assert_eq!(refused, format!("{name}: {expected}"));
    }
}

#[test]
fn an_experiment_named_twice_is_refused() {
    let refused = refusal(&["first-study", "first-study"], &Settings::default());
    assert_eq!(refused, "experiment 'first-study' is named more than once");
}

/// Why a study is refused, which must leave nothing behind.
fn refusal(names: &[&str], settings: &Settings) -> String {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    let experiments: Vec<_> = names.iter().map(|name| find(name).unwrap()).collect();
    let refused = run_study(&experiments, settings, &folder, &Untouched).unwrap_err();
    assert!(!folder.exists());
    refused.to_string()
}

/// Fails if any work is begun.
struct Untouched;

impl Progress for Untouched {
    fn begin(&self, name: &str, _steps: u64) -> Box<dyn Task> {
        panic!("{name} was begun")
    }
}
