//! Mean and standard deviation of a set of results.

/// Largest magnitude a chart draws; squares and spans of such values stay finite.
const LARGEST: f64 = 1e100;

/// Whether a value can be placed on an axis at all.
pub(super) fn is_drawable(value: f64) -> bool {
    value.is_finite() && value.abs() <= LARGEST
}

/// Count, mean and sample standard deviation of the finite values of a set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Number of finite values.
    pub count: usize,
    /// Their arithmetic mean.
    pub mean: f64,
    /// Their sample standard deviation (n − 1); none for a single value.
    pub deviation: Option<f64>,
}

impl Summary {
    /// Summarises the finite values among `values`; none if there is no finite value.
    pub fn of(values: &[f64]) -> Option<Self> {
        let finite: Vec<f64> = values
            .iter()
            .copied()
            .filter(|value| is_drawable(*value))
            .collect();
        if finite.is_empty() {
            return None;
        }
        let count = finite.len();
        let mean = finite.iter().sum::<f64>() / count as f64;
        let deviation = (count > 1).then(|| {
            let squares: f64 = finite.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (count - 1) as f64).sqrt()
        });
        Some(Self {
            count,
            mean,
            deviation,
        })
    }

    /// The summary as text with fixed decimals.
    pub fn text_with(&self, decimals: usize) -> String {
        let mean = super::fixed(self.mean, decimals);
        match self.deviation {
            Some(deviation) => format!("{mean} ± {}", super::fixed(deviation, decimals)),
            None => mean,
        }
    }

    /// The summary as text, for example "97.83 ± 0.41".
    pub fn text(&self) -> String {
        match self.deviation {
            Some(deviation) => super::with_deviation(self.mean, deviation),
            None => super::significant(self.mean, 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_the_sample_deviation_of_the_finite_values() {
        let summary =
            Summary::of(&[1.0, f64::NAN, 3.0, f64::INFINITY]).expect("two values are finite");
        assert_eq!(summary.count, 2);
        assert_eq!(summary.mean, 2.0);
        assert_eq!(summary.deviation, Some(2f64.sqrt()));
    }

    #[test]
    fn single_and_no_values() {
        assert_eq!(Summary::of(&[f64::NAN]), None);
        assert_eq!(Summary::of(&[5.0]).expect("one value").text(), "5");
    }
}
