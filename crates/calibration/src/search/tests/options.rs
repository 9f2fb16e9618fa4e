//! Options that are none are refused before anything is measured.

use super::*;

fn refused(search: &dyn SearchAlgorithm, slope: Slope) -> (&'static str, f64) {
    let problem = Problem::new(0..=63, slope, &[0.0]).unwrap();
    let result = search.search(&problem, &mut |_, _| panic!("measured"));
    match result {
        Err(CalibrationError::OptionOutOfRange { option, value, .. }) => (option, value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn linear_searches_need_a_step_and_steps() {
    for step in [0, -1, i32::MIN] {
        let search = LinearSearch { step, steps: 1 };
        assert_eq!(refused(&search, Slope::Rising), ("step", f64::from(step)));
    }
    let search = LinearSearch { step: 1, steps: 0 };
    assert_eq!(refused(&search, Slope::Rising), ("steps", 0.0));
}

#[test]
fn the_largest_steps_are_steps() {
    let search = LinearSearch {
        step: i32::MAX,
        steps: usize::MAX,
    };
    let problem = Problem::new(-9..=9, Slope::Rising, &[-1e3, 1e3]).unwrap();
    let (found, _) = run(&("linear", Box::new(search)), &problem, |_, value| {
        f64::from(value)
    });
    assert_eq!(found.values, [-9, 9]);
}

#[test]
fn linear_predictions_need_a_response_per_step() {
    for value in [0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e16, 1e-16] {
        let search = LinearPrediction {
            response_per_step: value,
        };
        let (option, found) = refused(&search, Slope::Rising);
        assert_eq!(option, "magnitude of response_per_step");
        assert_eq!(found.total_cmp(&value.abs()), std::cmp::Ordering::Equal);
    }
}

#[test]
fn polynomial_predictions_need_coefficients_along_the_slope() {
    let option = |coefficients: &[f64], slope| {
        let coefficients = coefficients.to_vec();
        refused(&PolynomialPrediction { coefficients }, slope).0
    };
    for none in [&[][..], &[0.0], &[0.0, -0.0]] {
        let name = "number of non-zero coefficients";
        assert_eq!(option(none, Slope::Rising), name);
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e16, -1e16] {
        assert_eq!(option(&[1.0, value], Slope::Rising), "coefficient");
    }
    assert_eq!(option(&[-1.0, 2.0], Slope::Rising), "first coefficient");
    assert_eq!(option(&[1.0, -2.0], Slope::Falling), "first coefficient");
}
