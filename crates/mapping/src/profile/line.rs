//! Lines through measured points, straight and bent.

/// y = offset + slope · x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) offset: f64,
    pub(super) slope: f64,
}

impl Line {
    /// The line of least squares; horizontal where all x are equal.
    pub(super) fn fit(points: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let count = points.clone().count().max(1) as f64;
        let (sum_x, sum_y) = points
            .clone()
            .fold((0.0, 0.0), |s, (x, y)| (s.0 + x, s.1 + y));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (x, y) in points {
            covariance += (x - mean_x) * (y - mean_y);
            variance += (x - mean_x) * (x - mean_x);
        }
        let slope = if variance > 0.0 {
            covariance / variance
        } else {
            0.0
        };
        Self {
            offset: mean_y - slope * mean_x,
            slope,
        }
    }

    pub(super) fn at(self, x: f64) -> f64 {
        self.offset + self.slope * x
    }
}

/// y = a + b·x + c·x³ by least squares.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bend {
    /// Σ xⁿ for n of 0…6.
    powers: [f64; 7],
    /// Σ y·xⁿ for n of 0, 1, 3.
    products: [f64; 3],
}

impl Bend {
    pub(super) fn add(&mut self, x: f64, y: f64) {
        let mut power = 1.0;
        for sum in &mut self.powers {
            *sum += power;
            power *= x;
        }
        for (sum, factor) in self.products.iter_mut().zip([1.0, x, x.powi(3)]) {
            *sum += y * factor;
        }
    }

    /// c; 0 where the points do not tell.
    pub(super) fn cubic(&self) -> f64 {
        let p = &self.powers;
        let system = [[p[0], p[1], p[3]], [p[1], p[2], p[4]], [p[3], p[4], p[6]]];
        let mut replaced = system;
        for (row, product) in replaced.iter_mut().zip(self.products) {
            row[2] = product;
        }
        let whole = determinant(&system);
        if whole.abs() > 1e-9 * p[0].powi(3) {
            determinant(&replaced) / whole
        } else {
            0.0
        }
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
    fn bends_are_told_from_slopes_and_offsets() {
        let mut bend = Bend::default();
        assert_eq!(bend.cubic(), 0.0);
        for x in [-1.0, -0.5, 0.0, 0.25, 1.0] {
            bend.add(x, 3.0 - 20.0 * x - 7.0 * x * x * x);
        }
        assert!((bend.cubic() + 7.0).abs() < 1e-9);
    }

    #[test]
    fn lines_and_medians() {
        let points = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)];
        let line = Line::fit(points.into_iter());
        assert_eq!((line.offset, line.slope, line.at(3.0)), (1.0, 2.0, 7.0));
        let flat = Line::fit([(2.0, 4.0), (2.0, 6.0)].into_iter());
        assert_eq!((flat.offset, flat.slope), (5.0, 0.0));
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
