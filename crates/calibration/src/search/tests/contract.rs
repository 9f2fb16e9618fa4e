//! What holds for every search, whatever the responses.

use proptest::prelude::*;

use super::*;

/// The last measurements among which a search takes the best; none for one that predicts.
fn candidates(name: &str) -> Option<usize> {
    match name {
        "binary" => Some(3),
        "noisy binary" | "another noisy binary" => Some(4),
        "linear" => Some(usize::MAX),
        _ => None,
    }
}

proptest! {
    #[test]
    fn every_search_reports_the_best_of_its_candidates(
        seed: u64, min in -100_i32..100, count in 1_i32..300, instances in 1_usize..20, falling: bool,
    ) {
        let slope = slope(falling);
        let targets: Vec<f64> = (0..instances).map(|i| 2.0 * even(seed, i as u64)).collect();
        let problem = Problem::new(range(min, count), slope, &targets).unwrap();
        for search in every_search(0.1, slope) {
            let (found, records) = run(&search, &problem, |i, value| wild(seed, i, value));
            for (i, (&value, &target)) in found.values.iter().zip(&targets).enumerate() {
                let (reported, best) = if let Some(candidates) = candidates(search.0) {
                    let competing = &records[records.len().saturating_sub(candidates)..];
                    prop_assert!(competing.iter().any(|(values, _)| values[i] == value));
                    let errors = competing.iter().map(|(_, responses)| error(responses[i], target));
                    let reported = error(wild(seed, i, value), target);
                    (reported, errors.fold(f64::INFINITY, f64::min))
                } else {
                    let (start, response) = (records[0].0[i], records[0].1[i]);
                    let predicted = |value: i32| {
                        error(response + signed(0.1, slope) * f64::from(value - start), target)
                    };
                    let errors = range(min, count).map(predicted);
                    (predicted(value), errors.fold(f64::INFINITY, f64::min) + 1e-9)
                };
                prop_assert!(reported <= best, "{}: {value} for {target}", search.0);
            }
        }
    }

    #[test]
    fn instances_do_not_know_of_each_other(
        seed: u64, other: u64, count in 1_i32..300, instances in 2_usize..20, falling: bool,
    ) {
        let slope = slope(falling);
        let targets = vec![0.5; instances];
        let problem = Problem::new(range(0, count), slope, &targets).unwrap();
        for search in every_search(0.1, slope) {
            let (together, _) = run(&search, &problem, |i, value| wild(seed, i, value));
            for one in 0..instances {
                let (among_others, _) = run(&search, &problem, |i, value| {
                    wild(if i == one { seed } else { other }, i, value)
                });
                prop_assert_eq!(among_others.values[one], together.values[one]);
                prop_assert_eq!(among_others.inside[one], together.inside[one]);
            }
        }
    }

    #[test]
    fn searching_many_together_is_searching_each_alone(
        seed: u64, places in prop::collection::vec((0_i32..300, -2.0_f64..2.0), 1..20), falling: bool,
    ) {
        let slope = slope(falling);
        let (starts, targets): (Vec<i32>, Vec<f64>) = places.into_iter().unzip();
        let problem = Problem::new(0..=299, slope, &targets).unwrap().starting_at(&starts).unwrap();
        // A noisy start belongs to the place of an instance, so it is none here.
        let searches = every_search(0.1, slope);
        for search in searches.iter().filter(|(name, _)| !name.contains("noisy")) {
            let (together, _) = run(search, &problem, |i, value| wild(seed, i, value));
            for i in 0..targets.len() {
                let (target, start) = (targets[i..=i].to_vec(), starts[i..=i].to_vec());
                let problem =
                    Problem::new(0..=299, slope, &target).unwrap().starting_at(&start).unwrap();
                let (alone, _) = run(search, &problem, |_, value| wild(seed, i, value));
                prop_assert_eq!(alone.values[0], together.values[i], "{}", search.0);
                prop_assert_eq!(alone.inside[0], together.inside[i], "{}", search.0);
            }
        }
    }

    #[test]
    fn the_same_search_finds_the_same(seed: u64, count in 1_i32..300, falling: bool) {
        let slope = slope(falling);
        let problem = Problem::new(range(0, count), slope, &[0.5; 9]).unwrap();
        let once = || -> Vec<_> {
            every_search(0.1, slope)
                .iter()
                .map(|search| {
                    let (found, records) = run(search, &problem, |i, value| wild(seed, i, value));
                    (found, records.into_iter().map(|(values, _)| values).collect::<Vec<_>>())
                })
                .collect()
        };
        prop_assert_eq!(once(), once());
    }
}

#[test]
fn measurements_are_as_many_as_documented() {
    let logarithms = [
        (1, 0),
        (2, 1),
        (3, 2),
        (4, 2),
        (5, 3),
        (8, 3),
        (64, 6),
        (65, 7),
        (1023, 10),
        (1024, 10),
        (1 << 24, 24),
    ];
    for (count, bits) in logarithms {
        let problem = Problem::new(range(-5, count), Slope::Rising, &[0.3; 3]).unwrap();
        let expected = |name: &str| match name {
            "binary" => Some(bits + 2),
            "noisy binary" | "another noisy binary" => Some(bits + 3),
            "linear prediction" => Some(1),
            // Its table of 2²⁴ values takes long.
            "polynomial prediction" if bits < 24 => Some(1),
            _ => None,
        };
        for search in every_search(1.0, Slope::Rising) {
            if let Some(expected) = expected(search.0) {
                let (found, _) = run(&search, &problem, |_, value| f64::from(value));
                assert_eq!(found.measurements, expected, "{} of {count}", search.0);
            }
        }
    }
}

#[test]
fn a_search_over_no_instances_finds_nothing() {
    let problem = Problem::new(0..=63, Slope::Rising, &[]).unwrap();
    for search in every_search(1.0, Slope::Rising) {
        let (found, _) = run(&search, &problem, |_, _| 0.0);
        assert_eq!(found.values, [], "{}", search.0);
    }
}

#[test]
fn a_refused_measurement_ends_every_search() {
    let refusal = CalibrationError::Range { min: 1, max: 0 };
    let problem = Problem::new(0..=63, Slope::Rising, &[0.0]).unwrap();
    for (name, search) in every_search(1.0, Slope::Rising) {
        let mut calls = 0;
        let result = search.search(&problem, &mut |_, _| {
            calls += 1;
            Err(refusal.clone())
        });
        assert_eq!((result, calls), (Err(refusal.clone()), 1), "{name}");
    }
}
