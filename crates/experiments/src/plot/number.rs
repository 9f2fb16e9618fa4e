//! Numbers as text: a true minus sign, grouped thousands, no float noise.

/// Narrow no-break space, between groups of three digits.
const GROUP: char = '\u{202f}';
const MINUS: char = '\u{2212}';
/// What stands where a number should be and none exists.
const NOT_AVAILABLE: &str = "n/a";

/// From this magnitude on a number is written as mantissa × power of ten.
const LARGE: f64 = 1e7;
/// Below this magnitude a number is written as mantissa × power of ten.
const SMALL: f64 = 1e-4;
/// A number is never written with more digits than this, significant ones or decimals.
const DIGITS_MAX: usize = 400;
/// From 9.95 on, two digits round up to the next power of ten.
const ROUNDS_UP: f64 = 10.0 / 9.95;

/// `value` with exactly `decimals` digits after the point, of which there are 400 at most.
///
/// Thousands are grouped from five integer digits on. A non-finite value gives "n/a".
///
/// ```
/// # use bss2_experiments::plot::fixed;
/// assert_eq!(fixed(-3.14159, 2), "\u{2212}3.14");
/// assert_eq!(fixed(12345.0, 0), "12\u{202f}345");
/// ```
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NOT_AVAILABLE.to_owned();
    }
    let decimals = decimals.min(DIGITS_MAX);
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits.as_str(), None),
    };
    let rounds_to_zero = digits.bytes().all(|byte| byte == b'0' || byte == b'.');

    let mut text = String::new();
    if value < 0.0 && !rounds_to_zero {
        text.push(MINUS);
    }
    text.push_str(&grouped(whole));
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// `value` rounded to `digits` significant digits, 1 to 400, without trailing zeros.
///
/// Very large and very small values come as mantissa × power of ten; a non-finite one as "n/a".
///
/// ```
/// # use bss2_experiments::plot::significant;
/// assert_eq!(significant(0.1 + 0.2, 3), "0.3");
/// assert_eq!(significant(3.2e9, 3), "3.2×10⁹");
/// ```
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return NOT_AVAILABLE.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = digits.clamp(1, DIGITS_MAX) as i32;
    let exponent = exponent_of(value);
    if is_extreme(value) {
        let mantissa = scaled_down(value, exponent);
        return with_power(
            &without_trailing_zeros(&fixed(mantissa, (digits - 1) as usize)),
            exponent,
        );
    }
    let decimals = (digits - 1 - exponent).max(0) as usize;
    without_trailing_zeros(&fixed(value, decimals))
}

/// A mean and its standard deviation, both with the decimals that two digits of the deviation need.
///
/// ```
/// # use bss2_experiments::plot::with_deviation;
/// assert_eq!(with_deviation(97.8312, 0.4123), "97.83 ± 0.41");
/// ```
pub fn with_deviation(mean: f64, deviation: f64) -> String {
    if !mean.is_finite() || !deviation.is_finite() {
        return format!("{} ± {}", significant(mean, 4), significant(deviation, 2));
    }
    let largest = mean.abs().max(deviation.abs());
    if largest > 0.0 && is_extreme(largest) {
        let exponent = exponent_of(largest);
        let (mean, deviation) = (
            scaled_down(mean, exponent),
            scaled_down(deviation, exponent),
        );
        return with_power(&format!("({})", with_deviation(mean, deviation)), exponent);
    }
    if deviation == 0.0 {
        return format!("{} ± 0", significant(mean, 4));
    }
    let decimals = decimals_for(deviation);
    format!("{} ± {}", fixed(mean, decimals), fixed(deviation, decimals))
}

/// Decimals that show two digits of a deviation.
pub(super) fn decimals_for(deviation: f64) -> usize {
    // 0.0997 is 0.10 with two digits, which takes one decimal less than 0.0994
    (1 - exponent_of(deviation * ROUNDS_UP)).clamp(0, 6) as usize
}

/// `text × 10^exponent`, with superscript digits.
pub(super) fn with_power(text: &str, exponent: i32) -> String {
    format!("{text}×{}", power_of_ten(exponent))
}

/// `10` with `exponent` as superscript.
pub(super) fn power_of_ten(exponent: i32) -> String {
    let superscript = |symbol| match symbol {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    std::iter::once("10".to_owned())
        .chain(
            exponent
                .to_string()
                .chars()
                .map(|symbol| superscript(symbol).to_string()),
        )
        .collect()
}

/// Whether a number of this magnitude reads better with a power of ten.
pub(super) fn is_extreme(value: f64) -> bool {
    value.abs() >= LARGE || value.abs() < SMALL
}

/// The power of ten of the leading digit.
pub(super) fn exponent_of(value: f64) -> i32 {
    value.abs().log10().floor() as i32
}

/// `value / 10^exponent`; for a negative exponent as a product, which does not overflow.
fn scaled_down(value: f64, exponent: i32) -> f64 {
    if exponent < 0 {
        value * 10f64.powi(-exponent)
    } else {
        value / 10f64.powi(exponent)
    }
}

fn grouped(digits: &str) -> String {
    if digits.len() < 5 {
        return digits.to_owned();
    }
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(GROUP);
        }
        text.push(digit);
    }
    text
}

fn without_trailing_zeros(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_groups() {
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-1.5, 1), "\u{2212}1.5");
        assert_eq!(fixed(1234.0, 0), "1234");
        assert_eq!(fixed(1_234_567.25, 1), "1\u{202f}234\u{202f}567.2");
        assert_eq!(fixed(f64::NAN, 1), "n/a");
    }

    #[test]
    fn significant_digits() {
        assert_eq!(significant(0.0, 3), "0");
        assert_eq!(significant(0.012_345, 3), "0.0123");
        assert_eq!(significant(120.0, 2), "120");
        assert_eq!(significant(-2.5e-7, 2), "\u{2212}2.5×10⁻⁷");
        assert_eq!(significant(f64::INFINITY, 2), "n/a");
    }

    #[test]
    fn no_number_of_digits_is_too_large() {
        for digits in [70_000, 1 << 31, i32::MAX as usize, usize::MAX] {
            assert_eq!(fixed(1.0, digits).len(), 402);
            for value in [1.0, 1e-3, 5e-324, -1e300] {
                assert_eq!(significant(value, digits), significant(value, 400));
            }
        }
    }

    #[test]
    fn mean_and_deviation() {
        assert_eq!(with_deviation(97.0, 0.0), "97 ± 0");
        assert_eq!(with_deviation(1234.5, 56.7), "1234 ± 57");
        assert_eq!(with_deviation(3.0e9, 2.0e8), "(3.00 ± 0.20)×10⁹");
        assert_eq!(with_deviation(98.0701, 0.0997), "98.07 ± 0.10");
        assert_eq!(with_deviation(f64::NAN, 1.0), "n/a ± 1");
    }
}
