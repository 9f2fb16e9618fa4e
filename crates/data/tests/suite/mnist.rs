//! The real MNIST, where it is at hand.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
};

use bss2_data::{Dataset, Idx, Samples};

const VARIABLE: &str = "BSS2_MNIST_DIR";

#[test]
fn mnist_is_read_whole() {
    let Some(folder) = folder() else {
        // Written past the test harness, which shows the output of failed tests only.
        writeln!(
            io::stderr(),
            "SKIPPED mnist_is_read_whole: set {VARIABLE} to a folder with the four MNIST files"
        )
        .unwrap();
        return;
    };
    let mnist = Idx::open("mnist", &folder).unwrap();
    assert_eq!(mnist.num_classes(), 10);
    let shape = mnist.feature_shape();
    assert_eq!(
        (shape.height(), shape.width(), shape.channels()),
        (28, 28, 1)
    );

    let split = mnist.split().unwrap();
    assert_eq!((split.train.len(), split.test.len()), (60_000, 10_000));
    assert_eq!(split.train.labels()[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(split.test.labels()[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    assert_eq!(
        split.train.class_counts(),
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    );
    assert_eq!(
        split.test.class_counts(),
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    );
    assert!(
        (mean(&split.train) - 0.1307).abs() < 5e-5,
        "{}",
        mean(&split.train)
    );
    assert!(
        (mean(&split.test) - 0.1325).abs() < 5e-5,
        "{}",
        mean(&split.test)
    );
}

/// The folder that the environment names, which then must be there, or the usual one if it exists.
fn folder() -> Option<PathBuf> {
    if let Some(folder) = env::var_os(VARIABLE) {
        return Some(folder.into());
    }
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist");
    usual.is_dir().then_some(usual)
}

fn mean(samples: &Samples) -> f64 {
    let inputs = samples.inputs();
    inputs.iter().copied().map(f64::from).sum::<f64>() / inputs.len() as f64
}
