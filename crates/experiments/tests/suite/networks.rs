//! Networks trained and evaluated on the workbench.

use std::fs;
use std::path::{Path, PathBuf};

use bss2_experiments::workbench::{
    ArrayKind, ChipChoice, EvaluateJob, TrainJob, TrainingWay, read_network, read_recipe,
};
use bss2_experiments::{Budget, DataChoice, ExperimentError, Method, Silent};

const GUIDE: &str = include_str!("../../../../docs/training.md");

/// The guide's examples in TOML.
fn example(number: usize) -> &'static str {
    let example = GUIDE.split("```toml").nth(number + 1).expect("an example");
    example.split("```").next().expect("its end")
}

fn job(folder: &Path, method: Method) -> TrainJob {
    let network = folder.join("network.toml");
    fs::write(&network, example(0)).expect("a folder");
    let budget = Budget {
        digital_epochs: 15,
        array_epochs: 2,
        ..Budget::default()
    };
    TrainJob {
        network,
        data: DataChoice::Digits,
        way: TrainingWay::Method(method, budget),
        chip: ChipChoice::typical(3),
        calibration: None,
        weights: None,
        validation_one_in: Some(5),
        seed: 1,
        out: folder.join("trained"),
    }
}

fn evaluated(
    network: PathBuf,
    weights: PathBuf,
    array: ArrayKind,
) -> Result<String, ExperimentError> {
    let job = EvaluateJob {
        network,
        weights,
        data: DataChoice::Digits,
        array,
        chip: ChipChoice::typical(3),
        calibration: None,
        seed: 1,
    };
    Ok(job.run()?.totals)
}

/// What stands before the first "%".
fn percent(totals: &str) -> f64 {
    let number = totals.split('%').next().expect("a number").trim();
    let number = number.rsplit(' ').next().expect("a number");
    number.parse().expect("a number")
}

#[test]
fn the_examples_of_the_guide_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let [network, recipe] = ["network.toml", "recipe.toml"].map(|name| folder.path().join(name));
    fs::write(&network, example(0)).unwrap();
    fs::write(&recipe, example(1)).unwrap();
    read_network(&network).unwrap().build(1).unwrap();
    read_recipe(&recipe).unwrap().check().unwrap();
}

#[test]
fn what_was_trained_is_evaluated_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), Method::InTheLoop);
    let report = job.run(&Silent).unwrap();
    let out = |name: &str| job.out.join(name);
    for name in [
        "index.html",
        "network.toml",
        "weights.safetensors",
        "digital.safetensors",
        "learning.csv",
        "confusion.csv",
        "configuration.toml",
    ] {
        assert!(out(name).is_file(), "{name}");
    }
    assert!(!folder.path().join("trained.checkpoint").exists());
    let again = evaluated(
        out("network.toml"),
        out("weights.safetensors"),
        ArrayKind::Chip,
    );
    assert_eq!(percent(&again.unwrap()), percent(&report.totals));
    // Before the loop, the same network is nothing on this uncalibrated chip, and works on an ideal one.
    let digital = |array| evaluated(job.network.clone(), out("digital.safetensors"), array);
    let [on_chip, ideal] =
        [ArrayKind::Chip, ArrayKind::Ideal].map(|a| percent(&digital(a).unwrap()));
    assert!(on_chip + 10.0 < percent(&report.totals), "{on_chip}");
    assert!(ideal > 80.0, "{ideal}");
}

#[test]
fn a_training_repeats_bit_for_bit() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let written = folders.each_ref().map(|folder| {
        let job = job(folder.path(), Method::VarianceAware);
        job.run(&Silent).unwrap();
        fs::read(job.out.join("weights.safetensors")).unwrap()
    });
    assert!(written[0] == written[1]);
}

#[test]
fn networks_that_do_not_fit_the_data_and_foreign_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), Method::Float);
    let yin_yang = TrainJob {
        data: DataChoice::YinYang,
        ..job.clone()
    };
    let refused = yin_yang.run(&Silent).unwrap_err().to_string();
    assert!(refused.contains("inputs of 64"), "{refused}");
    fs::create_dir(&job.out).unwrap();
    fs::write(job.out.join("thesis.tex"), "my own").unwrap();
    let refused = job.run(&Silent).unwrap_err();
    assert!(matches!(refused, ExperimentError::ForeignFolder { .. }));
    job.network = folder.path().join("nowhere.toml");
    assert!(matches!(
        job.run(&Silent).unwrap_err(),
        ExperimentError::Read { .. }
    ));
}
