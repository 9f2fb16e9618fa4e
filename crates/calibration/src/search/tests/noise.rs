//! Noisy measurements.

use super::*;

#[test]
fn noise_moves_the_result_no_further_than_it_must() {
    let count = 1023;
    let gain = 0.7;
    for noise in [0.3, 3.0, 30.0] {
        // As far from where the response meets the target as noise alone can hide the side.
        let hidden = noise / gain;
        let bounds = [
            ("binary", 1.0 + hidden),
            ("noisy binary", 2.0 + hidden),
            ("another noisy binary", 2.0 + hidden),
            // Stops at most that far off, and may then prefer what is twice as far again.
            ("linear", 0.5 + 3.0 * hidden),
            ("linear prediction", 0.5 + hidden),
            ("polynomial prediction", 0.5 + hidden),
        ];
        for seed in 0..20 {
            let zeros: Vec<f64> = (0..100)
                .map(|instance| even(seed, instance).abs() * f64::from(count - 1))
                .collect();
            let targets = vec![5.0; zeros.len()];
            let problem = Problem::new(range(0, count), Slope::Falling, &targets).unwrap();
            let searches = every_search(gain, Slope::Falling);
            assert_eq!(searches.len(), bounds.len());
            for (search, (name, bound)) in searches.iter().zip(bounds) {
                assert_eq!(search.0, name);
                let mut draws = 1000;
                let (found, _) = run(search, &problem, |instance, value| {
                    draws += 1;
                    let exact = 5.0 - gain * (f64::from(value) - zeros[instance]);
                    exact + noise * even(seed, draws)
                });
                for (value, zero) in found.values.iter().zip(&zeros) {
                    let distance = (f64::from(*value) - zero).abs();
                    assert!(distance <= bound + 1e-9, "{name}: {value} for {zero}");
                }
            }
        }
    }
}
