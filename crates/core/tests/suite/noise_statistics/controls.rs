//! What is not standard normal or not independent is refused.

use bss2_core::random::keyed_stream;
use rand::RngExt;
use statrs::distribution::ContinuousCDF;

use super::statistics::{
    anderson_darling, dependence, goodness_of_fit, kolmogorov, moments, tails,
};
use super::{DRAWS, columns_of_vectors, elements_apart, normal, refusals};

#[test]
fn known_quantiles_are_found() {
    let close = |found: f64, expected: f64| (found - expected).abs() < 2e-4;
    for (x, place) in [
        (0.8276, 0.5),
        (1.3581, 0.95),
        (1.6276, 0.99),
        (2.2253, 0.9999),
    ] {
        // So large an n that Stephens' correction does not show.
        let n = 1 << 40;
        let found = kolmogorov(x / (n as f64).sqrt(), n);
        assert!(close(found, place), "Kolmogorov at {x}: {found}");
    }
    for (x, place) in [(0.7744, 0.5), (1.9330, 0.9), (2.4924, 0.95), (3.8781, 0.99)] {
        let found = anderson_darling(x);
        assert!(close(found, place), "Anderson at {x}: {found}");
    }
    assert!((anderson_darling(2.0) - anderson_darling(2.0 - 1e-9)).abs() < 1e-5);
}

#[test]
fn a_spread_of_1_01_is_refused() {
    let mut draws = columns_of_vectors(12, DRAWS);
    for x in &mut draws {
        *x *= 1.01;
    }
    assert_eq!(refusals(&moments(&draws)), ["moment 2", "moment 4"]);
    let beyond = tails(&draws);
    assert!(refusals(&beyond[..2]).len() == 2, "{beyond:?}");
    assert_eq!(
        refusals(&goodness_of_fit(&mut draws)),
        ["Kolmogorov–Smirnov", "Anderson–Darling"]
    );
}

#[test]
fn a_shift_of_a_hundredth_is_refused() {
    let mut draws = columns_of_vectors(11, DRAWS);
    for x in &mut draws {
        *x += 0.01;
    }
    assert_eq!(refusals(&moments(&draws)), ["moment 1", "moment 3"]);
    assert_eq!(
        refusals(&goodness_of_fit(&mut draws)),
        ["Kolmogorov–Smirnov", "Anderson–Darling"]
    );
}

#[test]
fn a_sum_of_twelve_uniforms_is_refused() {
    let mut rng = keyed_stream(51, 0);
    let mut draws: Vec<f32> = (0..DRAWS)
        .map(|_| (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0)
        .collect();
    assert_eq!(refusals(&moments(&draws)), ["moment 4"]);
    assert!(refusals(&tails(&draws)).len() >= 4);
    assert_eq!(
        refusals(&goodness_of_fit(&mut draws)),
        ["Kolmogorov–Smirnov", "Anderson–Darling"]
    );
}

/// Draws that fill the distribution more evenly than chance allows are refused, too.
#[test]
fn draws_on_a_grid_are_refused() {
    let normal = normal();
    let mut draws: Vec<f32> = (0..DRAWS)
        .map(|i| normal.inverse_cdf((i as f64 + 0.5) / DRAWS as f64) as f32)
        .collect();
    assert_eq!(
        refusals(&goodness_of_fit(&mut draws)),
        ["Kolmogorov–Smirnov", "Anderson–Darling"]
    );
}

#[test]
fn a_correlation_of_a_hundredth_is_refused() {
    let [a, mut b] = elements_apart(1);
    let rest = (1.0_f32 - 1e-4).sqrt();
    for (y, &x) in b.iter_mut().zip(&a) {
        *y = 0.01 * x + rest * *y;
    }
    assert!(refusals(&dependence(&a, &b)).contains(&"correlation"));
}

#[test]
fn a_random_sign_hides_a_copy_from_the_correlation_only() {
    let [a, mut b] = elements_apart(1);
    for (y, &x) in b.iter_mut().zip(&a) {
        *y = x.copysign(*y);
    }
    assert_eq!(
        refusals(&dependence(&a, &b)),
        ["correlation of squares", "chi-square of pairs"]
    );
}
