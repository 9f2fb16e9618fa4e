//! Numbers over chips, put into words.

use crate::plot::{Summary, fixed};
use crate::rank::mean_correlation;
use crate::statistics::{Interval, mean};

/// "1 chip", "5 chips".
pub(crate) fn chips(count: usize) -> String {
    match count {
        1 => "1 chip".to_owned(),
        count => format!("{count} chips"),
    }
}

/// Mean ± standard deviation where there is one, a dash where there is nothing. Only finite values
/// count; how many, where some are not.
pub(crate) fn text(values: impl IntoIterator<Item = f64>, decimals: usize) -> String {
    let values: Vec<f64> = values.into_iter().collect();
    // Equal values have no spread, whatever rounding makes of their mean.
    if let Some(first) = values.first()
        && values.iter().all(|value| value == first)
    {
        return fixed(*first, decimals);
    }
    match Summary::of(&values) {
        None => "–".to_owned(),
        Some(summary) if summary.count < values.len() => {
            let (text, all) = (summary.text_with(decimals), values.len());
            format!("{text} ({} of {all})", summary.count)
        }
        Some(summary) => summary.text_with(decimals),
    }
}

/// How a number moves from one set of chips to the same chips in another state, to be preceded by
/// its name: "falls from 20.1 ± 0.5 to 3.0 ± 0.1 LSB". A number moves if every chip's does, to the
/// same side, and the mean by more than a twentieth.
pub(crate) fn moved(before: &[f64], after: &[f64], decimals: usize, unit: &str) -> String {
    let texts = [before, after].map(|values| text(values.iter().copied(), decimals));
    let [from, to] = &texts;
    let rises = before.iter().zip(after).all(|(b, a)| a > b);
    let falls = before.iter().zip(after).all(|(b, a)| a < b);
    let (sum, change) = before
        .iter()
        .zip(after)
        .fold((0.0, 0.0), |(s, c), (b, a)| (s + b.abs(), c + (a - b)));
    let little = change.abs() <= 0.05 * sum;
    match (rises, falls) {
        _ if little => format!("stays about where it was ({from} and {to} {unit})"),
        (true, _) => format!("rises from {from} to {to} {unit}"),
        (_, true) => format!("falls from {from} to {to} {unit}"),
        _ => format!("goes from {from} to {to} {unit}, on some chips up and on some down"),
    }
}

/// A factor, the mean over chips or seeds, with its 95 % interval: "2.1 times (1.8–2.4)". Only finite
/// ones count; how many, where some do not.
pub(crate) fn factor(factors: &[f64]) -> String {
    let finite: Vec<f64> = factors.iter().copied().filter(|f| f.is_finite()).collect();
    if finite.is_empty() {
        return "–".to_owned();
    }
    let of_all = if finite.len() < factors.len() {
        format!(", {} of {}", finite.len(), factors.len())
    } else {
        String::new()
    };
    let interval = Interval::of_mean(&finite).map_or_else(String::new, |interval| {
        let ends = [interval.low, interval.high].map(|end| fixed(end, 2));
        format!(" ({}…{}{of_all})", ends[0], ends[1])
    });
    format!("{} times{interval}", fixed(mean(&finite), 2))
}

/// A difference, the mean over chips or seeds, with its 95 % interval: "+2.1 (1.8…2.4)".
pub(crate) fn difference(differences: &[f64], decimals: usize) -> String {
    let sign = if mean(differences) > 0.0 { "+" } else { "" };
    let interval = Interval::of_mean(differences).map_or_else(String::new, |interval| {
        let ends = [interval.low, interval.high].map(|end| fixed(end, decimals));
        format!(" ({}…{})", ends[0], ends[1])
    });
    format!("{sign}{}{interval}", fixed(mean(differences), decimals))
}

/// A mean with the range that holds the true one in 95 of 100 cases: "3.1 (2.0…4.2)".
pub(crate) fn with_interval(values: &[f64], decimals: usize) -> String {
    bracketed(mean(values), Interval::of_mean(values), decimals)
}

/// A mean of correlations with that range.
pub(crate) fn correlation(values: &[f64]) -> String {
    let (mean, interval) = mean_correlation(values);
    bracketed(mean, interval, 2)
}

fn bracketed(mean: f64, interval: Option<Interval>, decimals: usize) -> String {
    if mean.is_nan() {
        return "–".to_owned();
    }
    let interval = interval.map_or_else(String::new, |interval| {
        let ends = [interval.low, interval.high].map(|end| fixed(end, decimals));
        format!(" ({}…{})", ends[0], ends[1])
    });
    fixed(mean, decimals) + &interval
}

/// Keeps numbers with their spread and unit on one line.
pub(crate) fn unbroken(text: &str) -> String {
    text.replace(" ± ", "\u{a0}±\u{a0}")
        .replace(" %", "\u{a0}%")
        .replace(" LSB", "\u{a0}LSB")
        .replace(" µs", "\u{a0}µs")
        .replace(" ms", "\u{a0}ms")
}

#[cfg(test)]
mod tests {
    use super::{factor, moved, text};

    #[test]
    fn what_does_not_count_is_told() {
        assert_eq!(text([1.0, 3.0], 1), "2.0 ± 1.4");
        assert_eq!(text([1.0, f64::INFINITY, 3.0], 1), "2.0 ± 1.4 (2 of 3)");
        assert_eq!(text([f64::NAN], 1), "–");
    }

    #[test]
    fn factors_come_with_their_interval() {
        assert_eq!(factor(&[1.0, 3.0]), "2.00 times (−10.71…14.71)");
        assert_eq!(factor(&[2.0]), "2.00 times");
        assert_eq!(
            factor(&[2.0, f64::NAN, 2.0]),
            "2.00 times (2.00…2.00, 2 of 3)"
        );
        assert_eq!(factor(&[f64::NAN]), "–");
    }

    #[test]
    fn a_number_moves_where_every_chip_agrees() {
        let moved = |before: &[f64], after: &[f64]| moved(before, after, 1, "LSB");
        assert_eq!(moved(&[2.0], &[1.0]), "falls from 2.0 to 1.0 LSB");
        assert_eq!(
            moved(&[1.0, 3.0], &[2.0, 4.0]),
            "rises from 2.0 ± 1.4 to 3.0 ± 1.4 LSB"
        );
        assert!(moved(&[1.0, 1.0], &[0.5, 1.1]).contains("on some chips up and on some down"));
        assert!(moved(&[100.0], &[99.0]).starts_with("stays"));
    }
}
