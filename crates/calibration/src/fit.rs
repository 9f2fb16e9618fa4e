//! An exponential fit.

/// Change over a record below which there is no decay to be seen, in LSB.
const SMALLEST_LSB: f64 = 4.0;

/// Time constant in µs of samples that decay as A·exp(−t/τ) + C; infinity where they are too slow for
/// that to be told, NaN where they do not move.
///
/// Such samples obey y(t) = y(0) + (C/τ)·t − (1/τ)·∫y, which is linear in its three unknowns: a least
/// squares fit of them, without iteration and without knowing where the decay ends.
pub(crate) fn decay_time(samples_lsb: &[f32], interval_us: f64) -> f64 {
    let (Some(first), Some(last)) = (samples_lsb.first(), samples_lsb.last()) else {
        return f64::NAN;
    };
    if f64::from((first - last).abs()) < SMALLEST_LSB {
        return f64::NAN;
    }
    // Sums of products of (1, t, ∫y; y), with time in samples.
    let mut products = [[0.0; 4]; 3];
    let (mut integral, mut before) = (0.0, f64::from(*first));
    for (t, &y) in samples_lsb.iter().enumerate() {
        let y = f64::from(y);
        if t > 0 {
            integral += 0.5 * (y + before);
        }
        before = y;
        let row = [1.0, t as f64, integral, y];
        for (products, a) in products.iter_mut().zip(row) {
            for (product, b) in products.iter_mut().zip(row) {
                *product += a * b;
            }
        }
    }
    let rate = -last_unknown(products);
    if rate > 0.0 {
        interval_us / rate
    } else if rate <= 0.0 {
        f64::INFINITY
    } else {
        f64::NAN
    }
}

/// Solves three equations, each its coefficients and its right side, for the last unknown; NaN if
/// they do not determine it.
fn last_unknown(mut equations: [[f64; 4]; 3]) -> f64 {
    for pivot in 0..2 {
        for row in pivot + 1..3 {
            let factor = equations[row][pivot] / equations[pivot][pivot];
            let [upper, lower] = [equations[pivot], equations[row]];
            equations[row] = std::array::from_fn(|k| lower[k] - factor * upper[k]);
        }
    }
    equations[2][3] / equations[2][2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decay(amplitude: f64, tau: f64, offset: f64, noise: impl Fn(usize) -> f64) -> Vec<f32> {
        (0..60)
            .map(|t| (amplitude * (-(t as f64) / tau).exp() + offset + noise(t)) as f32)
            .collect()
    }

    #[test]
    fn exact_decays_are_found_wherever_they_end_and_begin() {
        for tau in [5.0, 15.0, 40.0, 200.0] {
            for (amplitude, offset) in [(-100.0, -6.0), (80.0, 30.0), (-50.0, 0.0)] {
                let found = decay_time(&decay(amplitude, tau, offset, |_| 0.0), 0.5);
                assert!((found / (0.5 * tau) - 1.0).abs() < 0.01, "{tau}: {found}");
            }
        }
    }

    #[test]
    fn noise_of_half_an_lsb_moves_it_by_a_few_percent() {
        // A fixed pattern that looks like noise.
        let noise =
            |t: usize| 0.5 * f64::from([3, -5, 7, -2, 4, -6, 1, -3, 5, -4][t * 7 % 10]) / 4.3;
        let found = decay_time(&decay(-110.0, 15.0, -6.0, noise), 1.0);
        assert!((found / 15.0 - 1.0).abs() < 0.03, "{found}");
    }

    #[test]
    fn what_does_not_decay_has_no_time_constant() {
        assert!(decay_time(&[], 1.0).is_nan());
        assert!(decay_time(&[5.0; 60], 1.0).is_nan());
        let grows: Vec<f32> = (0..60).map(|t| (t as f32 * 0.05).exp()).collect();
        assert_eq!(decay_time(&grows, 1.0), f64::INFINITY);
        assert!(decay_time(&[f32::NAN; 60], 1.0).is_nan());
    }
}
