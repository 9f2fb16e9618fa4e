//! Optimizers on problems whose answer is known.

use bss2_training::{
    Adam, Optimizer, OptimizerState, ParameterState, ParameterViewMut, Sgd, TrainingError,
    float_mlp,
};
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

#[test]
fn weight_decay_shrinks_by_the_rate_times_the_decay_beside_the_step() {
    let (rate, decay) = (0.5, 0.25);
    let decaying: [Box<dyn Optimizer>; 2] = [
        Box::new(
            Sgd::new(rate, 0.9)
                .unwrap()
                .with_weight_decay(decay)
                .unwrap(),
        ),
        Box::new(Adam::new(rate).unwrap().with_weight_decay(decay).unwrap()),
    ];
    let plain: [Box<dyn Optimizer>; 2] = [
        Box::new(Sgd::new(rate, 0.9).unwrap()),
        Box::new(Adam::new(rate).unwrap()),
    ];
    for (mut decaying, mut plain) in decaying.into_iter().zip(plain) {
        let (mut value, mut steps) = (array![[8.0, -4.0]], array![[0.0, 0.0]]);
        let mut expected = value.clone();
        for _ in 0..3 {
            let gradient = array![[1.0, 0.0]];
            let before = steps.clone();
            one_step(plain.as_mut(), 0, &mut steps, &gradient);
            expected = expected * (1.0 - rate * decay) + (&steps - &before);
            one_step(decaying.as_mut(), 0, &mut value, &gradient);
        }
        assert!(
            (&value - &expected).iter().all(|d| d.abs() < 1e-5),
            "{value}, {expected}"
        );
    }
    for decay in [-0.1, 1001.0, f32::NAN] {
        let name = "weight decay";
        let adam = Adam::new(0.1).unwrap().with_weight_decay(decay).map(drop);
        let sgd = Sgd::new(0.1, 0.0)
            .unwrap()
            .with_weight_decay(decay)
            .map(drop);
        for refused in [adam, sgd] {
            assert!(
                matches!(&refused, Err(TrainingError::OptionOutOfRange { option, .. }) if *option == name)
            );
        }
    }
}

#[test]
fn the_rate_factor_multiplies_the_rate() {
    let pairs: [[Box<dyn Optimizer>; 2]; 2] = [
        [
            Box::new(Sgd::new(0.5, 0.9).unwrap().with_weight_decay(0.1).unwrap()),
            Box::new(
                Sgd::new(0.125, 0.9)
                    .unwrap()
                    .with_weight_decay(0.1)
                    .unwrap(),
            ),
        ],
        [
            Box::new(Adam::new(0.5).unwrap().with_weight_decay(0.1).unwrap()),
            Box::new(Adam::new(0.125).unwrap().with_weight_decay(0.1).unwrap()),
        ],
    ];
    for [mut slowed, mut slow] in pairs {
        slowed.set_rate_factor(0.25);
        let (mut found, mut expected) = (array![[1.0, 2.0]], array![[1.0, 2.0]]);
        for gradient in [array![[3.0, -1.0]], array![[0.5, 2.0]]] {
            one_step(slowed.as_mut(), 0, &mut found, &gradient);
            one_step(slow.as_mut(), 0, &mut expected, &gradient);
        }
        assert_eq!(found, expected);
        slowed.set_rate_factor(0.0);
        let before = found.clone();
        one_step(slowed.as_mut(), 0, &mut found, &array![[1.0, 1.0]]);
        assert_eq!(found, before);
    }
}

/// Parameters of other layouts take another path through the sweep.
#[test]
fn any_layout_gives_the_same_bits() {
    for (mut plain, mut turned) in optimizers().into_iter().zip(optimizers()) {
        let number = |i: usize| ((i * 37) % 23) as f32 / 7.0 - 1.5;
        let mut value = Array2::from_shape_fn((7, 5), |(i, j)| number(i * 5 + j));
        let mut other = value
            .clone()
            .reversed_axes()
            .as_standard_layout()
            .into_owned();
        for step in 0..4 {
            let gradient = Array2::from_shape_fn((7, 5), |(i, j)| number(i + j * 7 + step));
            one_step(plain.as_mut(), 3, &mut value, &gradient);
            let parameter = ParameterViewMut {
                name: "weight",
                value: other.view_mut().reversed_axes().into_dyn(),
                gradient: gradient.view().into_dyn(),
                range: f32::MIN..=f32::MAX,
            };
            turned.update(3, parameter).unwrap();
        }
        assert_eq!(value, other.reversed_axes());
        assert_eq!(plain.state(), turned.state());
    }
}

#[test]
fn a_value_that_is_no_number_stays_none() {
    for mut optimizer in optimizers() {
        let mut value = array![[1.0, 2.0]];
        one_step(optimizer.as_mut(), 0, &mut value, &array![[f32::NAN, 1.0]]);
        assert!(value[[0, 0]].is_nan() && value[[0, 1]].is_finite());
    }
}

#[test]
fn an_optimizer_goes_on_from_its_state_with_the_same_bits() {
    for (mut whole, mut resumed) in optimizers().into_iter().zip(optimizers()) {
        let gradient = |step: usize| array![[1.0 / (step + 1) as f32, -0.3 * step as f32]];
        let mut value = array![[1.0, 2.0]];
        let mut beside = array![[3.0], [4.0], [5.0]];
        for step in 0..5 {
            one_step(whole.as_mut(), 0, &mut value, &gradient(step));
            one_step(whole.as_mut(), 1, &mut beside, &array![[0.1], [0.2], [0.3]]);
        }
        let text = serde_json::to_string(&whole.state()).unwrap();
        resumed
            .set_state(serde_json::from_str(&text).unwrap())
            .unwrap();
        assert_eq!(resumed.state(), whole.state());
        let (mut other, mut other_beside) = (value.clone(), beside.clone());
        for step in 5..9 {
            one_step(whole.as_mut(), 0, &mut value, &gradient(step));
            one_step(resumed.as_mut(), 0, &mut other, &gradient(step));
            one_step(whole.as_mut(), 1, &mut beside, &array![[1.0], [2.0], [3.0]]);
            one_step(
                resumed.as_mut(),
                1,
                &mut other_beside,
                &array![[1.0], [2.0], [3.0]],
            );
        }
        assert_eq!((value, beside), (other, other_beside));
        assert_eq!(whole.state(), resumed.state());
    }
}

#[test]
fn states_that_are_not_whole_are_refused_and_change_nothing() {
    let state = |moments: Vec<Vec<f32>>| OptimizerState {
        parameters: vec![ParameterState {
            number: 2,
            shape: vec![1, 2],
            steps: 1,
            moments,
        }],
    };
    let twice = {
        let one = state(vec![vec![0.0; 2]; 2]).parameters;
        OptimizerState {
            parameters: [one.clone(), one].concat(),
        }
    };
    let mut adam = Adam::new(0.1).unwrap();
    one_step(&mut adam, 2, &mut array![[1.0, 2.0]], &array![[1.0, 1.0]]);
    let before = adam.state();
    for wrong in [
        state(vec![vec![0.0; 2]]),
        state(vec![vec![0.0; 2], vec![0.0; 3]]),
        state(vec![vec![0.0; 2], vec![0.0, f32::NAN]]),
        twice,
    ] {
        let refused = adam.set_state(wrong);
        assert!(
            matches!(
                refused,
                Err(TrainingError::OptimizerState { parameter: 2, .. })
            ),
            "{refused:?}"
        );
        assert_eq!(adam.state(), before);
    }
    let of_adam = adam.state();
    assert!(Sgd::new(0.1, 0.5).unwrap().set_state(of_adam).is_err());
    let unknown = r#"{"parameters": [], "rate": 1.0}"#;
    assert!(serde_json::from_str::<OptimizerState>(unknown).is_err());
}

#[test]
fn a_state_of_other_parameters_is_refused() {
    let network = float_mlp(&[2, 3, 4], 1).unwrap();
    let state = |number, shape: &[usize]| OptimizerState {
        parameters: vec![ParameterState {
            number,
            shape: shape.to_vec(),
            steps: 1,
            moments: vec![vec![0.0; shape.iter().product()]],
        }],
    };
    assert_eq!(OptimizerState::default().check_for(&network), Ok(()));
    assert_eq!(state(1, &[3, 4]).check_for(&network), Ok(()));
    for (number, shape) in [(0, [3, 4]), (1, [4, 3]), (2, [3, 4])] {
        let refused = state(number, &shape).check_for(&network);
        assert!(matches!(
            refused,
            Err(TrainingError::OptimizerStateShape { .. })
        ));
    }
    let mut sgd = Sgd::new(0.1, 0.5).unwrap();
    sgd.set_state(state(0, &[4, 1])).unwrap();
    let mut value = array![[1.0, 2.0]];
    let gradient = array![[1.0, 1.0]];
    let refused = sgd.update(
        0,
        ParameterViewMut {
            name: "weight",
            value: value.view_mut().into_dyn(),
            gradient: gradient.view().into_dyn(),
            range: -1.0..=1.0,
        },
    );
    let expected = TrainingError::OptimizerStateShape {
        parameter: 0,
        state: vec![4, 1],
        shape: vec![1, 2],
    };
    assert_eq!(refused, Err(expected));
    assert_eq!(value, array![[1.0, 2.0]]);
}
