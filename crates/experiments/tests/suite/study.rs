//! The default study.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use bss2_experiments::{Settings, Silent, find, run_study};

/// Every file of a folder by its path within.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
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

/// The result folder of the default study on a number of threads.
fn default_study(threads: usize) -> BTreeMap<String, Vec<u8>> {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    let settings = Settings {
        threads: Some(threads),
        ..Settings::default()
    };
    run_study(&[find("first-study").unwrap()], &settings, &folder, &Silent).unwrap();
    contents(&folder)
}

/// It takes seconds, so the tests share one.
fn default_study_on_one_thread() -> &'static BTreeMap<String, Vec<u8>> {
    static STUDY: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    STUDY.get_or_init(|| default_study(1))
}

#[test]
fn the_default_study_is_the_same_bit_for_bit_on_one_and_two_threads() {
    let (one, two) = (default_study_on_one_thread(), default_study(2));
    let names: Vec<&str> = one.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "configuration.toml",
            "figures/first-study-accuracy.svg",
            "figures/first-study-baselines.svg",
            "figures/first-study-gains.svg",
            "figures/first-study-learning.svg",
            "first-study.csv",
            "index.html",
            "summary.json",
        ]
    );
    for (name, content) in one {
        assert!(two.get(name) == Some(content), "{name} differs");
    }
    let rows = String::from_utf8(one["first-study.csv"].clone()).unwrap();
    let accuracies = rows.lines().filter(|row| row.contains(",accuracy,"));
    assert_eq!(accuracies.count(), 5 * 6, "five chips, six stages");
    let page = String::from_utf8(one["index.html"].clone()).unwrap();
    assert!(!page.contains("<script") && page.contains("prefers-color-scheme: dark"));
}

#[test]
fn the_digits_come_out_as_expected() {
    let summary = &default_study_on_one_thread()["summary.json"];
    let summary: serde_json::Value = serde_json::from_slice(summary).unwrap();
    let figures = summary["first-study"].as_object().unwrap();
    let value = |figure: &str| figures[figure]["value"].as_f64().unwrap();
    assert!(value("accuracy/float") >= 96.0);
    assert!(value("float minus ideal array") <= 1.5);
    assert!(value("ideal array minus chip in the loop") <= 1.5);
    assert!(value("accuracy/chip, uncalibrated") < value("accuracy/ideal array") - 20.0);
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
fn another_seed_gives_other_chips() {
    let run = |seed| {
        let settings = Settings {
            seed,
            chips: Some(1),
            ..Settings::default()
        };
        find("first-study")
            .unwrap()
            .run(&settings, &Silent)
            .unwrap()
            .records
    };
    assert_ne!(run(1), run(2));
}

#[test]
fn settings_outside_their_ranges_are_named() {
    for settings in [
        Settings {
            chips: Some(0),
            ..Settings::default()
        },
        Settings {
            chips: Some(1001),
            ..Settings::default()
        },
        Settings {
            threads: Some(0),
            ..Settings::default()
        },
    ] {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("results");
        let experiment = find("first-study").unwrap();
        let refused = run_study(&[experiment], &settings, &folder, &Silent).unwrap_err();
        assert!(refused.to_string().contains("is outside 1…"), "{refused}");
        assert!(!folder.exists());
    }
}
