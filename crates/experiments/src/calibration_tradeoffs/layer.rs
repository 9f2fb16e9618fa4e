//! What a random layer shows: gain, noise, spread and the error that is left.

use bss2_core::RunSettings;
use ndarray::{Array2, Axis};

use super::chip::{Lab, Run};
use super::line_fit::{Line, beyond_noise, lines};
use super::stimulus::Stimulus;
use crate::ExperimentError;
use crate::bench::OverRepeats;
use crate::statistics::{deviation, mean, median, root_mean_square};

/// What a random layer shows, over the columns that work.
pub(super) struct Layer {
    /// By column of the hemisphere: whether it answers.
    pub(super) working: Vec<bool>,
    /// Mean slope of results against exact sums, all sends together, in LSB.
    pub(super) slope_lsb: f64,
    /// Standard deviation over repeats, root mean square.
    pub(super) noise_lsb: f64,
    /// Standard deviation over columns of the slope in % of the mean, less what noise makes of it.
    pub(super) gain_spread_percent: f64,
    /// Standard deviation over columns of the intercept, less what noise makes of it.
    pub(super) offset_spread_lsb: f64,
    /// Distance of noise-free results from their column's line, root mean square.
    pub(super) deviation_lsb: f64,
    /// Standard deviation of noise-free results over vectors.
    pub(super) signal_lsb: f64,
    /// Distance of single results from one line for all columns, root mean square.
    pub(super) error_lsb: f64,
    /// Chip time per vector.
    pub(super) vector_us: f64,
}

/// Which columns answer: those whose slope is not far below the median.
fn working(lines: &[Line], least_share: f64) -> Vec<bool> {
    let typical = median(lines.iter().map(|line| line.slope));
    let works = |line: &Line| line.slope >= least_share * typical;
    lines.iter().map(works).collect()
}

/// The columns that work, of results by vector and column.
pub(super) fn only_columns(values: &Array2<f64>, working: &[bool]) -> Array2<f64> {
    let numbers: Vec<usize> = (0..working.len()).filter(|&c| working[c]).collect();
    values.select(Axis(1), &numbers)
}

impl Layer {
    pub(super) fn measure(
        lab: &mut Lab<'_>,
        stimulus: &Stimulus,
        settings: RunSettings,
    ) -> Result<Self, ExperimentError> {
        let repeats = lab.stimuli().layer_repeats;
        let run = lab.run(stimulus, settings, repeats)?;
        let over = OverRepeats::of(&run.outputs, stimulus.vectors.nrows());
        let all = lines(&stimulus.sums, &over.means, |_| true);
        let working = working(&all, lab.parameters.least_gain_share);
        let sums = only_columns(&stimulus.sums, &working);
        let run = Run {
            outputs: only_columns(&run.outputs, &working),
            ..run
        };
        Ok(Self::of(&sums, &run, working))
    }

    /// From the sums and results of the columns that work.
    fn of(sums: &Array2<f64>, run: &Run, working: Vec<bool>) -> Self {
        let (vectors, _) = sums.dim();
        let repeats = (run.outputs.nrows() / vectors.max(1)) as f64;
        let over = OverRepeats::of(&run.outputs, vectors);
        let lines = lines(sums, &over.means, |_| true);
        let slopes: Vec<f64> = lines.iter().map(|line| line.slope).collect();
        let offsets: Vec<f64> = lines.iter().map(|line| line.offset).collect();
        let (slope, offset) = (mean(&slopes), mean(&offsets));
        let noise_lsb = root_mean_square(&over.deviations.iter().copied().collect::<Vec<_>>());
        // What is left of the noise in the mean over repeats.
        let left = noise_lsb.powi(2) / repeats;

        let scatter = sums.var_axis(Axis(0), 0.0) * vectors as f64;
        let of_slopes = left * mean(&scatter.mapv(|s| 1.0 / s).to_vec());
        let gain_spread = beyond_noise(deviation(&slopes).powi(2), of_slopes);
        let of_offsets = left / vectors as f64;
        let offset_spread = beyond_noise(deviation(&offsets).powi(2), of_offsets);

        let squares = over.means.indexed_iter().map(|((v, c), mean)| {
            let distance: f64 = mean - lines[c].at(sums[[v, c]]);
            distance.powi(2)
        });
        // Two degrees of freedom of every column went into its line.
        let degrees = (vectors as f64 - 2.0).max(1.0) * lines.len() as f64;
        let deviation_lsb = beyond_noise(squares.sum::<f64>() / degrees, left);

        let variances = over.means.var_axis(Axis(0), 1.0);
        let signal_lsb = beyond_noise(mean(&variances.to_vec()), left);
        let errors = run.outputs.indexed_iter().map(|((row, c), output)| {
            let expected = slope * sums[[row % vectors, c]] + offset;
            (output - expected).powi(2)
        });
        let error_lsb = (errors.sum::<f64>() / run.outputs.len() as f64).sqrt();
        Self {
            working,
            slope_lsb: slope,
            noise_lsb,
            gain_spread_percent: 100.0 * gain_spread / slope,
            offset_spread_lsb: offset_spread,
            deviation_lsb,
            signal_lsb,
            error_lsb,
            vector_us: run.vector_us,
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn errors_are_told_apart() {
        let sums = array![[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]];
        // Gains of 10 and 30, offsets of 0 and 2, and noise of ±1 in two repeats.
        let noiseless = array![[-10.0, -28.0], [0.0, 2.0], [10.0, 32.0]];
        let outputs = ndarray::concatenate![Axis(0), &noiseless + 1.0, &noiseless - 1.0];
        let run = Run {
            outputs,
            vector_us: 1.0,
        };
        let layer = Layer::of(&sums, &run, vec![true; 2]);
        assert_eq!(layer.slope_lsb, 20.0);
        assert!((layer.noise_lsb - 2.0_f64.sqrt()).abs() < 1e-12);
        // √200 of the slopes' 20 less what noise explains; offsets likewise.
        assert!((layer.gain_spread_percent - 5.0 * 199.5_f64.sqrt()).abs() < 1e-9);
        assert!((layer.offset_spread_lsb - (2.0_f64 - 1.0 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(layer.deviation_lsb, 0.0);
        assert!((layer.signal_lsb - 499.0_f64.sqrt()).abs() < 1e-9);
        // 10 at both ends, 1 from the offsets, 1 from noise.
        let error = (200.0 / 3.0 + 1.0 + 1.0_f64).sqrt();
        assert!(
            (layer.error_lsb - error).abs() < 1e-9,
            "{}",
            layer.error_lsb
        );
    }

    #[test]
    fn columns_that_answer_little_are_left_out() {
        let lines = [1.0, 1.1, 0.1, -1.0, 0.9].map(|slope| Line { slope, offset: 0.0 });
        assert_eq!(working(&lines, 0.3), [true, true, false, false, true]);
        let kept = only_columns(&array![[1.0, 2.0, 3.0]], &[true, false, true]);
        assert_eq!(kept, array![[1.0, 3.0]]);
    }
}
