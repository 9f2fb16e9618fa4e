//! Statistics of ranks.

use crate::statistics::{Interval, mean};

/// Spearman's rank correlation of pairs, equal values sharing their mean rank; NaN of fewer than two
/// pairs, and where one of both does not vary. Pairs of which one value is not a number do not count;
/// infinite ones rank as they should.
pub(crate) fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    let pairs = x.iter().zip(y).filter(|(x, y)| !x.is_nan() && !y.is_nan());
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let (x, y) = (ranks(&x), ranks(&y));
    let mean = f64::midpoint(1.0, x.len() as f64);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(&y) {
        xy += (x - mean) * (y - mean);
        xx += (x - mean).powi(2);
        yy += (y - mean).powi(2);
    }
    xy / (xx * yy).sqrt()
}

/// The mean of correlations after Fisher's transform, and the range that holds the true one in 95 of 100
/// cases (Student's t), so that both stay within −1…1; no range of fewer than two.
pub(crate) fn mean_correlation(correlations: &[f64]) -> (f64, Option<Interval>) {
    // A perfect correlation of a few ranks is not infinitely certain.
    const LARGEST: f64 = 0.999;
    let transformed = correlations
        .iter()
        .map(|r| r.clamp(-LARGEST, LARGEST).atanh());
    let transformed: Vec<f64> = transformed.collect();
    let interval = Interval::of_mean(&transformed).map(|interval| Interval {
        low: interval.low.tanh(),
        high: interval.high.tanh(),
    });
    (mean(&transformed).tanh(), interval)
}

/// Ranks from 1.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    while begin < order.len() {
        let equal = |&&place: &&usize| values[place] == values[order[begin]];
        let count = order[begin..].iter().take_while(equal).count().max(1);
        let rank = begin as f64 + f64::midpoint(1.0, count as f64);
        for &place in &order[begin..begin + count] {
            ranks[place] = rank;
        }
        begin += count;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[]), [0.0; 0]);
    }

    #[test]
    fn intervals_of_correlations_stay_in_their_range() {
        let (mean, interval) = mean_correlation(&[0.98, 0.9, 0.95]);
        let interval = interval.unwrap();
        assert!(interval.low < mean && mean < interval.high, "{mean}");
        assert!(interval.low > 0.5 && interval.low < 0.9, "{interval:?}");
        assert!(interval.high > 0.98 && interval.high <= 1.0, "{interval:?}");
        let (mean, interval) = mean_correlation(&[1.0, 1.0, 1.0]);
        assert!(mean < 1.0 && interval.unwrap().high < 1.0, "{interval:?}");
        // Ten that agree and ten that do not: the mean lies within its interval.
        let mixed: Vec<f64> = [1.0; 10].into_iter().chain([0.0; 10]).collect();
        let (mean, interval) = mean_correlation(&mixed);
        let interval = interval.unwrap();
        assert!(
            interval.low < mean && mean < interval.high,
            "{mean} {interval:?}"
        );
        assert!(mean_correlation(&[0.5]).1.is_none());
    }

    #[test]
    fn only_the_order_counts() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(rank_correlation(&x, &[1.0, 10.0, 11.0, 1e6]), 1.0);
        assert_eq!(rank_correlation(&x, &[4.0, 3.0, 2.0, 1.0]), -1.0);
        // Of the tables: d² = 2 among four pairs.
        let found = rank_correlation(&x, &[2.0, 1.0, 3.0, 4.0]);
        assert!((found - (1.0 - 6.0 * 2.0 / 60.0)).abs() < 1e-12);
        assert!(rank_correlation(&x, &[1.0; 4]).is_nan());
        assert!(rank_correlation(&[], &[]).is_nan());
        // What is not a number does not count, whatever its sign; what is infinite does.
        let undefined = [1.0, f64::NAN, 2.0, -f64::NAN, 3.0];
        assert_eq!(
            rank_correlation(&undefined, &[1.0, 9.0, 2.0, 9.0, 3.0]),
            1.0
        );
        let infinite = [1.0, f64::INFINITY, 2.0, f64::INFINITY];
        assert_eq!(rank_correlation(&infinite, &[1.0, 3.0, 2.0, 3.0]), 1.0);
    }
}
