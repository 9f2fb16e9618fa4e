//! docs/experiments.md tells what is true.

use std::fs;

use bss2_experiments::{EXPERIMENTS, StudyFile};

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
    assert_eq!(file.settings().unwrap().chips, Some(3));
}
