//! Responses that follow the slope.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn every_search_finds_the_nearest_value_of_a_linear_response(
        min in -2000_i32..2000,
        count in 1_i32..1100,
        places in prop::collection::vec(0.0_f64..=1.0, 1..20),
        gain in 0.1_f64..10.0,
        falling: bool,
    ) {
        let slope = slope(falling);
        let zeros: Vec<f64> =
            places.iter().map(|place| f64::from(min) + place * f64::from(count - 1)).collect();
        let targets = vec![0.0; zeros.len()];
        let problem = Problem::new(range(min, count), slope, &targets).unwrap();
        for search in every_search(gain, slope) {
            let (found, _) = run(&search, &problem, |instance, value| {
                signed(gain, slope) * (f64::from(value) - zeros[instance])
            });
            for (value, zero) in found.values.iter().zip(&zeros) {
                let distance = (f64::from(*value) - zero).abs();
                prop_assert!(distance <= 0.5 + 1e-9, "{}: {value} for {zero}", search.0);
            }
        }
    }

    #[test]
    fn what_is_measured_may_have_any_monotonic_shape(
        min in -2000_i32..2000,
        // Flat in places, steep in others.
        rises in prop::collection::vec(prop_oneof![2 => Just(0.0), 1 => 0.0_f64..10.0], 1..300),
        places in prop::collection::vec(0.0_f64..=1.0, 1..20),
        falling: bool,
    ) {
        let slope = slope(falling);
        let mut level = 0.0;
        let levels: Vec<f64> = rises.iter().map(|rise| {
            level += rise;
            signed(level, slope)
        }).collect();
        let targets: Vec<f64> = places.iter().map(|place| place * levels[levels.len() - 1]).collect();
        let problem = Problem::new(range(min, rises.len() as i32), slope, &targets).unwrap();
        for search in measuring() {
            let at = |value: i32| levels[(value - min) as usize];
            let (found, _) = run(&search, &problem, |_, value| at(value));
            for (value, target) in found.values.iter().zip(&targets) {
                let nearest = levels.iter().map(|&l| error(l, *target)).fold(f64::INFINITY, f64::min);
                prop_assert_eq!(error(at(*value), *target), nearest, "{}", search.0);
            }
        }
    }

    #[test]
    fn what_is_measured_may_saturate(zeros in prop::collection::vec(0.0_f64..=1022.0, 1..20)) {
        let targets = vec![0.0; zeros.len()];
        let problem = Problem::new(0..=1022, Slope::Rising, &targets).unwrap();
        for search in measuring() {
            let (found, _) = run(&search, &problem, |instance, value| {
                (f64::from(value) - zeros[instance]).clamp(-20.0, 20.0)
            });
            for (value, zero) in found.values.iter().zip(&zeros) {
                let distance = (f64::from(*value) - zero).abs();
                prop_assert!(distance <= 0.5 + 1e-9, "{}: {value} for {zero}", search.0);
            }
        }
    }
}

#[test]
fn every_value_of_every_small_range_is_reached() {
    for slope in [Slope::Rising, Slope::Falling] {
        for count in (1..=140).chain([255, 256, 257, 1022, 1023, 1024, 1025]) {
            let wanted: Vec<i32> = range(-7, count).collect();
            let targets: Vec<f64> = wanted
                .iter()
                .map(|&value| signed(f64::from(value), slope))
                .collect();
            let problem = Problem::new(range(-7, count), slope, &targets).unwrap();
            for search in every_search(1.0, slope) {
                let (found, _) = run(&search, &problem, |_, value| {
                    signed(f64::from(value), slope)
                });
                assert_eq!(found.values, wanted, "{} of {count} values", search.0);
                let inside: Vec<bool> = wanted
                    .iter()
                    .map(|&value| value > -7 && value < -7 + count - 1)
                    .collect();
                assert_eq!(found.inside, inside, "{} of {count} values", search.0);
            }
        }
    }
}

#[test]
fn ranges_at_the_ends_of_the_integers_are_ranges() {
    for range in [i32::MIN..=i32::MIN + 9, i32::MAX - 9..=i32::MAX] {
        let wanted: Vec<i32> = range.clone().collect();
        let targets: Vec<f64> = wanted.iter().copied().map(f64::from).collect();
        let problem = Problem::new(range, Slope::Rising, &targets).unwrap();
        for search in every_search(1.0, Slope::Rising) {
            let (found, _) = run(&search, &problem, |_, value| f64::from(value));
            assert_eq!(found.values, wanted, "{}", search.0);
        }
    }
}

#[test]
fn a_coarse_response_is_met_as_well_as_it_can_be() {
    // Eight values share a response.
    let coarse = |value: i32| f64::from(value.div_euclid(8));
    let targets: Vec<f64> = (0..=60).map(|i| f64::from(i) / 4.0).collect();
    let problem = Problem::new(0..=127, Slope::Rising, &targets).unwrap();
    for search in measuring() {
        let (found, _) = run(&search, &problem, |_, value| coarse(value));
        for (&value, &target) in found.values.iter().zip(&targets) {
            assert_eq!(
                (coarse(value) - target).abs(),
                (target.round() - target).abs(),
                "{}: {value} for {target}",
                search.0
            );
        }
    }
}

#[test]
fn out_of_reach_ends_at_the_boundary_and_is_reported() {
    for slope in [Slope::Rising, Slope::Falling] {
        for count in [2, 3, 63, 64, 65, 1023] {
            let end = f64::from(count - 1);
            let zeros = [-1000.0, -0.9, end + 0.9, end + 1000.0];
            let problem = Problem::new(range(0, count), slope, &[0.0; 4]).unwrap();
            let line =
                |instance: usize, value: i32| signed(f64::from(value) - zeros[instance], slope);
            for search in every_search(1.0, slope) {
                let (found, _) = run(&search, &problem, line);
                assert_eq!(found.values, [0, 0, count - 1, count - 1], "{}", search.0);
                assert_eq!(found.inside, [false; 4], "{}", search.0);
            }
            for search in measuring() {
                let (found, _) = run(&search, &problem, |i, v| line(i, v).clamp(-0.5, 0.5));
                assert_eq!(found.values, [0, 0, count - 1, count - 1], "{}", search.0);
                assert_eq!(found.inside, [false; 4], "{}", search.0);
            }
        }
    }
}

#[test]
fn infinite_responses_are_very_large_and_very_small_ones() {
    let answers = [f64::INFINITY, f64::NEG_INFINITY];
    for (slope, ends) in [(Slope::Rising, [0, 63]), (Slope::Falling, [63, 0])] {
        let problem = Problem::new(0..=63, slope, &[0.0; 2]).unwrap();
        for search in every_search(1.0, slope) {
            let (found, _) = run(&search, &problem, |instance, _| answers[instance]);
            assert_eq!(found.values, ends, "{}", search.0);
            assert_eq!(found.inside, [false; 2], "{}", search.0);
        }
    }
}
