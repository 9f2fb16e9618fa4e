//! Statistics and the distributions that they have if the noise is what it should be.

use statrs::distribution::{ChiSquared, ContinuousCDF, DiscreteCDF, Poisson};

use super::{Finding, normal};

/// Kolmogorov's distribution of √n·D, with Stephens' correction for finite n. Two series, each
/// where it converges at once (Marsaglia, Tsang, Wang 2003).
pub(super) fn kolmogorov(distance: f64, n: usize) -> f64 {
    use std::f64::consts::PI;
    let root = (n as f64).sqrt();
    let x = (root + 0.12 + 0.11 / root) * distance;
    if x < 1.18 {
        let term = |k: i32| (-(f64::from(2 * k - 1) * PI / x).powi(2) / 8.0).exp();
        (2.0 * PI).sqrt() / x * (1..=4).map(term).sum::<f64>()
    } else {
        let term = |k: i32| {
            let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
            sign * (-2.0 * f64::from(k * k) * x * x).exp()
        };
        1.0 - 2.0 * (1..=4).map(term).sum::<f64>()
    }
}

/// Largest distance between the empirical distribution of sorted places and the uniform one.
pub(super) fn largest_distance(sorted: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = sorted.len() as f64;
    sorted.enumerate().fold(0.0, |largest: f64, (i, place)| {
        let (before, after) = (i as f64 / n, (i + 1) as f64 / n);
        largest.max(place - before).max(after - place)
    })
}

/// Asymptotic distribution of Anderson and Darling's A² for a fully known distribution (Marsaglia
/// and Marsaglia 2004, `adinf`; absolute error below 2·10⁻⁶).
pub(super) fn anderson_darling(a_squared: f64) -> f64 {
    const BELOW: [f64; 6] = [
        2.000_12,
        0.247_105,
        -0.064_982_1,
        0.034_796_2,
        -0.011_672_0,
        0.001_686_91,
    ];
    const ABOVE: [f64; 6] = [
        1.0776,
        -2.306_95,
        0.434_24,
        -0.082_433,
        0.008_056,
        -0.000_314_6,
    ];
    let z = a_squared;
    let polynomial = |coefficients: [f64; 6]| coefficients.iter().rev().fold(0.0, |p, c| p * z + c);
    if z < 2.0 {
        (-1.233_714_1 / z).exp() / z.sqrt() * polynomial(BELOW)
    } else {
        (-polynomial(ABOVE).exp()).exp()
    }
}

/// A² of sorted draws against the standard normal.
fn a_squared(sorted: &[f32]) -> f64 {
    let normal = normal();
    let n = sorted.len();
    let sum: f64 = sorted
        .iter()
        .enumerate()
        .map(|(i, &x)| {
            let x = f64::from(x);
            let (below, above) = ((2 * i + 1) as f64, (2 * (n - i) - 1) as f64);
            below * normal.cdf(x).ln() + above * normal.sf(x).ln()
        })
        .sum();
    -(n as f64) - sum / n as f64
}

/// Kolmogorov–Smirnov and Anderson–Darling.
pub(super) fn goodness_of_fit(draws: &mut [f32]) -> Vec<Finding> {
    draws.sort_unstable_by(f32::total_cmp);
    let normal = normal();
    let distance = largest_distance(draws.iter().map(|&x| normal.cdf(f64::from(x))));
    vec![
        (
            "Kolmogorov–Smirnov".to_owned(),
            kolmogorov(distance, draws.len()),
        ),
        (
            "Anderson–Darling".to_owned(),
            anderson_darling(a_squared(draws)),
        ),
    ]
}

/// The first four moments about zero, over their standard errors.
pub(super) fn moments(draws: &[f32]) -> Vec<Finding> {
    let n = draws.len() as f64;
    // The variance of xᵏ is E x²ᵏ − (E xᵏ)²: 1, 3 − 1, 15, 105 − 9.
    let expected = [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)];
    expected
        .map(|(order, mean, variance)| {
            let moment = draws.iter().map(|&x| f64::from(x).powi(order)).sum::<f64>() / n;
            let errors = (moment - mean) / f64::sqrt(variance / n);
            (format!("moment {order}"), normal().cdf(errors))
        })
        .into()
}

/// Draws beyond 3, 4, 4.5 and 5 σ on either side, against Poisson's distribution.
pub(super) fn tails(draws: &[f32]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for sigma in [3.0_f32, 4.0, 4.5, 5.0] {
        let mean = draws.len() as f64 * normal().sf(f64::from(sigma));
        let expected = Poisson::new(mean).expect("a positive mean");
        for side in [-1.0, 1.0] {
            let count = draws.iter().filter(|&&x| side * x > sigma).count() as u64;
            let place = if count as f64 <= mean {
                expected.cdf(count)
            } else {
                1.0 - expected.sf(count - 1)
            };
            let name = format!("{count} beyond {} σ, {mean:.1} expected", side * sigma);
            findings.push((name, place));
        }
    }
    findings
}

/// Cells of the serial test along either axis.
const CELLS: usize = 16;

/// Of two equally long sets of standard normals: their correlation, that of their squares, and a
/// chi-square test of the 16 × 16 equally likely cells that the pairs fall into.
pub(super) fn dependence(a: &[f32], b: &[f32]) -> Vec<Finding> {
    assert_eq!(a.len(), b.len());
    let n = a.len() as f64;
    let pairs = || a.iter().zip(b).map(|(&x, &y)| (f64::from(x), f64::from(y)));
    let correlation = pairs().map(|(x, y)| x * y).sum::<f64>() / n.sqrt();
    let of_squares = pairs()
        .map(|(x, y)| 0.5 * (x * x - 1.0) * (y * y - 1.0))
        .sum::<f64>()
        / n.sqrt();

    let bounds: [f32; CELLS - 1] =
        std::array::from_fn(|i| normal().inverse_cdf((i + 1) as f64 / CELLS as f64) as f32);
    let cell = |x: f32| bounds.partition_point(|&bound| bound < x);
    let mut counts = [0_u32; CELLS * CELLS];
    for (&x, &y) in a.iter().zip(b) {
        counts[CELLS * cell(x) + cell(y)] += 1;
    }
    let expected = n / counts.len() as f64;
    let chi_squared: f64 = counts
        .iter()
        .map(|&count| (f64::from(count) - expected).powi(2) / expected)
        .sum();
    let freedom = ChiSquared::new((counts.len() - 1) as f64).expect("cells");
    vec![
        ("correlation".to_owned(), normal().cdf(correlation)),
        (
            "correlation of squares".to_owned(),
            normal().cdf(of_squares),
        ),
        ("chi-square of pairs".to_owned(), freedom.cdf(chi_squared)),
    ]
}
