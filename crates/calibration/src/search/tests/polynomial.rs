//! The polynomial prediction against the plainest way to find its value.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn the_nearest_prediction_is_taken_and_of_equal_ones_the_nearest_to_the_start(
        min in -100_i32..100,
        count in 1_i32..60,
        // Small whole numbers, so that equal predictions are common.
        first in 0_i32..3,
        others in prop::collection::vec(-3_i32..=3, 0..4),
        instances in prop::collection::vec((0.0_f64..1.0, -400_i32..400), 1..20),
        falling: bool,
    ) {
        let slope = slope(falling);
        let mut coefficients = vec![signed(f64::from(first), slope)];
        coefficients.extend(others.into_iter().map(f64::from));
        prop_assume!(coefficients.iter().any(|&c| c != 0.0));
        let change = |distance: i32| -> f64 {
            let powers = (1..).map(|k| f64::from(distance).powi(k));
            coefficients.iter().zip(powers).map(|(c, power)| c * power).sum()
        };

        let starts: Vec<i32> =
            instances.iter().map(|(place, _)| min + (place * f64::from(count)) as i32).collect();
        let targets: Vec<f64> = instances.iter().map(|(_, t)| f64::from(*t) / 2.0).collect();
        let problem = Problem::new(range(min, count), slope, &targets).unwrap();
        let problem = problem.starting_at(&starts).unwrap();
        let search = PolynomialPrediction { coefficients: coefficients.clone() };
        let (found, records) = run(&("polynomial", Box::new(search)), &problem, |_, _| 3.0);
        prop_assert_eq!(&records[0].0, &starts);

        for ((&value, &start), &target) in found.values.iter().zip(&starts).zip(&targets) {
            let rank = |value: i32| (error(3.0 + change(value - start), target), (value - start).abs());
            for other in range(min, count) {
                prop_assert!(rank(value) <= rank(other), "{value} rather than {other}");
            }
        }
    }

    #[test]
    fn a_response_that_is_a_polynomial_is_solved_by_one_measurement(
        zeros in prop::collection::vec(0.0_f64..=1022.0, 1..20), falling: bool,
    ) {
        let slope = slope(falling);
        // Seen from the middle; falls or rises all the way.
        let at = |place: f64| {
            let d = place - 511.0;
            signed(0.5 * d + 1e-4 * d.powi(2) + 1e-6 * d.powi(3), slope)
        };
        let coefficients = [0.5, 1e-4, 1e-6].map(|c| signed(c, slope)).to_vec();
        let targets: Vec<f64> = zeros.iter().map(|&zero| 40.0 + at(zero)).collect();
        let problem = Problem::new(0..=1022, slope, &targets).unwrap();
        let search = PolynomialPrediction { coefficients };
        let (found, _) = run(&("polynomial", Box::new(search)), &problem, |_, value| {
            40.0 + at(f64::from(value))
        });
        for (&value, &zero) in found.values.iter().zip(&zeros) {
            let error_at = |value: i32| error(at(f64::from(value)), at(zero));
            let nearest = error_at(zero.floor() as i32).min(error_at(zero.ceil() as i32));
            prop_assert!(error_at(value) <= nearest + 1e-9, "{value} for {zero}");
        }
    }
}

#[test]
fn a_target_beyond_the_turning_point_leads_to_it() {
    // Largest change, 25, at a distance of 5.
    let search = PolynomialPrediction {
        coefficients: vec![10.0, -1.0],
    };
    let problem = Problem::new(0..=63, Slope::Rising, &[1e3]).unwrap();
    let (found, _) = run(&("polynomial", Box::new(search)), &problem, |_, _| 0.0);
    assert_eq!(found.values, [31 + 5]);
    assert_eq!(found.inside, [true]);
}

#[test]
fn predictions_beyond_the_largest_number_are_left_out() {
    // 10¹⁵ · 28²⁰¹ is still a number, 10¹⁵ · 29²⁰¹ is none.
    let mut coefficients = vec![0.0; 200];
    coefficients[0] = 1.0;
    coefficients.push(1e15);
    let search = (
        "polynomial",
        Box::new(PolynomialPrediction { coefficients }) as _,
    );
    let targets = [2.0, f64::INFINITY];
    let problem = Problem::new(0..=1022, Slope::Rising, &targets).unwrap();
    let (found, _) = run(&search, &problem, |_, _| 2.0);
    assert_eq!(found.values, [511, 511 + 28]);
}

#[test]
fn a_change_of_minus_zero_ties_with_one_of_zero() {
    // −1 + 1 times a distance of −1 is −0.
    let search = PolynomialPrediction {
        coefficients: vec![1.0, 1.0],
    };
    let problem = Problem::new(0..=8, Slope::Rising, &[0.0]).unwrap();
    let (found, _) = run(&("polynomial", Box::new(search)), &problem, |_, _| 0.0);
    assert_eq!(found.values, [4]);
}
