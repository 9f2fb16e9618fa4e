//! Where searches set out.

use super::*;

fn first_values(search: &Named, problem: &Problem<'_>) -> Vec<i32> {
    let (_, records) = run(search, problem, |_, value| f64::from(value));
    records[0].0.clone()
}

fn noisy(seed: u64) -> Named {
    ("noisy binary", Box::new(NoisyBinarySearch { seed }))
}

#[test]
fn noisy_starts_are_evenly_spread_around_the_middle() {
    let targets = vec![0.0; 1024];
    let problem = Problem::new(0..=1022, Slope::Rising, &targets).unwrap();
    for seed in 0..20 {
        let mut shares = [0; 11];
        for value in first_values(&noisy(seed), &problem) {
            shares[usize::try_from(value - 511 + 5).unwrap()] += 1;
        }
        // 93 expected, σ = 9.2.
        assert!(
            shares.iter().all(|share| (47..=139).contains(share)),
            "{shares:?}"
        );
    }
}

#[test]
fn the_seed_alone_decides_the_noisy_starts() {
    let targets = vec![0.0; 64];
    let problem = Problem::new(0..=1022, Slope::Rising, &targets).unwrap();
    let starts = first_values(&noisy(7), &problem);
    assert_eq!(starts, first_values(&noisy(7), &problem));
    for seed in [0, 1, 6, 8, u64::MAX] {
        assert_ne!(starts, first_values(&noisy(seed), &problem));
    }
    // An instance keeps its start, however many others there are.
    let fewer = Problem::new(0..=1022, Slope::Falling, &targets[..10]).unwrap();
    assert_eq!(starts[..10], first_values(&noisy(7), &fewer));
}

#[test]
fn noisy_starts_keep_their_values() {
    let problem = Problem::new(0..=1022, Slope::Rising, &[0.0; 8]).unwrap();
    let starts = first_values(&noisy(7), &problem);
    assert_eq!(starts, [515, 512, 516, 507, 513, 511, 509, 513]);
}

#[test]
fn noisy_starts_stay_in_a_narrow_range() {
    let targets = vec![0.0; 64];
    let problem = Problem::new(10..=13, Slope::Rising, &targets).unwrap();
    let starts = first_values(&noisy(7), &problem);
    for value in 10..=13 {
        assert!(starts.contains(&value), "{value}");
    }
}

#[test]
fn predictions_and_the_linear_search_set_out_from_the_start() {
    let starts = [3, 60, 0, 63];
    let problem = Problem::new(0..=63, Slope::Rising, &[32.0; 4]).unwrap();
    let started = problem.clone().starting_at(&starts).unwrap();
    for search in every_search(1.0, Slope::Rising) {
        let (found, records) = run(&search, &started, |_, value| f64::from(value));
        if search.0.contains("binary") {
            assert_eq!(records[0].0, first_values(&search, &problem));
        } else {
            assert_eq!(records[0].0, starts, "{}", search.0);
            assert_eq!(first_values(&search, &problem), [31; 4], "{}", search.0);
        }
        assert_eq!(found.values, [32; 4], "{}", search.0);
    }
}

#[test]
fn starts_are_one_per_instance_within_the_range() {
    let refused = |option, value, min, max| {
        Err(CalibrationError::OptionOutOfRange {
            option,
            value,
            min,
            max,
        })
    };
    let problem = Problem::new(10..=20, Slope::Rising, &[0.0; 2]).unwrap();
    let start = |values| problem.clone().starting_at(values).map(|p| p.starts());
    assert_eq!(start(&[10, 20]), Ok(vec![10, 20]));
    assert_eq!(start(&[10]), refused("number of starts", 1.0, 2.0, 2.0));
    assert_eq!(start(&[10; 3]), refused("number of starts", 3.0, 2.0, 2.0));
    assert_eq!(start(&[10, 9]), refused("start", 9.0, 10.0, 20.0));
    assert_eq!(start(&[21, 10]), refused("start", 21.0, 10.0, 20.0));
}

#[test]
fn a_linear_search_moves_step_by_step_and_goes_back_to_its_best() {
    let starts = [40, 20, 30, 2];
    let targets = [33.0, 24.0, 100.0, -4.0];
    let problem = Problem::new(0..=63, Slope::Rising, &targets).unwrap();
    let problem = problem.starting_at(&starts).unwrap();
    let search = LinearSearch { step: 3, steps: 4 };
    let (found, records) = run(&("linear", Box::new(search)), &problem, |_, value| {
        f64::from(value)
    });
    let values: Vec<Vec<i32>> = records.into_iter().map(|(values, _)| values).collect();
    let expected = [
        [40, 20, 30, 2],
        [37, 23, 33, 0],
        [34, 26, 36, 0],
        [31, 23, 39, 0],
    ];
    assert_eq!(values, expected);
    assert_eq!(found.values, [34, 23, 39, 0]);
    assert_eq!(found.inside, [true, true, true, false]);
    assert_eq!(found.measurements, 4);
}

#[test]
fn a_linear_search_ends_when_all_are_done() {
    let starts = [30, 30];
    for (targets, measurements) in [
        ([30.0, 30.0], 1),
        ([30.2, 30.0], 2),
        ([30.2, 27.4], 4),
        ([30.2, 1e9], 7),
    ] {
        let problem = Problem::new(0..=63, Slope::Rising, &targets).unwrap();
        let problem = problem.starting_at(&starts).unwrap();
        let search = LinearSearch { step: 1, steps: 7 };
        let (found, _) = run(&("linear", Box::new(search)), &problem, |_, value| {
            f64::from(value)
        });
        assert_eq!(found.measurements, measurements, "{targets:?}");
    }
}
