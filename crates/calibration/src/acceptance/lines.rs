//! Multiplication on synaptic lines.

use bss2_core::{Register, RunSettings, WEIGHT_MAX};
use ndarray::{Array2, ArrayView1, ArrayView2};

use super::{Criterion, Limit, largest, least};
use crate::routine::InputSign;
use crate::statistics::{deviation, mean};
use crate::{Bench, CalibrationError};

/// Source: calix, hagen multiplication test. (It asks for more than 76 of 128 columns.)
pub(super) const CRITERIA: &[Criterion] = &[
    Criterion::new("largest mean noise of a vector", "LSB", Limit::Below(5.0)),
    Criterion::new(
        "least slope over the weights, vectors with a mean of 3 and more",
        "LSB",
        Limit::Above(0.02),
    ),
    Criterion::new(
        "columns that keep the order of two vectors, least share",
        "%",
        Limit::AtLeast(60.0),
    ),
];

/// The source overwrites nothing for this test. Of what calibration does, only the slow lines decide
/// over it: here they become as fast as after power-on (assumption).
pub(super) const OVERWRITING: &[(Register, i32)] = &[(
    Register::IBiasSyninExcTau,
    Register::IBiasSyninExcTau.spec().reset,
)];

/// Runs of every vector.
const RUNS: usize = 30;

/// Vectors of a run.
const VECTORS: usize = 9;

/// Physical columns of an output: positive weights, negative weights.
const COLUMNS_PER_WEIGHT: usize = 2;

/// Outputs with a weight: one for each weight −63…63; further ones hold zeros.
const WEIGHTED: usize = 2 * WEIGHT_MAX as usize + 1;

/// Mean activation from which on results are judged by their size.
const LEAST_MEAN: f64 = 3.0;

/// Share of another vector's mean activation below which a vector is clearly weaker.
const WEAKER: f64 = 0.66;

/// Mean codes nearer to the CADC's ends than this are at the end.
const END_LSB: f64 = 1.0;

/// Values of the criteria.
pub(super) fn measure(bench: &mut Bench<'_>) -> Result<Vec<f64>, CalibrationError> {
    let geometry = bench.geometry();
    let weights = weights(geometry.columns() / COLUMNS_PER_WEIGHT);
    let vectors = vectors(geometry.inputs());
    let means = vectors.each_ref().map(|vector| mean_activation(vector));
    // Each run begins with its baseline.
    let batch = Array2::from_shape_fn((1 + VECTORS, geometry.inputs()), |(v, input)| match v {
        0 => 0,
        v => vectors[v - 1][input],
    });
    let settings = RunSettings::default();
    let (mut noise, mut slopes, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for sign in InputSign::BOTH {
        bench.load(|_, column| weights.get(column).map_or(0, |&weight| sign.of(weight)))?;
        for hemisphere in 0..geometry.hemispheres() {
            let codes = bench.multiply_each(hemisphere, settings, batch.view(), RUNS)?;
            let results = Results::of(codes.view());
            noise.extend(results.noise());
            let side = f64::from(sign.of(1));
            slopes.extend(
                results
                    .slopes(&weights, &means)
                    .iter()
                    .map(|slope| side * slope),
            );
            shares.extend(results.order(&means));
        }
    }
    Ok(vec![largest(noise), least(slopes), 100.0 * least(shares)])
}

/// Weights of the columns that have one, from −63 to 63: in steps of 1 where there are enough.
fn weights(columns: usize) -> Vec<i8> {
    let weighted = columns.min(WEIGHTED);
    let steps = weighted.saturating_sub(1).max(1);
    (0..weighted)
        .map(|column| (column * (WEIGHTED - 1) / steps) as i8 - WEIGHT_MAX)
        .collect()
}

/// The vectors: constant ones, then some that vary from row to row.
fn vectors(inputs: usize) -> [Vec<u8>; VECTORS] {
    let each = |activation: &dyn Fn(usize) -> usize| -> Vec<u8> {
        (0..inputs).map(|input| activation(input) as u8).collect()
    };
    [
        each(&|_| 0),
        each(&|_| 31),
        each(&|_| 15),
        each(&|_| 7),
        each(&|_| 3),
        each(&|_| 1),
        each(&|input| input % 16),
        each(&|input| input % 8),
        each(&|input| (inputs - 1 - input) % 16),
    ]
}

fn mean_activation(vector: &[u8]) -> f64 {
    vector.iter().map(|&x| f64::from(x)).sum::<f64>() / vector.len() as f64
}

/// What a hemisphere answers to all vectors, by vector and output.
struct Results {
    /// Means over the runs, in LSB.
    means: Array2<f64>,
    /// Standard deviations over the runs, in LSB.
    deviations: Array2<f64>,
    /// Whether the CADC has reached an end.
    at_end: Array2<bool>,
}

impl Results {
    /// From codes of physical columns, run by run, each with its baseline first.
    fn of(codes: ArrayView2<'_, u8>) -> Self {
        let per_run = 1 + VECTORS;
        let outputs = codes.ncols() / COLUMNS_PER_WEIGHT;
        let code =
            |run: usize, v: usize, column: usize| f64::from(codes[[run * per_run + v, column]]);
        let fall = |run, v, column| code(run, 0, column) - code(run, v, column);
        let runs = codes.nrows() / per_run;
        let over_runs = |value: &dyn Fn(usize) -> f64| (0..runs).map(value).collect::<Vec<f64>>();
        let shape = (VECTORS, outputs);
        let results = |(v, output)| {
            let [positive, negative] = physical_columns(output);
            // Charge lowers a line's voltage.
            over_runs(&|run| fall(run, 1 + v, positive) - fall(run, 1 + v, negative))
        };
        let at_end = |(v, output)| {
            physical_columns(output).into_iter().any(|column| {
                let mean = mean(&over_runs(&|run| code(run, 1 + v, column)));
                mean < END_LSB || mean > f64::from(u8::MAX) - END_LSB
            })
        };
        Self {
            means: Array2::from_shape_fn(shape, |at| mean(&results(at))),
            deviations: Array2::from_shape_fn(shape, |at| deviation(&results(at))),
            at_end: Array2::from_shape_fn(shape, at_end),
        }
    }

    /// Mean noise of the outputs, by vector.
    fn noise(&self) -> Vec<f64> {
        let vectors = self.deviations.outer_iter();
        vectors.map(|outputs| mean(&outputs.to_vec())).collect()
    }

    /// Slopes from the first to the last column with a weight, in LSB per unit of weight, of the
    /// vectors that are strong enough to be judged.
    fn slopes(&self, weights: &[i8], means: &[f64; VECTORS]) -> Vec<f64> {
        let last = weights.len().saturating_sub(1);
        let weight = |column: usize| weights.get(column).map_or(f64::NAN, |&w| f64::from(w));
        let rise = |results: ArrayView1<'_, f64>| match (results.get(0), results.get(last)) {
            (Some(first), Some(last)) => last - first,
            _ => f64::NAN,
        };
        let judged = self.means.outer_iter().zip(means);
        judged
            .filter(|(_, mean)| **mean >= LEAST_MEAN)
            .map(|(results, _)| rise(results) / (weight(last) - weight(0)))
            .collect()
    }

    /// For any two vectors of which one is clearly weaker than the other: share of the outputs that
    /// keep their order, of those that show one.
    fn order(&self, means: &[f64; VECTORS]) -> Vec<f64> {
        let mut shares = Vec::new();
        for (strong, strong_mean) in means.iter().enumerate() {
            for (weak, weak_mean) in means.iter().enumerate() {
                if *weak_mean >= LEAST_MEAN && *weak_mean < WEAKER * strong_mean {
                    shares.push(self.share_in_order(weak, strong));
                }
            }
        }
        shares
    }

    fn share_in_order(&self, weak: usize, strong: usize) -> f64 {
        let shows =
            |&output: &usize| !(self.at_end[[weak, output]] && self.at_end[[strong, output]]);
        let shown: Vec<usize> = (0..self.means.ncols()).filter(shows).collect();
        let amplitude = |v: usize, output: usize| self.means[[v, output]].abs();
        let in_order = shown
            .iter()
            .filter(|&&output| amplitude(weak, output) < amplitude(strong, output));
        in_order.count() as f64 / shown.len() as f64
    }
}

/// The columns of an output: for positive weights and for negative ones.
fn physical_columns(output: usize) -> [usize; COLUMNS_PER_WEIGHT] {
    [0, 1].map(|half| COLUMNS_PER_WEIGHT * output + half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of one run on lines that rest at 200 and fall by a thousandth of the product's sum.
    fn codes(weights: &[i8]) -> Array2<u8> {
        let inputs = 16;
        let vectors = vectors(inputs);
        Array2::from_shape_fn((1 + VECTORS, 2 * weights.len()), |(v, column)| {
            let sum: i32 = match v {
                0 => 0,
                v => vectors[v - 1].iter().map(|&x| i32::from(x)).sum(),
            };
            let weight = i32::from(weights[column / 2]);
            let own = if column % 2 == 0 { weight } else { -weight }.max(0);
            (200 - sum * own / 100).max(0) as u8
        })
    }

    #[test]
    fn exact_lines_have_their_slopes_and_keep_all_orders_that_show() {
        let weights = weights(127);
        let (vectors, results) = (vectors(16), Results::of(codes(&weights).view()));
        let means = vectors.each_ref().map(|vector| mean_activation(vector));
        assert!(results.noise().iter().all(|noise| *noise == 0.0));
        // 16 · 3 · 63 / 100 on either side
        let slopes = results.slopes(&weights, &means);
        assert!((least(slopes) - 2.0 * 30.0 / 126.0).abs() < 1e-9);
        // Where nothing falls, nothing is in order: only weights next to 0.
        assert!(results.order(&means).iter().all(|share| *share > 0.9));
        // The strongest vector ends at code 0 from weight 41 on.
        assert!(results.at_end[[1, 0]] && !results.at_end[[1, 63]]);
    }

    #[test]
    fn weights_reach_both_ends_of_few_columns_and_stay_within_many() {
        assert_eq!(weights(3), [-63, 0, 63]);
        assert_eq!(weights(128).len(), 127);
        assert_eq!(weights(1), [-63]);
        assert!(weights(0).is_empty());
    }

    #[test]
    fn nothing_that_shows_an_order_is_no_order() {
        let saturated = Array2::from_elem((1 + VECTORS, 4), 0);
        let results = Results::of(saturated.view());
        assert!(results.share_in_order(3, 1).is_nan());
        assert!(least(vec![1.0, f64::NAN]).is_nan());
    }
}
