//! Results from the most negative to the most positive: linearity and clipping.

use bss2_core::RunSettings;
use ndarray::Array2;

use super::Stimuli;
use super::chip::Lab;
use super::layer::only_columns;
use super::stimulus::Stimulus;
use crate::ExperimentError;
use crate::bench::OverRepeats;
use crate::line_fit::{beyond_noise, lines};
use crate::statistics::{mean, root_mean_square};

/// What the sweep shows.
pub(super) struct Ramp {
    /// Distance of noise-free results from their column's line, root mean square, in LSB.
    pub(super) non_linearity_lsb: f64,
    /// Share of results that are clipped.
    pub(super) clipped_percent: f64,
}

/// Results at the ends of the codes.
const ENDS: [f64; 2] = [i8::MIN as f64, i8::MAX as f64];

impl Ramp {
    pub(super) fn measure(
        lab: &mut Lab<'_>,
        settings: RunSettings,
        working: &[bool],
    ) -> Result<Self, ExperimentError> {
        let stimulus = Stimulus::ramp(lab.bench.geometry(), lab.stimuli());
        let repeats = lab.stimuli().ramp_repeats;
        let run = lab.run(&stimulus, settings, repeats)?;
        let outputs = only_columns(&run.outputs, working);
        let sums = only_columns(&stimulus.sums, working);
        Ok(Self::of(&sums, &outputs, lab.stimuli()))
    }

    fn of(sums: &Array2<f64>, outputs: &Array2<f64>, stimuli: &Stimuli) -> Self {
        let vectors = sums.nrows();
        let repeats = outputs.nrows() as f64 / vectors as f64;
        let OverRepeats { means, deviations } = OverRepeats::of(outputs, vectors);
        let noise = root_mean_square(&deviations.iter().copied().collect::<Vec<_>>());
        let whole = lines(sums, &means, |_| true);
        let squares: Vec<f64> = means
            .indexed_iter()
            .map(|((v, c), mean)| (mean - whole[c].at(sums[[v, c]])).powi(2))
            .collect();
        let largest = sums.iter().fold(0.0_f64, |largest, s| largest.max(s.abs()));
        let within = stimuli.ramp_inner_share * largest;
        let inner = lines(sums, &means, |sum| sum.abs() <= within);
        let clipped = means.indexed_iter().filter(|((v, c), mean)| {
            let expected = inner[*c].at(sums[[*v, *c]]);
            let short = (expected - **mean) * (expected - inner[*c].offset).signum();
            short > stimuli.clipped_beyond_lsb || **mean <= ENDS[0] || **mean >= ENDS[1]
        });
        Self {
            non_linearity_lsb: beyond_noise(mean(&squares), noise.powi(2) / repeats),
            clipped_percent: 100.0 * clipped.count() as f64 / means.len() as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(result: impl Fn(f64) -> f64) -> Ramp {
        let sums = Array2::from_shape_fn((41, 3), |(v, _)| v as f64 - 20.0);
        let once = sums.mapv(result);
        let twice = ndarray::concatenate![ndarray::Axis(0), once, once];
        Ramp::of(&sums, &twice, &Stimuli::default())
    }

    #[test]
    fn straight_results_are_straight_and_clipped_ones_counted() {
        let straight = of(|sum| 4.0 * sum + 3.0);
        assert!(straight.non_linearity_lsb < 1e-9 && straight.clipped_percent == 0.0);
        let clipped = of(|sum| (4.0 * sum).clamp(-128.0, 60.0));
        // Of 41 sums those from 18 on: 72 is more than 10 LSB beyond 60.
        assert_eq!(clipped.clipped_percent, 100.0 * 3.0 / 41.0);
        assert!(clipped.non_linearity_lsb > 1.0);
        let ends = of(|sum| (8.0 * sum).clamp(-128.0, 127.0).round());
        assert_eq!(ends.clipped_percent, 100.0 * 10.0 / 41.0);
    }
}
