//! How well an array multiplies, told from results beside the exact sums.

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::bench::OverRepeats;
use crate::line_fit::{beyond_noise, lines};
use crate::statistics::{deviation, mean, root_mean_square};

/// How well columns multiply, each told apart from noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MacQuality {
    /// Mean slope of results against exact sums, in LSB.
    pub(crate) slope_lsb: f64,
    /// Standard deviation over repeats, root mean square.
    pub(crate) noise_lsb: f64,
    /// Standard deviation over columns of the slope in % of the mean, less what noise makes of it.
    pub(crate) gain_spread_percent: f64,
    /// Standard deviation over columns of the intercept, less what noise makes of it.
    pub(crate) offset_spread_lsb: f64,
    /// Distance of noise-free results from their column's line, root mean square.
    pub(crate) deviation_lsb: f64,
    /// Standard deviation of noise-free results over vectors.
    pub(crate) signal_lsb: f64,
    /// Distance of single results from one line for all columns, root mean square.
    pub(crate) error_lsb: f64,
}

impl MacQuality {
    /// From exact sums (vectors × columns) and results of all vectors, then of all again, and so on.
    pub(crate) fn of(sums: &Array2<f64>, outputs: &Array2<f64>) -> Self {
        let (vectors, _) = sums.dim();
        let repeats = (outputs.nrows() / vectors.max(1)) as f64;
        let over = OverRepeats::of(outputs, vectors);
        let lines = lines(sums, &over.means, |_| true);
        let scatter = sums.var_axis(Axis(0), 0.0) * vectors as f64;
        // There is no line through results of one sum.
        let varying: Vec<usize> = (0..lines.len()).filter(|&c| scatter[c] > 0.0).collect();
        let of_varying = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
            varying.iter().map(|&column| of(column)).collect()
        };
        let slopes = of_varying(&|c| lines[c].slope);
        let offsets = of_varying(&|c| lines[c].offset);
        let (slope, offset) = (mean(&slopes), mean(&offsets));
        let noise_lsb = root_mean_square(&over.deviations.iter().copied().collect::<Vec<_>>());
        // What is left of the noise in the mean over repeats.
        let left = noise_lsb.powi(2) / repeats;

        let of_slopes = left * mean(&of_varying(&|c| 1.0 / scatter[c]));
        let gain_spread = beyond_noise(deviation(&slopes).powi(2), of_slopes);
        let of_offsets = left / vectors as f64;
        let offset_spread = beyond_noise(deviation(&offsets).powi(2), of_offsets);

        let squares = of_varying(&|c| {
            let means = over.means.column(c);
            let pairs = sums.column(c).into_iter().zip(means);
            pairs
                .map(|(sum, mean)| (mean - lines[c].at(*sum)).powi(2))
                .sum()
        });
        // Two degrees of freedom of every column went into its line.
        let degrees = (vectors as f64 - 2.0).max(1.0) * varying.len() as f64;
        let deviation_lsb = beyond_noise(squares.iter().sum::<f64>() / degrees, left);

        let variances = over.means.var_axis(Axis(0), 1.0);
        let signal_lsb = beyond_noise(mean(&variances.to_vec()), left);
        let errors = outputs.indexed_iter().map(|((row, c), output)| {
            let expected = slope * sums[[row % vectors, c]] + offset;
            (output - expected).powi(2)
        });
        let error_lsb = (errors.sum::<f64>() / outputs.len() as f64).sqrt();
        Self {
            slope_lsb: slope,
            noise_lsb,
            gain_spread_percent: 100.0 * gain_spread / slope,
            offset_spread_lsb: offset_spread,
            deviation_lsb,
            signal_lsb,
            error_lsb,
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
        let quality = MacQuality::of(&sums, &outputs);
        assert_eq!(quality.slope_lsb, 20.0);
        assert!((quality.noise_lsb - 2.0_f64.sqrt()).abs() < 1e-12);
        // √200 of the slopes' 20 less what noise explains; offsets likewise.
        assert!((quality.gain_spread_percent - 5.0 * 199.5_f64.sqrt()).abs() < 1e-9);
        assert!((quality.offset_spread_lsb - (2.0_f64 - 1.0 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(quality.deviation_lsb, 0.0);
        assert!((quality.signal_lsb - 499.0_f64.sqrt()).abs() < 1e-9);
        // 10 at both ends, 1 from the offsets, 1 from noise.
        let error = (200.0 / 3.0 + 1.0 + 1.0_f64).sqrt();
        assert!((quality.error_lsb - error).abs() < 1e-9, "{quality:?}");
    }

    #[test]
    fn a_column_whose_sums_do_not_vary_has_noise_alone() {
        let sums = array![[-1.0, -1.0, 4.0], [0.0, 0.0, 4.0], [1.0, 1.0, 4.0]];
        let noiseless = array![[-10.0, -28.0, 80.0], [0.0, 2.0, 80.0], [10.0, 32.0, 80.0]];
        let outputs = ndarray::concatenate![Axis(0), &noiseless + 1.0, &noiseless - 1.0];
        let all = MacQuality::of(&sums, &outputs);
        let first = |array: &Array2<f64>| array.slice(ndarray::s![.., ..2]).to_owned();
        let varying = MacQuality::of(&first(&sums), &first(&outputs));
        assert_eq!(
            (all.slope_lsb, all.deviation_lsb, all.offset_spread_lsb),
            (
                varying.slope_lsb,
                varying.deviation_lsb,
                varying.offset_spread_lsb
            )
        );
        assert!((all.noise_lsb - varying.noise_lsb).abs() < 1e-12);
        assert!((all.gain_spread_percent - varying.gain_spread_percent).abs() < 1e-9);
        assert!(all.error_lsb.is_finite() && all.signal_lsb.is_finite());
    }
}
