//! The ends of the swing: results against what a linear column would give.

use bss2_core::{RunSettings, WEIGHT_MAX};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::parameters::SwingParameters;
use crate::ExperimentError;
use crate::bench::{Bench, OverRepeats, repeated};
use crate::statistics::{deviation, mean};

/// A point of the curve, in LSB.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct SwingPoint {
    /// What the linear fit predicts.
    pub(super) predicted: f64,
    /// Mean over the columns.
    pub(super) mean: f64,
    /// Standard deviation over the columns.
    pub(super) deviation: f64,
}

/// The curve of one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct Swing {
    pub(super) points: Vec<SwingPoint>,
}

/// Weights from one point to the next.
const STEP: usize = 3;

impl Swing {
    pub(super) fn measure(
        bench: &mut Bench,
        parameters: &SwingParameters,
    ) -> Result<Self, ExperimentError> {
        let geometry = bench.geometry();
        let wait = RunSettings::default().wait_between_events();
        let settings = RunSettings::new(parameters.num_sends, wait)?;
        let vector = Array2::from_shape_fn((1, geometry.inputs()), |(_, i)| {
            if i == parameters.row {
                parameters.activation
            } else {
                0
            }
        });
        let batch = repeated(vector.view(), parameters.repeats);
        let weights: Vec<i8> = (-WEIGHT_MAX..=WEIGHT_MAX).step_by(STEP).collect();
        let mut by_weight = Vec::with_capacity(weights.len());
        for &weight in &weights {
            let mut columns = Vec::new();
            for hemisphere in 0..geometry.hemispheres() {
                bench.load_uniform(hemisphere, weight)?;
                let outputs = bench.run(hemisphere, settings, batch.view())?;
                columns.extend(OverRepeats::of(&outputs, 1).means);
            }
            by_weight.push(columns);
        }
        without_dead_columns(&mut by_weight);
        let curve: Vec<(f64, f64)> = weights
            .iter()
            .zip(&by_weight)
            .map(|(&weight, columns)| (f64::from(weight), mean(columns)))
            .collect();
        let points = curve
            .iter()
            .zip(&by_weight)
            .map(|(&(weight, mean), columns)| SwingPoint {
                predicted: weight * slope(&curve, weight.signum(), parameters.linear_lsb),
                mean,
                deviation: deviation(columns),
            });
        Ok(Self {
            points: points.collect(),
        })
    }

    /// Deviation from the linear prediction at a predicted result, interpolated.
    pub(super) fn deviation_at(&self, predicted_lsb: f64) -> Option<f64> {
        let pairs = self.points.windows(2);
        pairs
            .filter_map(|pair| <[SwingPoint; 2]>::try_from(pair).ok())
            .find(|[below, above]| (below.predicted..=above.predicted).contains(&predicted_lsb))
            .map(|[below, above]| {
                let way = above.predicted - below.predicted;
                let share = (predicted_lsb - below.predicted) / way;
                below.mean + share * (above.mean - below.mean) - predicted_lsb
            })
    }
}

/// Slope through the origin of one sign's results in the linear range.
fn slope(curve: &[(f64, f64)], sign: f64, linear_lsb: f64) -> f64 {
    let linear = curve
        .iter()
        .filter(|(weight, result)| weight * sign > 0.0 && result.abs() <= linear_lsb);
    let (wy, ww) = linear.fold((0.0, 0.0), |(wy, ww), (w, y)| (wy + w * y, ww + w * w));
    if ww > 0.0 { wy / ww } else { 0.0 }
}

/// Leaves out columns that answer the same to every weight.
fn without_dead_columns(by_weight: &mut [Vec<f64>]) {
    let [Some(first), Some(last)] = [by_weight.first(), by_weight.last()] else {
        return;
    };
    let works: Vec<bool> = first
        .iter()
        .zip(last)
        .map(|(a, b)| (a - b).abs() >= 5.0)
        .collect();
    for columns in by_weight {
        let mut works = works.iter();
        columns.retain(|_| works.next().copied().unwrap_or(true));
    }
}
