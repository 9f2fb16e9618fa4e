//! Robust statistics: a few failed elements must not move them.

/// Median of a set of numbers (of an even count the mean of the middle two). Those that are no
/// numbers are left out; an empty set has NaN.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The quantile of a set of numbers at a share of 0…1, interpolated. Those that are no numbers are
/// left out; an empty set has NaN.
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (_, &mut below, rest) =
        values.select_nth_unstable_by(place.floor() as usize, f64::total_cmp);
    let above = if place.fract() == 0.0 {
        below
    } else {
        rest.iter().copied().fold(f64::INFINITY, f64::min)
    };
    // Equal ends are kept as they are: infinities would cancel.
    if below == above {
        below
    } else {
        below + (above - below) * place.fract()
    }
}

/// Mean of a set of numbers; NaN of an empty set.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation of a set of numbers from its mean; NaN of an empty set.
pub(crate) fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_even_and_empty_sets() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median([f64::NAN, 7.0]), 7.0);
        assert_eq!(median([f64::INFINITY, f64::INFINITY]), f64::INFINITY);
        assert!(median([]).is_nan());
    }

    #[test]
    fn quantiles_reach_both_ends() {
        let values = [4.0, 0.0, 3.0, 1.0, 2.0];
        assert_eq!(
            [0.0, 0.25, 1.0].map(|q| quantile(values, q)),
            [0.0, 1.0, 4.0]
        );
    }

    #[test]
    fn deviations_are_those_of_the_whole_set() {
        assert_eq!(deviation(&[1.0, 3.0]), 1.0);
        assert!(deviation(&[]).is_nan());
    }
}
