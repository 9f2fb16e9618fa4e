//! A little statistics.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Mean; NaN without values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation of a sample; NaN of fewer than two values.
pub(crate) fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

/// The range that holds the true mean in 95 of 100 cases, of values that scatter normally.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Interval {
    /// Of the mean of a sample (Student's t); `None` of fewer than two values.
    pub(crate) fn of_mean(values: &[f64]) -> Option<Self> {
        Self::of_mean_among(values, 1)
    }

    /// The same for one of several means, all of which their intervals hold in 95 of 100 cases
    /// (Bonferroni's correction).
    pub(crate) fn of_mean_among(values: &[f64], means: usize) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        let mean = mean(values);
        let error = deviation(values) / (values.len() as f64).sqrt();
        let half = student_t(values.len() - 1, 0.05 / means.max(1) as f64) * error;
        Some(Self {
            low: mean - half,
            high: mean + half,
        })
    }
}

/// What a share of Student's t exceeds in magnitude, with this many degrees of freedom; NaN without any.
fn student_t(freedom: usize, share: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom as f64).map_or(f64::NAN, |t| t.inverse_cdf(1.0 - share / 2.0))
}

/// Jackknife's pseudo-values of the ratio of two sums over the same samples: their mean is the ratio, and
/// the interval of their mean that of the ratio.
pub(crate) fn ratio_by_sample(numerators: &[f64], denominators: &[f64]) -> Vec<f64> {
    let count = numerators.len().min(denominators.len());
    let sums = [numerators, denominators].map(|values| values[..count].iter().sum::<f64>());
    let ratio = sums[0] / sums[1];
    if count < 2 {
        return vec![ratio; count];
    }
    let pairs = numerators.iter().zip(denominators);
    let without =
        pairs.map(|(numerator, denominator)| (sums[0] - numerator) / (sums[1] - denominator));
    without
        .map(|without| count as f64 * ratio - (count as f64 - 1.0) * without)
        .collect()
}

/// Root of the mean square.
pub(crate) fn root_mean_square(values: &[f64]) -> f64 {
    let squares: Vec<f64> = values.iter().map(|v| v.powi(2)).collect();
    mean(&squares).sqrt()
}

/// Slope and intercept of the least-squares line through points.
pub(crate) fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
    let (mut xy, mut xx) = (0.0, 0.0);
    for (x, y) in points {
        xy += (x - mean_x) * (y - mean_y);
        xx += (x - mean_x).powi(2);
    }
    let slope = xy / xx;
    (slope, mean_y - slope * mean_x)
}

/// Median, of an even count the mean of the middle two; NaN without values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.len() / 2;
    match (values.get(upper), values.len() % 2) {
        (None, _) => f64::NAN,
        (Some(middle), 1) => *middle,
        (Some(above), _) => f64::midpoint(values[upper - 1], *above),
    }
}

/// Standard deviation of the residuals of a line.
pub(crate) fn residual_deviation(points: &[(f64, f64)], (slope, intercept): (f64, f64)) -> f64 {
    let residuals: Vec<f64> = points
        .iter()
        .map(|(x, y)| y - slope * x - intercept)
        .collect();
    deviation(&residuals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_that_of_the_tables() {
        let tabulated = [
            (1, 12.706),
            (5, 2.571),
            (6, 2.447),
            (10, 2.228),
            (19, 2.093),
            (60, 2.000),
        ];
        for (freedom, expected) in tabulated {
            let t = student_t(freedom, 0.05);
            assert!((t - expected).abs() < 1e-3, "{freedom}: {t}");
        }
        let interval = Interval::of_mean(&[1.0, 3.0]).unwrap();
        assert!((interval.high - (2.0 + 12.706)).abs() < 1e-3);
        assert!((interval.low - (2.0 - 12.706)).abs() < 1e-3);
        assert_eq!(Interval::of_mean(&[1.0]), None);
        // Of the tables: 1 % exceed 63.657 in magnitude.
        let among = Interval::of_mean_among(&[1.0, 3.0], 5).unwrap();
        assert!((among.high - (2.0 + 63.657)).abs() < 1e-3);
    }

    #[test]
    fn a_ratio_of_sums_is_not_the_mean_of_ratios() {
        // One sample of little weight with a wild ratio.
        let values = ratio_by_sample(&[50.0, 60.0, 0.4], &[100.0, 120.0, 0.1]);
        assert!((mean(&values) - 110.4 / 220.1).abs() < 0.01, "{values:?}");
        // Equal ratios: no spread.
        let values = ratio_by_sample(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]);
        assert!(values.iter().all(|value| (value - 0.5).abs() < 1e-12));
        assert_eq!(ratio_by_sample(&[1.0], &[4.0]), [0.25]);
    }

    #[test]
    fn statistics_of_small_sets() {
        assert_eq!(deviation(&[1.0, 3.0]), 2.0_f64.sqrt());
        assert_eq!(root_mean_square(&[3.0, -4.0]), 12.5_f64.sqrt());
        assert!(mean(&[]).is_nan());
        assert!(deviation(&[]).is_nan() && deviation(&[1.0]).is_nan());
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([1.0, 2.0]), 1.5);
        assert!(median([]).is_nan());
        let points = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)];
        assert_eq!(line(&points), (2.0, 1.0));
        assert!(residual_deviation(&points, (2.0, 1.0)) < 1e-12);
    }
}
