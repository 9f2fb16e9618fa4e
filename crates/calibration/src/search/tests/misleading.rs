//! Responses that do not follow the slope, or are none.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_response_that_runs_the_other_way_leads_to_an_end_and_is_reported(
        count in 1_i32..1100,
        // Between values, so that none is met by luck.
        steps in prop::collection::vec(-50_i32..1150, 1..20),
        falling: bool,
    ) {
        let slope = slope(falling);
        let targets = vec![0.0; steps.len()];
        let problem = Problem::new(range(0, count), slope, &targets).unwrap();
        for search in measuring() {
            let (found, _) = run(&search, &problem, |instance, value| {
                -signed(f64::from(value - steps[instance]) - 0.3, slope)
            });
            prop_assert!(found.inside.iter().all(|inside| !inside), "{}", search.0);
        }
        // One measurement cannot tell; `run` sees that the range is kept.
        for search in predicting(1.0, slope) {
            run(&search, &problem, |instance, value| {
                -signed(f64::from(value - steps[instance]) - 0.3, slope)
            });
        }
    }

    #[test]
    fn a_response_with_a_turning_point_does_no_harm(
        turn in 0_i32..64, target in -10.0_f64..4000.0, falling: bool,
    ) {
        let slope = slope(falling);
        let targets = [target];
        let problem = Problem::new(0..=63, slope, &targets).unwrap();
        for search in every_search(10.0, slope) {
            let (found, records) = run(&search, &problem, |_, value| {
                f64::from((value - turn).pow(2))
            });
            if found.measurements > 1 {
                prop_assert!(records.iter().any(|(values, _)| *values == found.values));
            }
        }
    }
}

#[test]
fn responses_that_are_no_numbers_move_nothing() {
    let starts = [7, 50];
    for targets in [[0.0; 2], [f64::NAN; 2], [f64::INFINITY; 2]] {
        let problem = Problem::new(0..=63, Slope::Rising, &targets).unwrap();
        let problem = problem.starting_at(&starts).unwrap();
        for search in every_search(1.0, Slope::Rising) {
            let (found, records) = run(&search, &problem, |_, _| f64::NAN);
            assert_eq!(found.values, records[0].0, "{}", search.0);
        }
    }
}

#[test]
fn one_missing_response_is_made_up_for() {
    let problem = Problem::new(0..=63, Slope::Rising, &[40.2]).unwrap();
    for search in measuring() {
        let mut measurement = 0;
        let (found, _) = run(&search, &problem, |_, value| {
            measurement += 1;
            if measurement == 7 {
                f64::NAN
            } else {
                f64::from(value)
            }
        });
        assert_eq!(found.values, [40], "{}", search.0);
    }
}

#[test]
fn targets_that_are_no_numbers_do_no_harm() {
    let targets = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let problem = Problem::new(0..=63, Slope::Rising, &targets).unwrap();
    for search in every_search(1.0, Slope::Rising) {
        let (found, records) = run(&search, &problem, |_, value| f64::from(value));
        let first = records[0].0[0];
        assert_eq!(found.values, [first, 63, 0], "{}", search.0);
    }
}
