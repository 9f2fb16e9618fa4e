//! Every column's answer to the stimuli of published figures.

use bss2_core::RunSettings;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::ExperimentError;
use crate::bench::{Bench, OverRepeats, repeated};
use crate::statistics::{deviation, mean, root_mean_square};

/// A published stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stimulus {
    /// 100 rows of activation 15 and weight 21.
    ManyRows,
    /// One row of activation 12 and weight 21, sent 100 times.
    OneRow,
}

/// Published results of ten columns for 100 rows (BrainScaleS-2 demos, matrix multiplication
/// tutorial), in LSB.
pub(super) const PUBLISHED_MANY_ROWS: [f64; 10] =
    [55.0, 60.0, 59.0, 56.0, 60.0, 63.0, 57.0, 58.0, 56.0, 62.0];
/// Published mean and standard deviation over columns for one row (BrainScaleS-2 demos,
/// `hagen_properties` figure, digitised), in LSB.
pub(super) const PUBLISHED_ONE_ROW: [f64; 2] = [50.9, 2.7];

const WEIGHT: i8 = 21;
const ROWS: usize = 100;
const ROWS_ALONE: usize = 4;

/// A column's answers to one vector.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ColumnAnswer {
    /// Number of the vector.
    pub(super) vector: usize,
    /// Column of the chip.
    pub(super) column: usize,
    pub(super) mean_lsb: f64,
    pub(super) trial_deviation_lsb: f64,
}

/// What the columns that work answer.
#[derive(Serialize, Deserialize)]
pub(super) struct FixedRun {
    pub(super) answers: Vec<ColumnAnswer>,
    /// Distances of single results from their column's mean, in LSB.
    pub(super) trial_residuals_lsb: Vec<f64>,
}

impl Stimulus {
    pub(super) const ALL: [Self; 2] = [Self::ManyRows, Self::OneRow];

    /// Name in tables and result files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ManyRows => "100 rows of 15 × 21",
            Self::OneRow => "one row of 12 × 21 sent 100 times",
        }
    }

    /// Published standard deviation over columns, in % of the mean.
    pub(super) fn published_spread_percent(self) -> f64 {
        match self {
            Self::ManyRows => 100.0 * deviation(&PUBLISHED_MANY_ROWS) / mean(&PUBLISHED_MANY_ROWS),
            Self::OneRow => 100.0 * PUBLISHED_ONE_ROW[1] / PUBLISHED_ONE_ROW[0],
        }
    }

    /// The vectors; where a single row is driven, several rows take turns.
    fn vectors(self, inputs: usize) -> Array2<u8> {
        match self {
            Self::ManyRows => {
                Array2::from_shape_fn((1, inputs), |(_, i)| if i < ROWS { 15 } else { 0 })
            }
            Self::OneRow => Array2::from_shape_fn((ROWS_ALONE, inputs), |(v, i)| {
                if i == v * inputs / ROWS_ALONE { 12 } else { 0 }
            }),
        }
    }

    fn settings(self) -> Result<RunSettings, ExperimentError> {
        let wait = RunSettings::default().wait_between_events();
        Ok(match self {
            Self::ManyRows => RunSettings::default(),
            Self::OneRow => RunSettings::new(100, wait)?,
        })
    }

    pub(super) fn measure(
        self,
        bench: &mut Bench,
        repeats: usize,
        working: &[bool],
    ) -> Result<FixedRun, ExperimentError> {
        let geometry = bench.geometry();
        let vectors = self.vectors(geometry.inputs());
        let batch = repeated(vectors.view(), repeats);
        let mut run = FixedRun {
            answers: Vec::new(),
            trial_residuals_lsb: Vec::new(),
        };
        for hemisphere in 0..geometry.hemispheres() {
            bench.load_uniform(hemisphere, WEIGHT)?;
            let outputs = bench.run(hemisphere, self.settings()?, batch.view())?;
            let over = OverRepeats::of(&outputs, vectors.nrows());
            for ((vector, c), &mean_lsb) in over.means.indexed_iter() {
                let column = hemisphere * geometry.columns() + c;
                if !working[column] {
                    continue;
                }
                run.answers.push(ColumnAnswer {
                    vector,
                    column,
                    mean_lsb,
                    trial_deviation_lsb: over.deviations[[vector, c]],
                });
                let repeats = outputs.column(c).into_iter().skip(vector);
                let repeats = repeats.step_by(vectors.nrows());
                run.trial_residuals_lsb
                    .extend(repeats.map(|y| y - mean_lsb));
            }
        }
        Ok(run)
    }
}

impl FixedRun {
    /// The columns' means, one set for each vector.
    fn means(&self) -> impl Iterator<Item = Vec<f64>> {
        let vectors = self.answers.iter().map(|a| a.vector + 1).max().unwrap_or(0);
        (0..vectors).map(|vector| {
            let answers = self.answers.iter().filter(|a| a.vector == vector);
            answers.map(|a| a.mean_lsb).collect()
        })
    }

    /// Mean over columns, in LSB.
    pub(super) fn mean_lsb(&self) -> f64 {
        mean(&self.means().map(|means| mean(&means)).collect::<Vec<_>>())
    }

    /// Standard deviation over columns in % of the mean; over several vectors their mean.
    pub(super) fn spread_percent(&self) -> f64 {
        let spreads = self.means().map(|m| 100.0 * deviation(&m) / mean(&m));
        mean(&spreads.collect::<Vec<_>>())
    }

    /// Standard deviation over columns of single results, noise included, in % of the mean: what a
    /// single run shows, as in the published figures.
    pub(super) fn single_run_spread_percent(&self) -> f64 {
        let noise_percent = 100.0 * self.noise_lsb() / self.mean_lsb();
        self.spread_percent().hypot(noise_percent)
    }

    /// Distance of each column's mean from that of all columns, in % of that.
    pub(super) fn distances_percent(&self) -> Vec<f64> {
        let distances = |means: Vec<f64>| {
            let all = mean(&means);
            means.into_iter().map(move |m| 100.0 * (m / all - 1.0))
        };
        self.means().flat_map(distances).collect()
    }

    /// Standard deviation over repeats, root mean square over columns, in LSB.
    pub(super) fn noise_lsb(&self) -> f64 {
        let deviations = self.answers.iter().map(|a| a.trial_deviation_lsb);
        root_mean_square(&deviations.collect::<Vec<_>>())
    }
}
