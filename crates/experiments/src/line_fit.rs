//! Every column's straight line through its results.

use ndarray::{Array2, ArrayView1};

use crate::statistics::line;

/// A column's straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) slope: f64,
    pub(crate) offset: f64,
}

impl Line {
    /// The least-squares line through those points of a column that are asked for.
    fn through(
        sums: ArrayView1<'_, f64>,
        means: ArrayView1<'_, f64>,
        asked: impl Fn(f64) -> bool,
    ) -> Self {
        let points: Vec<(f64, f64)> = sums
            .iter()
            .zip(means)
            .filter(|(sum, _)| asked(**sum))
            .map(|(sum, mean)| (*sum, *mean))
            .collect();
        let (slope, offset) = line(&points);
        Self { slope, offset }
    }

    pub(crate) fn at(self, sum: f64) -> f64 {
        self.slope * sum + self.offset
    }
}

/// One line for each column of results (vectors × columns) at points whose sum is asked for.
pub(crate) fn lines(
    sums: &Array2<f64>,
    means: &Array2<f64>,
    asked: impl Fn(f64) -> bool,
) -> Vec<Line> {
    let columns = sums.columns().into_iter().zip(means.columns());
    columns
        .map(|(sums, means)| Line::through(sums, means, &asked))
        .collect()
}

/// A mean of squares less what noise contributes, as a root; zero where noise is all there is.
pub(crate) fn beyond_noise(mean_square: f64, of_noise: f64) -> f64 {
    (mean_square - of_noise).max(0.0).sqrt()
}
