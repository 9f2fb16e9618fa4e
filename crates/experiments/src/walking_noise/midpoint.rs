//! The noise at which accuracy has fallen half way.

use crate::ExperimentError;

/// Where a noise is sought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// The least and the most noise.
    pub(super) range: (f64, f64),
    /// How often the range, on a logarithmic scale, is halved.
    pub(super) halvings: u32,
}

impl Search {
    /// The noise above which an accuracy stays below `target`, by bisection of its logarithm; `None`
    /// if it does not fall so far, or has fallen already with the least noise.
    pub(super) fn find(
        self,
        target: f64,
        mut accuracy: impl FnMut(f64) -> Result<f64, ExperimentError>,
    ) -> Result<Option<f64>, ExperimentError> {
        let (mut low, mut high) = self.range;
        if accuracy(high)? >= target || accuracy(low)? < target {
            return Ok(None);
        }
        for _ in 0..self.halvings {
            let middle = (low * high).sqrt();
            if accuracy(middle)? >= target {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(Some((low * high).sqrt()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crossing_is_found_where_there_is_one() {
        let search = Search {
            range: (1e-3, 1e3),
            halvings: 20,
        };
        let falls = |sigma: f64| Ok(1.0 / (1.0 + sigma / 0.3));
        let found = search.find(0.5, falls).unwrap().unwrap();
        assert!((found / 0.3 - 1.0).abs() < 1e-4, "{found}");
        assert_eq!(search.find(0.5, |_| Ok(0.9)).unwrap(), None);
        assert_eq!(search.find(0.5, |_| Ok(0.1)).unwrap(), None);
    }
}
