//! Data from IDX files of any size.

use std::fs;
use std::path::Path;

use bss2_experiments::{Settings, Silent, find, run_study};

use crate::small_set::{self, idx};

#[test]
fn images_of_any_size_are_learned() {
    let data = small_set::write().unwrap();
    let outcome = find("first-study")
        .unwrap()
        .run(&small_set::settings(&data, 1), &Silent)
        .unwrap();
    assert!(outcome.summary["accuracy/float"].value > 90.0);
    assert!(outcome.summary["accuracy/calibrated chip in the loop"].value > 80.0);
}

#[test]
fn corrupt_files_are_named_and_nothing_is_written() {
    let data = small_set::write().unwrap();
    let labels = data.path().join("t10k-labels-idx1-ubyte");
    fs::write(&labels, &fs::read(&labels).unwrap()[..20]).unwrap();

    let parent = tempfile::tempdir().unwrap();
    let settings = small_set::settings(&data, 1);
    let experiment = find("first-study").unwrap();
    let folder = parent.path().join("results");
    let refused = run_study(&[experiment], &settings, &folder, &Silent).unwrap_err();
    let message = refused.to_string();
    assert!(
        message.contains("t10k-labels") && !message.contains('\n'),
        "{message}"
    );
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn data_that_teach_nothing_are_refused() {
    let with_labels = |change: &dyn Fn(u32) -> u8| {
        let data = small_set::write().unwrap();
        for prefix in ["train", "t10k"] {
            let file = data.path().join(format!("{prefix}-labels-idx1-ubyte"));
            let count = fs::read(&file).unwrap().len() as u32 - 8;
            let labels: Vec<u8> = (0..count).map(change).collect();
            fs::write(file, idx(&[count], &labels)).unwrap();
        }
        let settings = small_set::settings(&data, 1);
        let Err(refused) = find("first-study").unwrap().run(&settings, &Silent) else {
            panic!("was not refused");
        };
        refused.to_string()
    };
    let two_far_apart = with_labels(&|i| if i % 2 == 0 { 0 } else { 255 });
    assert!(
        two_far_apart.contains("class 1 of 256 has no training image"),
        "{two_far_apart}"
    );
    let one = with_labels(&|_| 0);
    assert!(one.contains("only one class"), "{one}");
}

/// The real MNIST, where it is at hand: `BSS2_MNIST_DIR`, or the folder of shared data beside the
/// project.
#[test]
#[expect(clippy::print_stderr, reason = "says why it did nothing")]
fn mnist_is_learned_where_it_is_at_hand() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist");
    let folder = std::env::var_os("BSS2_MNIST_DIR").map_or(beside, Into::into);
    if !folder.is_dir() {
        eprintln!(
            "skipped: no MNIST at {} (set BSS2_MNIST_DIR)",
            folder.display()
        );
        return;
    }
    // A part of the training images keeps this short.
    let data = tempfile::tempdir().unwrap();
    let set = bss2_data::Idx::open("mnist", &folder).unwrap();
    let split = bss2_data::Dataset::split(&set).unwrap();
    for (prefix, samples, count) in [("train", &split.train, 2000), ("t10k", &split.test, 500)] {
        let part = samples.take(count);
        let pixels: Vec<u8> = part
            .inputs()
            .iter()
            .map(|x| (x * 255.0).round() as u8)
            .collect();
        let name = |what: &str| data.path().join(format!("{prefix}-{what}-ubyte"));
        fs::write(name("images-idx3"), idx(&[count as u32, 28, 28], &pixels)).unwrap();
        fs::write(name("labels-idx1"), idx(&[count as u32], part.labels())).unwrap();
    }
    let settings = Settings {
        data: Some(data.path().to_owned()),
        chips: Some(1),
        ..Settings::default()
    };
    let outcome = find("first-study")
        .unwrap()
        .run(&settings, &Silent)
        .unwrap();
    assert!(outcome.summary["accuracy/float"].value > 80.0);
    assert!(outcome.summary["accuracy/calibrated chip in the loop"].value > 75.0);
}
