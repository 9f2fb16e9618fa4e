//! A twin from a recording: least squares, columns and drivers in turn.

mod columns;
mod drivers;
mod noise;
mod normal;
mod samples;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use super::curve::Knots;
use super::{ColumnTwin, DriverTwin, HemisphereTwin, Recording, Twin};
use crate::TrainingError;
use crate::error::check_option;
use samples::Samples;

/// What is taken for different between drivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriverModel {
    /// Nothing: amplitudes are activations.
    Ideal,
    /// The amplitude of each activation, straight between a few of them; the default.
    #[default]
    Curves,
}

/// How a twin is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitOptions {
    /// What is taken for different between drivers.
    pub drivers: DriverModel,
    /// How often columns and drivers are fitted in turn, 1…100; default 3 (docs/performance.md tells
    /// what more would gain).
    pub rounds: usize,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            drivers: DriverModel::default(),
            rounds: 3,
        }
    }
}

/// How well a twin explains the recording that it was fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TwinFit {
    /// By hemisphere.
    pub hemispheres: Vec<HemisphereFit>,
}

/// How well a hemisphere is explained. Only vectors whose outputs stay off the ends of their range
/// in every repeat count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HemisphereFit {
    /// Root mean square of measured means less those of the twin, by column, in LSB; 0 of a column
    /// that was always at an end.
    pub rms_error_lsb: Vec<f32>,
    /// What of that the noise of the means is, by column, in LSB.
    pub noise_of_means_lsb: Vec<f32>,
    /// Share of the variance of all means that the twin explains, less than 1.
    pub explained: f32,
    /// Share of vectors and columns that count, 0…1.
    pub used: f32,
    /// Columns that do not respond.
    pub dead_columns: Vec<usize>,
    /// Drivers that do not respond.
    pub dead_drivers: Vec<usize>,
}

impl HemisphereFit {
    /// Root mean square over the columns of what is left, in LSB.
    pub fn total_rms_error_lsb(&self) -> f32 {
        root_mean_square(&self.rms_error_lsb)
    }

    /// Root mean square over the columns of what the noise leaves, in LSB.
    pub fn total_noise_of_means_lsb(&self) -> f32 {
        root_mean_square(&self.noise_of_means_lsb)
    }
}

fn root_mean_square(values: &[f32]) -> f32 {
    let squares: f32 = values.iter().map(|v| v * v).sum();
    (squares / values.len().max(1) as f32).sqrt()
}

/// Sums beyond these make outputs that are at their ends.
const KNOTS: (f32, f32, usize) = (-208.0, 16.0, 27);

impl Twin {
    /// Fits a twin to a recording, with the default options.
    ///
    /// # Errors
    /// [`TrainingError::NothingResponds`] if that is all that a hemisphere shows;
    /// [`TrainingError::OptionOutOfRange`] for a single repeat.
    pub fn fit(recording: &Recording) -> Result<(Self, TwinFit), TrainingError> {
        Self::fit_with(recording, FitOptions::default())
    }

    /// Fits a twin to a recording.
    ///
    /// Given amplitudes, each column's gains and response curve follow from linear least squares
    /// around their last values; given columns, the amplitudes of all drivers approach theirs. Where measurements tell little, curves go on straight and amplitudes stay near the
    /// activations. Noise follows from repetition.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`TrainingError::OptionOutOfRange`] unless there are 1…100 rounds.
    pub fn fit_with(
        recording: &Recording,
        options: FitOptions,
    ) -> Result<(Self, TwinFit), TrainingError> {
        check_option("rounds", options.rounds as f64, 1.0, 100.0)?;
        let (_, _, repeats, _, _) = recording.outputs().dim();
        check_option("repeats", repeats as f64, 2.0, Recording::COUNT_MAX as f64)?;
        let (first_lsb, step_lsb, count) = KNOTS;
        let knots = Knots::new(first_lsb, step_lsb, count)?;
        let geometry = recording.geometry();
        let fit = |hemisphere| {
            let samples = Samples::new(recording, hemisphere);
            fit_hemisphere(&samples, knots, options)
                .ok_or(TrainingError::NothingResponds { hemisphere })
        };
        let hemispheres = (0..geometry.hemispheres()).into_par_iter();
        let fitted: Vec<_> = hemispheres.map(fit).collect();
        let fitted: Vec<_> = fitted.into_iter().collect::<Result<_, _>>()?;
        let (hemispheres, fits) = fitted.into_iter().unzip();
        let twin = Self::new(geometry, recording.settings(), knots, hemispheres)?;
        Ok((twin, TwinFit { hemispheres: fits }))
    }
}

/// None if no column responds.
fn fit_hemisphere(
    samples: &Samples,
    knots: Knots,
    options: FitOptions,
) -> Option<(HemisphereTwin, HemisphereFit)> {
    let flat = ColumnTwin {
        works: false,
        deviations_lsb: vec![0.0; knots.count()],
        ..ColumnTwin::linear(0.0, 0.0, 0.0)
    };
    let mut twin = HemisphereTwin {
        drivers: vec![DriverTwin::ideal(); samples.inputs],
        columns: vec![flat; samples.columns],
    };
    columns::begin(samples, &mut twin);
    for _ in 0..options.rounds {
        columns::improve(samples, knots, &mut twin);
        if options.drivers == DriverModel::Curves {
            drivers::improve(samples, knots, &mut twin);
        }
    }
    columns::improve(samples, knots, &mut twin);
    columns::flag_dead(samples, &mut twin);
    noise::fit(samples, &mut twin);
    let fit = samples.compare(knots, &twin);
    twin.columns.iter().any(|c| c.works).then_some((twin, fit))
}
