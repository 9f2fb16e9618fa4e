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
}
