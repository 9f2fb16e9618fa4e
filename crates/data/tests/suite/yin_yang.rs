//! The generated Yin-Yang samples.

use bss2_data::{Dataset, Samples, Split, YinYang};
use proptest::prelude::*;

fn split(train: usize, test: usize, seed: u64) -> Split {
    YinYang::new(train, test, seed).unwrap().split().unwrap()
}

/// Mean of the first two features over one class.
fn centre(samples: &Samples, label: u8) -> [f64; 2] {
    let rows = samples.inputs().rows().into_iter().zip(samples.labels());
    let members: Vec<_> = rows
        .filter(|(_, found)| **found == label)
        .map(|(row, _)| row)
        .collect();
    [0, 1].map(|axis| {
        let sum: f64 = members.iter().map(|row| f64::from(row[axis])).sum();
        sum / members.len() as f64
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_sample_lies_in_its_class_and_is_mirrored(
        train in 1_usize..200,
        test in 1_usize..200,
        seed: u64,
    ) {
        let split = split(train, test, seed);
        prop_assert_eq!((split.train.len(), split.test.len()), (train, test));
        for side in [&split.train, &split.test] {
            for (row, &label) in side.inputs().rows().into_iter().zip(side.labels()) {
                let [x, y] = [f64::from(row[0]), f64::from(row[1])];
                prop_assert_eq!(YinYang::class_at(x, y), Some(label));
                prop_assert_eq!([f64::from(row[2]), f64::from(row[3])], [1.0 - x, 1.0 - y]);
            }
        }
    }
}

#[test]
fn classes_are_balanced() {
    let split = split(30_000, 3_000, 7);
    // Standard deviations of 82 and 26: five of them.
    for (side, expected, margin) in [(&split.train, 10_000, 410), (&split.test, 1_000, 130)] {
        let counts = side.class_counts();
        assert_eq!(counts.len(), 3);
        assert!(
            counts.iter().all(|count| count.abs_diff(expected) < margin),
            "{counts:?}"
        );
    }
}

#[test]
fn points_fill_their_class_evenly() {
    let samples = split(30_000, 1, 9).train;
    let [x, y] = centre(&samples, 2);
    assert!(
        (x - 0.5).abs() < 0.015 && (y - 0.5).abs() < 0.003,
        "dots at {x}, {y}"
    );
    // The two halves of the sign are each other turned about its centre.
    let (yin, yang) = (centre(&samples, 0), centre(&samples, 1));
    for axis in [0, 1] {
        assert!(
            (yin[axis] + yang[axis] - 1.0).abs() < 0.012,
            "{yin:?} {yang:?}"
        );
    }
    assert!(yang[1] > 0.55 && yin[1] < 0.45, "{yin:?} {yang:?}");
    let small = samples
        .inputs()
        .column(0)
        .iter()
        .filter(|&&x| x < 0.01)
        .count();
    assert!(small > 0, "the left rim is never reached");
}

#[test]
fn seeds_and_sides_differ() {
    let first = split(100, 100, 1);
    assert_eq!(first, split(100, 100, 1));
    assert_ne!(first.train, first.test);
    let second = split(100, 100, 2);
    assert_ne!(first.train, second.train);
    assert_ne!(first.test, second.test);
}

#[test]
fn a_smaller_set_is_the_start_of_a_larger_one() {
    let (small, large) = (split(10, 20, 3), split(50, 40, 3));
    assert_eq!(small.train, large.train.take(10));
    assert_eq!(small.test, large.test.take(20));
}
