//! Networks trained and evaluated on the workbench.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bss2_experiments::workbench::{
    ArrayKind, ChipChoice, EvaluateJob, TrainJob, TrainingWay, read_network, read_recipe,
};
use bss2_experiments::{Budget, DataChoice, ExperimentError, Method, Progress, Silent, Task};

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
    let path = folder.path().join("example.toml");
    for number in 0..3 {
        fs::write(&path, example(number)).unwrap();
        read_network(&path).unwrap().build(1).unwrap();
    }
    fs::write(&path, example(3)).unwrap();
    read_recipe(&path).unwrap().check().unwrap();
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
    // Weights in units that are not the description's would give chance.
    for (network, weights) in [
        (out("network.toml"), out("digital.safetensors")),
        (job.network.clone(), out("weights.safetensors")),
    ] {
        let refused = evaluated(network.clone(), weights.clone(), ArrayKind::Chip);
        assert!(matches!(refused, Err(ExperimentError::OtherUnits { .. })));
        let further = TrainJob {
            network,
            weights: Some(weights),
            way: without_digital_stage(),
            out: folder.path().join("further"),
            ..job.clone()
        };
        let refused = further.run(&Silent);
        assert!(matches!(refused, Err(ExperimentError::OtherUnits { .. })));
    }
}

/// Training in the loop, and nothing before.
fn without_digital_stage() -> TrainingWay {
    let budget = Budget {
        digital_epochs: 0,
        array_epochs: 1,
        ..Budget::default()
    };
    TrainingWay::Method(Method::InTheLoop, budget)
}

#[test]
fn a_trained_network_is_trained_further_in_its_own_units_alone() {
    let folder = tempfile::tempdir().unwrap();
    let first = job(folder.path(), Method::Float);
    first.run(&Silent).unwrap();
    let further = TrainJob {
        network: first.out.join("network.toml"),
        weights: Some(first.out.join("weights.safetensors")),
        way: without_digital_stage(),
        out: folder.path().join("further"),
        ..first.clone()
    };
    for refused in [
        TrainJob {
            way: first.way.clone(),
            ..further.clone()
        },
        TrainJob {
            weights: None,
            ..further.clone()
        },
    ] {
        let refused = refused.run(&Silent).unwrap_err();
        assert!(
            matches!(refused, ExperimentError::ArrayUnits { .. }),
            "{refused}"
        );
    }
    // It would be replaced while it is read.
    let refused = TrainJob {
        out: first.out.clone(),
        ..further.clone()
    };
    let refused = refused.run(&Silent).unwrap_err();
    assert!(
        matches!(refused, ExperimentError::ReadFromResults { .. }),
        "{refused}"
    );
    let report = further.run(&Silent).unwrap();
    assert!(!report.totals.contains("digitally"), "{}", report.totals);
    assert!(!further.out.join("digital.safetensors").exists());
    assert!(first.out.join("network.toml").exists());
}

/// Panics after some steps, as if the power had failed, and counts steps that are skipped.
struct PowerFailure {
    after: u64,
    skipped: &'static AtomicU64,
}

struct Steps {
    left: AtomicU64,
    skipped: &'static AtomicU64,
}

impl Progress for PowerFailure {
    fn begin(&self, _name: &str, _steps: u64) -> Box<dyn Task> {
        Box::new(Steps {
            left: AtomicU64::new(self.after),
            skipped: self.skipped,
        })
    }
}

impl Task for Steps {
    fn step(&self, _what: &str) {
        let left = self.left.fetch_sub(1, Ordering::Relaxed);
        assert!(left > 1, "no power");
    }

    fn skip(&self, steps: u64) {
        self.skipped.fetch_add(steps, Ordering::Relaxed);
    }
}

#[test]
fn an_interrupted_training_continues_and_says_so_also_with_a_slash_behind_its_folder() {
    static SKIPPED: AtomicU64 = AtomicU64::new(0);
    let power_failure = |after| PowerFailure {
        after,
        skipped: &SKIPPED,
    };
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [whole, interrupted] = folders.each_ref().map(|folder| TrainJob {
        out: folder.path().join("trained/"),
        ..job(folder.path(), Method::InTheLoop)
    });
    let report = whole.run(&power_failure(1000)).unwrap();
    assert_eq!(report.continued_after, None);
    assert_eq!(SKIPPED.load(Ordering::Relaxed), 0);

    let run = || interrupted.run(&power_failure(16));
    catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert!(folders[1].path().join("trained.checkpoint").is_file());
    assert!(!folders[1].path().join("trained").exists());
    let report = interrupted.run(&power_failure(1000)).unwrap();
    assert_eq!(report.continued_after, Some(16));
    assert_eq!(SKIPPED.load(Ordering::Relaxed), 16);
    let weights = |job: &TrainJob| fs::read(job.out.join("weights.safetensors")).unwrap();
    assert!(weights(&interrupted) == weights(&whole));
    assert!(!folders[1].path().join("trained.checkpoint").exists());
}

#[test]
fn too_few_validation_samples_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let job = TrainJob {
        validation_one_in: Some(1000),
        ..job(folder.path(), Method::Float)
    };
    let refused = job.run(&Silent).unwrap_err().to_string();
    assert!(
        refused.contains("validation_one_in = 1000 is outside 2…"),
        "{refused}"
    );
}

#[test]
fn only_chips_are_calibrated() {
    let folder = tempfile::tempdir().unwrap();
    let job = EvaluateJob {
        network: folder.path().join("n"),
        weights: folder.path().join("w"),
        data: DataChoice::Digits,
        array: ArrayKind::Mock,
        chip: ChipChoice::typical(3),
        calibration: Some(folder.path().join("c")),
        seed: 1,
    };
    let refused = job.run().unwrap_err();
    assert!(
        matches!(refused, ExperimentError::NotOfArray { .. }),
        "{refused}"
    );
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
    fs::remove_dir_all(&job.out).unwrap();
    job.network = folder.path().join("nowhere.toml");
    assert!(matches!(
        job.run(&Silent).unwrap_err(),
        ExperimentError::Read { .. }
    ));
}
