//! Initial weights against their formulas.

use bss2_training::{TrainingError, init};
use ndarray::Array2;

const SHAPE: (usize, usize) = (400, 250);

type Draw = fn((usize, usize), usize, u64) -> Result<Array2<f32>, TrainingError>;

fn xavier(shape: (usize, usize), layer: usize, seed: u64) -> Result<Array2<f32>, TrainingError> {
    init::xavier_uniform(shape, shape.1, layer, seed)
}

const ALL: [Draw; 3] = [init::he_normal, xavier, init::kaiming_uniform];

#[test]
fn weights_have_the_deviation_of_their_formula() {
    let (inputs, outputs) = (400.0_f32, 250.0_f32);
    let expected = [2.0 / inputs, 2.0 / (inputs + outputs), 1.0 / (3.0 * inputs)];
    for (draw, variance) in ALL.into_iter().zip(expected) {
        let weights = draw(SHAPE, 0, 1).unwrap();
        let deviation = variance.sqrt();
        // 10⁵ weights: five standard deviations of the mean, and of the deviation of normals.
        assert!(weights.mean().unwrap().abs() < 5.0 * deviation / 316.0);
        assert!((weights.std(0.0) / deviation - 1.0).abs() < 5.0 / 447.0);
    }
}

#[test]
fn uniform_weights_fill_their_bounds() {
    let bounds = [(6.0_f32 / 650.0).sqrt(), 1.0 / 20.0];
    for (draw, bound) in ALL[1..].iter().zip(bounds) {
        let largest = draw(SHAPE, 0, 1)
            .unwrap()
            .fold(0.0_f32, |m, w| m.max(w.abs()));
        assert!(
            largest <= bound && largest > 0.999 * bound,
            "{largest}, {bound}"
        );
    }
}

#[test]
fn layers_and_seeds_draw_from_streams_of_their_own() {
    for draw in ALL {
        let weights = draw((3, 4), 1, 2).unwrap();
        assert_eq!(weights, draw((3, 4), 1, 2).unwrap());
        assert_ne!(weights, draw((3, 4), 2, 2).unwrap());
        assert_ne!(weights, draw((3, 4), 1, 3).unwrap());
    }
}

#[test]
fn float_networks_begin_with_he_normal_weights() {
    let network = bss2_training::float_mlp(&[3, 4, 2], 5).unwrap();
    let expected = [((3, 4), 0), ((4, 2), 1)];
    let expected = expected.map(|(shape, layer)| init::he_normal(shape, layer, 5).unwrap());
    assert_eq!(network.weights(), expected);
}

#[test]
fn more_weights_than_fit_the_memory_are_refused() {
    for shape in [(usize::MAX, 2), (1 << 15, 1 << 14), (0, usize::MAX)] {
        for draw in ALL {
            let refused = draw(shape, 0, 1);
            assert!(
                matches!(
                    refused,
                    Err(TrainingError::OptionOutOfRange {
                        option: "weights",
                        ..
                    })
                ),
                "{shape:?}"
            );
        }
    }
    for draw in ALL {
        assert_eq!(draw((0, 3), 0, 1).unwrap().dim(), (0, 3));
    }
}
