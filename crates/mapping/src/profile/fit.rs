//! Fits of measured numbers.

/// Least squares with three coefficients.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fit {
    /// Sums of products of the features, above and on the diagonal.
    products: [[f64; 3]; 3],
    /// Sums of products of features and values.
    values: [f64; 3],
}

impl Fit {
    /// Adds a value that is to be Σ coefficient · feature.
    pub(super) fn add(&mut self, features: [f64; 3], value: f64) {
        for (i, a) in features.into_iter().enumerate() {
            for (j, b) in features.into_iter().enumerate() {
                self.products[i][j] += a * b;
            }
            self.values[i] += a * value;
        }
    }

    /// The coefficients; none where the features do not tell them apart.
    pub(super) fn solve(&self) -> Option<[f64; 3]> {
        let whole = determinant(&self.products);
        let scale: f64 = (0..3).map(|i| self.products[i][i]).product();
        let solved = whole.abs() > 1e-9 * scale;
        solved.then(|| {
            std::array::from_fn(|column| {
                let mut replaced = self.products;
                for (row, value) in replaced.iter_mut().zip(self.values) {
                    row[column] = value;
                }
                determinant(&replaced) / whole
            })
        })
    }
}

fn determinant(m: &[[f64; 3]; 3]) -> f64 {
    let minor = |a: usize, b: usize| m[1][a] * m[2][b] - m[1][b] * m[2][a];
    m[0][0] * minor(1, 2) - m[0][1] * minor(0, 2) + m[0][2] * minor(0, 1)
}

/// The middle of a set of numbers; 0 of none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_found_where_there_is_something_to_find() {
        let mut fit = Fit::default();
        assert_eq!(fit.solve(), None);
        fit.add([1.0, 2.0, 8.0], 1.0);
        fit.add([1.0, 3.0, 27.0], 1.0);
        assert_eq!(fit.solve(), None, "two points for three coefficients");
        let mut fit = Fit::default();
        for x in [-1.0_f64, -0.5, 0.0, 0.25, 1.0] {
            fit.add([1.0, x, x.powi(3)], 3.0 - 20.0 * x - 7.0 * x.powi(3));
        }
        let found = fit.solve().unwrap();
        let exact = [3.0, -20.0, -7.0];
        assert!(found.iter().zip(exact).all(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
