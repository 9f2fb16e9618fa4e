//! Polynomial prediction.

use std::ops::RangeInclusive;

use super::{Problem, Respond, SearchAlgorithm, SearchOutcome, Slope, option};
use crate::CalibrationError;

/// Measures once at the start ([`Problem::starting_at`], or else the middle of the range) and takes
/// the value of the range whose predicted response is nearest to the target, where the response's
/// change with the distance d from the start, in register steps, is known: Σ cₖ · dᵏ over k ≥ 1.
/// Of equally near values the one nearest to the start is taken.
///
/// Here the coefficients carry the sign of the response, as a fit to measured responses gives them;
/// the problem's slope only refuses a first coefficient that contradicts it. The polynomial may
/// turn within the range: where a target is out of its reach, its turning point is taken.
///
/// One measurement cannot tell whether the response follows the prediction: only measuring at the
/// value found does.
#[derive(Clone, Debug, PartialEq)]
pub struct PolynomialPrediction {
    /// c₁, c₂, …: at least one of them not zero, −10¹⁵…10¹⁵ each, c₁ ≥ 0 for a rising response and
    /// c₁ ≤ 0 for a falling one.
    pub coefficients: Vec<f64>,
}

impl PolynomialPrediction {
    fn check(&self, slope: Slope) -> Result<(), CalibrationError> {
        let used = self.coefficients.iter().filter(|&&c| c != 0.0).count() as f64;
        option::within("number of non-zero coefficients", used, 1.0..=f64::INFINITY)?;
        for &coefficient in &self.coefficients {
            option::within(
                "coefficient",
                coefficient,
                -option::LARGEST..=option::LARGEST,
            )?;
        }
        let along_slope = match slope {
            Slope::Rising => 0.0..=option::LARGEST,
            Slope::Falling => -option::LARGEST..=0.0,
        };
        let first = self.coefficients.first().copied().unwrap_or(0.0);
        option::within("first coefficient", first, along_slope)
    }

    /// Change of the response at a distance from the start.
    fn change(&self, distance: i32) -> f64 {
        let distance = f64::from(distance);
        let coefficients = self.coefficients.iter().rev();
        coefficients.fold(0.0, |sum, coefficient| (sum + coefficient) * distance)
    }
}

impl SearchAlgorithm for PolynomialPrediction {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        self.check(problem.slope())?;
        let (min, max) = (problem.min(), problem.max());
        let starts = problem.starts();
        let mut responses = vec![0.0; starts.len()];
        respond(&starts, &mut responses)?;

        let furthest_down = starts.iter().max().map_or(0, |start| min - start);
        let furthest_up = starts.iter().min().map_or(0, |start| max - start);
        let changes = Changes::new(furthest_down..=furthest_up, |d| self.change(d));
        let values: Vec<i32> = responses
            .iter()
            .zip(problem.targets())
            .zip(starts)
            .map(|((response, target), start)| {
                start + changes.nearest(target - response, min - start..=max - start)
            })
            .collect();
        Ok(SearchOutcome {
            inside: values.iter().map(|&v| problem.strictly_inside(v)).collect(),
            values,
            measurements: 1,
        })
    }
}

/// The predicted change at every distance that any instance may move by, sorted by change and then
/// by the size of the move: evaluated once, looked up by all instances.
struct Changes(Vec<(f64, i32)>);

impl Changes {
    fn new(distances: RangeInclusive<i32>, change: impl Fn(i32) -> f64) -> Self {
        let mut changes: Vec<(f64, i32)> = distances
            // Adding zero turns −0 into 0, which the order would tell apart.
            .map(|distance| (change(distance) + 0.0, distance))
            .filter(|(change, _)| change.is_finite())
            .collect();
        changes.sort_unstable_by(|a, b| {
            a.0.total_cmp(&b.0)
                .then(a.1.abs().cmp(&b.1.abs()))
                .then(a.1.cmp(&b.1))
        });
        Self(changes)
    }

    /// The distance in the window whose change is nearest to the wanted one; none (zero) where that
    /// is no number.
    fn nearest(&self, wanted: f64, window: RangeInclusive<i32>) -> i32 {
        if wanted.is_nan() {
            return 0;
        }
        let allowed = |entry: &&(f64, i32)| window.contains(&entry.1);
        let (below, above) = self.0.split_at(self.first_from(wanted));
        let above = above.iter().find(allowed);
        // The last entry below has the nearest change; the first with the same is the smaller move.
        let below = below
            .iter()
            .rfind(allowed)
            .and_then(|&(change, _)| self.0[self.first_from(change)..].iter().find(allowed));
        match (below, above) {
            (Some(below), Some(above)) => {
                let (down, up) = (wanted - below.0, above.0 - wanted);
                let below_wins = down < up || down == up && below.1.abs() <= above.1.abs();
                if below_wins { below.1 } else { above.1 }
            }
            (Some(only), None) | (None, Some(only)) => only.1,
            (None, None) => 0,
        }
    }

    /// Index of the first entry whose change is not below `change`.
    fn first_from(&self, change: f64) -> usize {
        self.0.partition_point(|entry| entry.0 < change)
    }
}
