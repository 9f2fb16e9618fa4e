//! Linear least squares by normal equations.

/// Normal equations of so many coefficients.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    size: usize,
    /// Sums of products of features, on and below the diagonal.
    products: Vec<f64>,
    /// Sums of products of features and values.
    values: Vec<f64>,
}

impl Normal {
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            products: vec![0.0; size * size],
            values: vec![0.0; size],
        }
    }

    /// Adds a value that is to be Σ coefficient · feature; features by number, in rising order, those
    /// that are not named are zero.
    pub(super) fn add(&mut self, features: &[(usize, f64)], value: f64, weight: f64) {
        for (position, &(i, a)) in features.iter().enumerate() {
            let weighted = weight * a;
            for &(j, b) in &features[..=position] {
                self.products[i * self.size + j] += weighted * b;
            }
            self.values[i] += weighted * value;
        }
    }

    /// Adds what was gathered of some features, given by their numbers, in rising order but for those that
    /// are always zero.
    pub(super) fn add_gathered<const NUMBERS: usize>(
        &mut self,
        features: impl Fn(usize) -> usize,
        gathered: &Gathered<NUMBERS>,
    ) {
        let value = NUMBERS - 1;
        for (place, sums) in gathered.0[..value].iter().enumerate() {
            let i = features(place);
            for (j, sum) in (0..=place).map(&features).zip(sums) {
                self.products[i * self.size + j] += sum;
            }
            self.values[i] += sums[value];
        }
    }

    /// The coefficients, by Cholesky's decomposition; one that nothing tells is zero.
    pub(super) fn solve(mut self) -> Vec<f64> {
        let Self {
            size,
            products: m,
            values: x,
        } = &mut self;
        let size = *size;
        for row in 0..size {
            for column in 0..=row {
                let (left, right) = (&m[row * size..][..column], &m[column * size..][..column]);
                let known: f64 = left.iter().zip(right).map(|(a, b)| a * b).sum();
                let rest = m[row * size + column] - known;
                m[row * size + column] = if row == column {
                    // What is left of rounding is no pivot.
                    let least = 1e-12 * m[row * size + row].max(f64::MIN_POSITIVE);
                    if rest > least {
                        rest.sqrt()
                    } else {
                        f64::INFINITY
                    }
                } else {
                    rest / m[column * size + column]
                };
            }
        }
        for row in 0..size {
            let known: f64 = (0..row).map(|c| m[row * size + c] * x[c]).sum();
            x[row] = (x[row] - known) / m[row * size + row];
        }
        for row in (0..size).rev() {
            let known: f64 = (row + 1..size).map(|r| m[r * size + row] * x[r]).sum();
            x[row] = (x[row] - known) / m[row * size + row];
        }
        self.values
    }
}

/// Sums of products of every two of some numbers: features, and last the value that they are to explain.
/// (All of them, though half would do: whole rows become vector instructions.)
#[derive(Clone, Copy, Debug)]
pub(super) struct Gathered<const NUMBERS: usize>([[f64; NUMBERS]; NUMBERS]);

impl<const NUMBERS: usize> Gathered<NUMBERS> {
    pub(super) const NOTHING: Self = Self([[0.0; NUMBERS]; NUMBERS]);

    /// Adds a value with its features.
    #[inline(always)]
    pub(super) fn add(&mut self, numbers: [f64; NUMBERS]) {
        for (sums, a) in self.0.iter_mut().zip(numbers) {
            for (sum, b) in sums.iter_mut().zip(numbers) {
                *sum += a * b;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_found_and_what_is_unknown_is_zero() {
        let mut normal = Normal::new(4);
        for x in [-1.0_f64, -0.5, 0.0, 0.25, 1.0] {
            let features = [(0, 1.0), (1, x), (3, x.powi(3))];
            normal.add(&features, 3.0 - 20.0 * x - 7.0 * x.powi(3), 2.0);
        }
        check(normal);
    }

    #[test]
    fn what_is_gathered_counts_as_if_it_were_added() {
        let mut normal = Normal::new(4);
        let mut gathered = Gathered::NOTHING;
        for x in [-1.0_f64, -0.5, 0.0, 0.25, 1.0] {
            // The last one stands for another, of which there is nothing.
            let value = 3.0 - 20.0 * x - 7.0 * x.powi(3);
            gathered.add([1.0, x, x.powi(3), 0.0, value]);
        }
        normal.add_gathered(|place| [0, 1, 3, 3][place], &gathered);
        check(normal);
    }

    fn check(normal: Normal) {
        let found = normal.solve();
        for (found, expected) in found.into_iter().zip([3.0, -20.0, 0.0, -7.0]) {
            assert!((found - expected).abs() < 1e-9, "{found}, {expected}");
        }
    }
}
