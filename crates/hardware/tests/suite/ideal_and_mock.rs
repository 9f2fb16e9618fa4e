//! The two arrays that are known exactly.

use bss2_core::{MacArray, Region, RunRequest};
use bss2_hardware::{ConfigError, IdealArray, MockArray};
use ndarray::{Array2, ArrayView2};

use crate::support::{
    BSS2, column_deviations, column_means, correlation, geometry, load, random_activations,
    random_weights, run, settings, to_f64, whole,
};

/// The sums, slowly.
fn exact(activations: ArrayView2<'_, u8>, weights: ArrayView2<'_, i8>) -> Array2<i64> {
    Array2::from_shape_fn((activations.nrows(), weights.ncols()), |(v, c)| {
        (0..weights.nrows())
            .map(|i| i64::from(activations[[v, i]]) * i64::from(weights[[i, c]]))
            .sum()
    })
}

fn saturated(value: i64) -> i8 {
    value.clamp(-128, 127) as i8
}

#[test]
fn ideal_outputs_at_gain_1_are_the_exact_integers() {
    let mut array = IdealArray::new(BSS2, 1.0).unwrap();
    let region = Region::whole(BSS2, 1);
    // Small values that mostly fit, and large ones that do not.
    for (weight_divisor, activation_divisor) in [(31, 7), (1, 1)] {
        let weights = random_weights((128, 256), 1) / weight_divisor;
        let activations = random_activations((40, 128), 2) / activation_divisor;
        load(&mut array, region, weights.view());
        let sums = exact(activations.view(), weights.view());
        let outputs = run(&mut array, &whole(BSS2, 1), activations.view());
        assert_eq!(outputs, sums.mapv(saturated));
        let fitting = sums.iter().filter(|s| (-128..128).contains(*s)).count();
        assert_eq!(fitting * 2 > sums.len(), weight_divisor > 1);
    }
}

#[test]
fn ideal_sends_repeat_and_outputs_saturate_at_both_ends() {
    let geometry = geometry(1, 1, 5);
    let mut array = IdealArray::new(geometry, 1.0).unwrap();
    let weights = ndarray::array![[1_i8, -1, 63, -63, 0]];
    load(&mut array, Region::whole(geometry, 0), weights.view());
    for (sends, expected) in [
        (1, [3, -3, 127, -128, 0]),
        (42, [126, -126, 127, -128, 0]),
        (43, [127, -128, 127, -128, 0]),
        (1000, [127, -128, 127, -128, 0]),
    ] {
        let request = RunRequest {
            settings: settings(sends, 5),
            ..whole(geometry, 0)
        };
        let outputs = run(&mut array, &request, ndarray::array![[3_u8]].view());
        assert_eq!(outputs.row(0).to_vec(), expected, "{sends} sends");
    }
}

#[test]
fn ideal_rounds_ties_to_even() {
    let geometry = geometry(1, 1, 4);
    let mut array = IdealArray::new(geometry, 0.5).unwrap();
    let weights = ndarray::array![[1_i8, 3, 5, -3]];
    load(&mut array, Region::whole(geometry, 0), weights.view());
    let outputs = run(
        &mut array,
        &whole(geometry, 0),
        ndarray::array![[1_u8]].view(),
    );
    assert_eq!(outputs.row(0).to_vec(), [0, 2, 2, -2]);
}

#[test]
fn mock_has_the_configured_mean_less_half_and_deviation() {
    const DRAWS: usize = 2000;
    let (gain, noise) = (0.002, 2.0);
    let mut array = MockArray::new(BSS2, gain, noise).unwrap();
    let weights = random_weights((128, 256), 3);
    load(&mut array, Region::whole(BSS2, 0), weights.view());
    let vector = random_activations((1, 128), 4);
    let sums = exact(vector.view(), weights.view());
    let batch = crate::support::repeat(&vector, DRAWS);
    let outputs = to_f64(&run(&mut array, &whole(BSS2, 0), batch.view()));

    // Rounding down costs ½ on average and adds the variance of a uniform step, 1/12.
    let sigma = (f64::from(noise).powi(2) + 1.0 / 12.0).sqrt();
    let standard_error = sigma / (DRAWS as f64).sqrt();
    let means = column_means(&outputs);
    for (mean, &sum) in means.iter().zip(&sums) {
        let expected = f64::from(gain) * sum as f64 - 0.5;
        assert!(
            (mean - expected).abs() < 5.0 * standard_error,
            "{mean} {expected}"
        );
    }
    let variance = column_deviations(&outputs).mapv(|d| d * d).mean().unwrap();
    assert!(
        (variance.sqrt() - sigma).abs() < 0.01,
        "{}",
        variance.sqrt()
    );
    let neighbours: f64 = (0..255)
        .map(|c| correlation(&outputs, c, c + 1))
        .sum::<f64>()
        / 255.0;
    assert!(neighbours.abs() < 0.01, "{neighbours}");
}

#[test]
fn mock_without_noise_rounds_down_and_saturates() {
    let geometry = geometry(1, 1, 4);
    let mut array = MockArray::new(geometry, 0.5, 0.0).unwrap();
    let weights = ndarray::array![[1_i8, -1, 63, -63]];
    load(&mut array, Region::whole(geometry, 0), weights.view());
    let one = run(
        &mut array,
        &whole(geometry, 0),
        ndarray::array![[1_u8]].view(),
    );
    assert_eq!(one.row(0).to_vec(), [0, -1, 31, -32]);
    let strong = run(
        &mut array,
        &whole(geometry, 0),
        ndarray::array![[31_u8]].view(),
    );
    assert_eq!(strong.row(0).to_vec(), [15, -16, 127, -128]);
}

#[test]
fn mock_gain_grows_with_the_sends_and_its_noise_does_not() {
    const DRAWS: usize = 500;
    let mut array = MockArray::new(BSS2, 0.002, 2.0).unwrap();
    let weights = Array2::from_elem((128, 256), 10_i8);
    load(&mut array, Region::whole(BSS2, 0), weights.view());
    let activations = Array2::from_elem((DRAWS, 128), 4_u8);
    for sends in [1, 4] {
        let request = RunRequest {
            settings: settings(sends, 5),
            ..whole(BSS2, 0)
        };
        let outputs = to_f64(&run(&mut array, &request, activations.view()));
        let mean = outputs.mean().unwrap();
        let expected = 0.002 * 5120.0 * f64::from(sends) - 0.5;
        assert!((mean - expected).abs() < 0.05, "{mean} {expected}");
        assert!((outputs.std(1.0) - 2.02).abs() < 0.05);
    }
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    for gain in [f32::NAN, f32::INFINITY, 0.0, -1.0, 1e4] {
        for error in [
            IdealArray::new(BSS2, gain).map(drop),
            MockArray::new(BSS2, gain, 1.0).map(drop),
        ] {
            assert!(
                matches!(error, Err(ConfigError::OutOfRange { field, .. }) if field.ends_with("gain_lsb"))
            );
        }
    }
    for noise in [f32::NAN, f32::INFINITY, -0.1, 101.0] {
        assert!(matches!(
            MockArray::new(BSS2, 1.0, noise),
            Err(ConfigError::OutOfRange {
                field: "mock.noise_lsb",
                ..
            })
        ));
    }
}

#[test]
fn geometry_is_the_one_asked_for() {
    let geometry = geometry(1, 3, 2);
    assert_eq!(IdealArray::new(geometry, 1.0).unwrap().geometry(), geometry);
    assert_eq!(
        MockArray::new(geometry, 1.0, 0.0).unwrap().geometry(),
        geometry
    );
}
