//! docs/experiments.md tells what is true.

use std::fs;

use bss2_experiments::{EXPERIMENTS, Settings, Silent, StudyFile};

use crate::small_set;

const GUIDE: &str = include_str!("../../../../docs/experiments.md");

#[test]
fn every_experiment_is_named() {
    for experiment in EXPERIMENTS {
        let name = format!("`{}`", experiment.name);
        assert!(GUIDE.contains(&name), "{name}");
    }
}

#[test]
fn the_study_file_can_be_used() {
    let toml = GUIDE.split("```toml\n").nth(1).unwrap();
    let toml = toml.split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.toml");
    fs::write(&path, toml).unwrap();
    let file = StudyFile::read(&path).unwrap();
    let names: Vec<&str> = file.experiments().unwrap().iter().map(|e| e.name).collect();
    assert_eq!(names, ["calibration-to-accuracy", "settings-search"]);
    let settings = file.settings().unwrap();
    assert_eq!(settings.chips, Some(3));
    // A name that is not known is refused before the values are looked at: of all lists, one is empty.
    for experiment in file.experiments().unwrap() {
        let list = match experiment.name {
            "settings-search" => "strategies",
            _ => "cases",
        };
        let data = small_set::write().unwrap();
        let mut settings = Settings {
            parameters: settings.parameters.clone(),
            ..small_set::settings(&data, 1)
        };
        let given = settings.parameters[experiment.name].as_table_mut().unwrap();
        given.insert(list.to_owned(), toml::Value::Array(Vec::new()));
        let error = experiment
            .run(&settings, &Silent)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(&format!("{list}: is empty")), "{error}");
    }
}
