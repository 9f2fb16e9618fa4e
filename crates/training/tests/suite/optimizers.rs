//! Optimizers on problems whose answer is known.

use bss2_training::{Adam, Optimizer, ParameterViewMut, Sgd, TrainingError};
use ndarray::{Array2, array};

const CURVATURE: [f32; 4] = [0.5, 1.0, 2.0, 4.0];

/// Minimises Σ ½·c·(w − target)² from zero and returns where it ends.
fn minimise(
    optimizer: &mut dyn Optimizer,
    target: &Array2<f32>,
    limit: f32,
    steps: usize,
) -> Array2<f32> {
    let mut value = Array2::zeros(target.dim());
    for _ in 0..steps {
        let mut gradient = &value - target;
        gradient
            .iter_mut()
            .zip(CURVATURE)
            .for_each(|(g, c)| *g *= c);
        let parameter = ParameterViewMut {
            name: "weight",
            value: value.view_mut().into_dyn(),
            gradient: gradient.view().into_dyn(),
            range: -limit..=limit,
        };
        optimizer.update(0, parameter).expect("a whole parameter");
        assert!(value.iter().all(|w| w.abs() <= limit), "out of range");
    }
    value
}

fn optimizers() -> [Box<dyn Optimizer>; 3] {
    [
        Box::new(Sgd::new(0.1, 0.0).expect("in range")),
        Box::new(Sgd::new(0.02, 0.9).expect("in range")),
        Box::new(Adam::new(0.05).expect("in range")),
    ]
}

#[test]
fn a_quadratic_is_minimised() {
    let target = array![[1.5, -2.0], [0.25, 3.0]];
    for (number, mut optimizer) in optimizers().into_iter().enumerate() {
        let found = minimise(optimizer.as_mut(), &target, 10.0, 600);
        let distance = (&found - &target)
            .iter()
            .fold(0.0_f32, |m, d| m.max(d.abs()));
        assert!(distance < 0.02, "optimizer {number} ends {distance} away");
    }
}

#[test]
fn a_minimum_out_of_range_is_met_at_the_end_of_the_range() {
    let target = array![[9.0, -9.0], [0.5, -0.5]];
    for mut optimizer in optimizers() {
        let found = minimise(optimizer.as_mut(), &target, 2.0, 600);
        assert_eq!((found[[0, 0]], found[[0, 1]]), (2.0, -2.0));
        assert!((found[[1, 0]] - 0.5).abs() < 0.02 && (found[[1, 1]] + 0.5).abs() < 0.02);
    }
}

fn one_step(
    optimizer: &mut dyn Optimizer,
    number: usize,
    value: &mut Array2<f32>,
    gradient: &Array2<f32>,
) {
    let parameter = ParameterViewMut {
        name: "weight",
        value: value.view_mut().into_dyn(),
        gradient: gradient.view().into_dyn(),
        range: f32::MIN..=f32::MAX,
    };
    optimizer
        .update(number, parameter)
        .expect("a whole parameter");
}

#[test]
fn the_first_step_of_adam_has_the_size_of_the_rate_whatever_the_gradient() {
    let gradient = array![[1e-4, -1e-2, 1.0, -1e4]];
    for rate in [1e-3, 0.5, 2.0] {
        let mut value = Array2::zeros((1, 4));
        one_step(&mut Adam::new(rate).unwrap(), 0, &mut value, &gradient);
        for (w, g) in value.iter().zip(&gradient) {
            let expected = -rate * g.signum();
            assert!(
                (w - expected).abs() < 1e-3 * rate,
                "{w}, expected {expected}"
            );
        }
    }
}

#[test]
fn momentum_follows_its_formula() {
    let mut sgd = Sgd::new(0.5, 0.25).unwrap();
    let mut value = array![[10.0]];
    let mut course = Vec::new();
    for gradient in [4.0, 8.0, 0.0] {
        one_step(&mut sgd, 0, &mut value, &array![[gradient]]);
        course.push(value[[0, 0]]);
    }
    // v = 4, then 9, then 2.25.
    assert_eq!(course, [8.0, 3.5, 2.375]);
}

#[test]
fn no_gradient_no_step() {
    for mut optimizer in optimizers() {
        let mut value = array![[1.0, -2.0]];
        for _ in 0..3 {
            one_step(optimizer.as_mut(), 0, &mut value, &array![[0.0, 0.0]]);
        }
        assert_eq!(value, array![[1.0, -2.0]]);
    }
}

#[test]
fn parameters_keep_states_of_their_own() {
    for (mut shared, mut alone) in optimizers().into_iter().zip(optimizers()) {
        let (mut beside, mut value, mut expected) = (
            array![[0.0, 0.0, 0.0]],
            array![[1.0], [2.0]],
            array![[1.0], [2.0]],
        );
        for step in 0..5 {
            let gradient = array![[step as f32], [-1.0]];
            one_step(
                shared.as_mut(),
                0,
                &mut beside,
                &array![[100.0, -50.0, 3.0]],
            );
            one_step(shared.as_mut(), 1, &mut value, &gradient);
            one_step(alone.as_mut(), 0, &mut expected, &gradient);
        }
        assert_eq!(value, expected);
    }
}

#[test]
fn options_out_of_range_are_named() {
    let refused = |result: Result<(), TrainingError>, name: &str| {
        assert!(
            matches!(&result, Err(TrainingError::OptionOutOfRange { option, .. }) if *option == name),
            "{result:?}"
        );
    };
    for rate in [0.0, -0.1, f32::NAN, f32::INFINITY, 1e7] {
        refused(Adam::new(rate).map(drop), "learning rate");
        refused(Sgd::new(rate, 0.5).map(drop), "learning rate");
    }
    for momentum in [-0.1, 1.0, f32::NAN] {
        refused(Sgd::new(0.1, momentum).map(drop), "momentum");
    }
}

#[test]
fn both_ends_of_the_momentum_are_accepted() {
    for momentum in [0.0, 0.999] {
        assert!(Sgd::new(0.1, momentum).is_ok(), "{momentum}");
    }
}

#[test]
fn parameters_of_any_number_of_dimensions_and_any_number_are_updated() {
    for mut optimizer in optimizers() {
        let mut kernels = ndarray::Array4::from_elem((2, 3, 2, 2), 1.0);
        let mut bias = ndarray::Array1::from_elem(5, 1.0);
        let gradients = (kernels.clone(), bias.clone());
        for (number, value, gradient) in [
            (
                usize::MAX,
                kernels.view_mut().into_dyn(),
                gradients.0.view().into_dyn(),
            ),
            (0, bias.view_mut().into_dyn(), gradients.1.view().into_dyn()),
        ] {
            let parameter = ParameterViewMut {
                name: "any",
                value,
                gradient,
                range: f32::MIN..=f32::MAX,
            };
            optimizer.update(number, parameter).unwrap();
        }
        assert!(kernels.iter().chain(&bias).all(|&w| w < 1.0));
    }
}

#[test]
fn parameters_that_are_not_whole_are_refused_and_unchanged() {
    for mut optimizer in optimizers() {
        let mut value = array![[1.0, 2.0]];
        let other = array![[1.0], [2.0]];
        let refused = optimizer.update(
            0,
            ParameterViewMut {
                name: "weight",
                value: value.view_mut().into_dyn(),
                gradient: other.view().into_dyn(),
                range: -1.0..=1.0,
            },
        );
        assert_eq!(
            refused,
            Err(TrainingError::ParameterShape {
                name: "weight",
                value: vec![1, 2],
                gradient: vec![2, 1],
            })
        );
        let gradient = array![[1.0, 2.0]];
        for (min, max) in [(1.0, -1.0), (f32::NAN, 1.0), (0.0, f32::NAN)] {
            let refused = optimizer.update(
                0,
                ParameterViewMut {
                    name: "weight",
                    value: value.view_mut().into_dyn(),
                    gradient: gradient.view().into_dyn(),
                    range: min..=max,
                },
            );
            assert!(matches!(
                refused,
                Err(TrainingError::ParameterRange { name: "weight", .. })
            ));
        }
        assert_eq!(value, array![[1.0, 2.0]]);
    }
}
