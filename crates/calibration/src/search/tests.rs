//! Each search alone, on made-up responses.

use std::ops::RangeInclusive;

use bss2_core::random::derive_seed;

use super::*;

mod contract;
mod misleading;
mod monotonic;
mod noise;
mod options;
mod polynomial;
mod starts;

/// A search with its name.
type Named = (&'static str, Box<dyn SearchAlgorithm>);

/// The searches that follow what they measure.
fn measuring() -> Vec<Named> {
    let far = LinearSearch {
        step: 1,
        steps: 2000,
    };
    vec![
        ("binary", Box::new(BinarySearch)),
        ("noisy binary", Box::new(NoisyBinarySearch { seed: 1 })),
        (
            "another noisy binary",
            Box::new(NoisyBinarySearch { seed: 2 }),
        ),
        ("linear", Box::new(far)),
    ]
}

/// The searches that measure once, for a response that changes by `gain` > 0 along the slope.
fn predicting(gain: f64, slope: Slope) -> Vec<Named> {
    let line = LinearPrediction {
        response_per_step: gain,
    };
    let polynomial = PolynomialPrediction {
        coefficients: vec![signed(gain, slope)],
    };
    vec![
        ("linear prediction", Box::new(line)),
        ("polynomial prediction", Box::new(polynomial)),
    ]
}

/// Every search of the crate.
fn every_search(gain: f64, slope: Slope) -> Vec<Named> {
    let mut searches = measuring();
    searches.extend(predicting(gain, slope));
    searches
}

fn signed(gain: f64, slope: Slope) -> f64 {
    match slope {
        Slope::Rising => gain,
        Slope::Falling => -gain,
    }
}

fn slope(falling: bool) -> Slope {
    if falling {
        Slope::Falling
    } else {
        Slope::Rising
    }
}

/// One measurement: values and responses of all instances.
type Record = (Vec<i32>, Vec<f64>);

/// Runs a search on the response of each (instance, value) and keeps what it measured.
///
/// Checks what holds for any search on any response: it stays within the range, answers for every
/// instance, and counts its measurements.
fn run(
    (name, search): &Named,
    problem: &Problem<'_>,
    mut response: impl FnMut(usize, i32) -> f64,
) -> (SearchOutcome, Vec<Record>) {
    let instances = problem.targets().len();
    let range = problem.min()..=problem.max();
    let mut records: Vec<Record> = Vec::new();
    let outcome = search
        .search(problem, &mut |values, responses| {
            assert_eq!(
                (values.len(), responses.len()),
                (instances, instances),
                "{name}"
            );
            for (instance, (value, answer)) in values.iter().zip(&mut *responses).enumerate() {
                assert!(range.contains(value), "{name} measures at {value}");
                *answer = response(instance, *value);
            }
            records.push((values.to_vec(), responses.to_vec()));
            Ok(())
        })
        .unwrap();
    assert_eq!(outcome.values.len(), instances, "{name}");
    assert_eq!(outcome.inside.len(), instances, "{name}");
    assert_eq!(outcome.measurements, records.len(), "{name}");
    for (value, inside) in outcome.values.iter().zip(&outcome.inside) {
        assert!(range.contains(value), "{name} reports {value}");
        let at_an_end = [problem.min(), problem.max()].contains(value);
        assert!(!(at_an_end && *inside), "{name} takes {value} for inside");
    }
    (outcome, records)
}

/// Distance from the target, no number being the furthest.
fn error(response: f64, target: f64) -> f64 {
    let error = (response - target).abs();
    if error.is_nan() { f64::INFINITY } else { error }
}

/// Evenly drawn from −1…1 by a key.
fn even(seed: u64, index: u64) -> f64 {
    derive_seed(seed, index) as f64 / u64::MAX as f64 * 2.0 - 1.0
}

/// Any response at all: no order in the values, flat in places, infinite or missing now and then.
fn wild(seed: u64, instance: usize, value: i32) -> f64 {
    let draw = derive_seed(derive_seed(seed, instance as u64), value as u64);
    match draw % 16 {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => f64::NEG_INFINITY,
        3..8 => f64::from((draw >> 8) as i8 / 32),
        _ => even(draw, 0) * 4.0,
    }
}

/// A range of `count` values.
fn range(min: i32, count: i32) -> RangeInclusive<i32> {
    min..=min + (count - 1)
}
