//! Results against weights and activations.

use bss2_core::{ACTIVATION_MAX, RunSettings};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::Parameters;
use crate::ExperimentError;
use crate::bench::{Bench, OverRepeats, repeated};
use crate::statistics::{deviation, line, mean, root_mean_square};

/// What all columns answer to one weight and activation.
struct Answer {
    weight: i8,
    activation: u8,
    /// Mean over the repeats, by column of the chip.
    means: Vec<f64>,
    /// Standard deviation over the repeats.
    deviations: Vec<f64>,
}

/// The answers to all weights and activations.
pub(super) struct Answers(Vec<Answer>);

/// A point of the transfer curves, over the columns of a chip that work.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) weight: i8,
    pub(super) activation: u8,
    pub(super) mean_lsb: f64,
    /// Standard deviation over columns of their means.
    pub(super) column_deviation_lsb: f64,
    /// Standard deviation over repeats, root mean square over columns.
    pub(super) trial_deviation_lsb: f64,
}

/// The transfer curves of one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct Transfer {
    pub(super) points: Vec<Point>,
}

impl Answers {
    /// Drives evenly spaced rows, all with the same activation, into one weight.
    pub(super) fn measure(
        bench: &mut Bench,
        parameters: &Parameters,
    ) -> Result<Self, ExperimentError> {
        let geometry = bench.geometry();
        let stride = (geometry.inputs() / parameters.transfer_rows).max(1);
        let activations = usize::from(ACTIVATION_MAX) + 1;
        let vectors = Array2::from_shape_fn((activations, geometry.inputs()), |(x, i)| {
            if i % stride == 0 { x as u8 } else { 0 }
        });
        let batch = repeated(vectors.view(), parameters.transfer_repeats);
        let mut answers = Vec::new();
        for &weight in &parameters.transfer_weights {
            let first = answers.len();
            answers.extend((0..=ACTIVATION_MAX).map(|activation| Answer {
                weight,
                activation,
                means: Vec::new(),
                deviations: Vec::new(),
            }));
            for hemisphere in 0..geometry.hemispheres() {
                bench.load_uniform(hemisphere, weight)?;
                let outputs = bench.run(hemisphere, RunSettings::default(), batch.view())?;
                let over = OverRepeats::of(&outputs, activations);
                for (x, answer) in answers[first..].iter_mut().enumerate() {
                    answer.means.extend(over.means.row(x));
                    answer.deviations.extend(over.deviations.row(x));
                }
            }
        }
        Ok(Self(answers))
    }

    /// Which columns' results move by at least so much.
    pub(super) fn working(&self, least_swing_lsb: f64) -> Vec<bool> {
        let columns = self.0.first().map_or(0, |answer| answer.means.len());
        let swing = |column: usize| {
            let means = self.0.iter().map(|answer| answer.means[column]);
            let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| {
                (low.min(y), high.max(y))
            });
            high - low
        };
        (0..columns)
            .map(|column| swing(column) >= least_swing_lsb)
            .collect()
    }

    pub(super) fn over_columns(&self, working: &[bool]) -> Transfer {
        let point = |answer: &Answer| {
            let of_working = |values: &[f64]| only_working(values, working);
            let means = of_working(&answer.means);
            Point {
                weight: answer.weight,
                activation: answer.activation,
                mean_lsb: mean(&means),
                column_deviation_lsb: deviation(&means),
                trial_deviation_lsb: root_mean_square(&of_working(&answer.deviations)),
            }
        };
        Transfer {
            points: self.0.iter().map(point).collect(),
        }
    }
}

/// The values of the columns that work.
pub(super) fn only_working(values: &[f64], working: &[bool]) -> Vec<f64> {
    let columns = values.iter().zip(working);
    columns.filter(|(_, w)| **w).map(|(v, _)| *v).collect()
}

impl Transfer {
    /// How much steeper results rise with positive weights than with negative ones, in %: fitted
    /// where results stay in the published linear range.
    pub(super) fn asymmetry_percent(&self) -> f64 {
        const LINEAR_LSB: std::ops::RangeInclusive<f64> = -68.0..=87.0;
        let slope = |sign: f64| {
            let points: Vec<(f64, f64)> = self
                .points
                .iter()
                .filter(|p| f64::from(p.weight) * sign > 0.0 && LINEAR_LSB.contains(&p.mean_lsb))
                .map(|p| (f64::from(p.weight) * f64::from(p.activation), p.mean_lsb))
                .collect();
            line(&points).0
        };
        100.0 * (slope(1.0) / slope(-1.0) - 1.0)
    }
}
