//! How far the synapses of one row lie apart.

use bss2_core::RunSettings;
use ndarray::{Array2, Axis};

use super::chip::Lab;
use super::layer::only_columns;
use super::stimulus::Stimulus;
use crate::ExperimentError;
use crate::bench::OverRepeats;
use crate::line_fit::beyond_noise;
use crate::statistics::root_mean_square;

/// Standard deviation of the synapses' amplitudes in % of their mean, less what rows and columns have
/// in common and what noise makes of it.
pub(super) fn spread_percent(
    lab: &mut Lab<'_>,
    settings: RunSettings,
    working: &[bool],
) -> Result<f64, ExperimentError> {
    let stimuli = lab.stimuli();
    let (sends, repeats) = (stimuli.single_sends, stimuli.single_repeats);
    let stimulus = Stimulus::single_rows(lab.bench.geometry(), stimuli);
    let settings =
        RunSettings::new(sends, settings.wait_between_events())?.with_baseline(settings.baseline());
    let run = lab.run(&stimulus, settings, repeats)?;
    let over = OverRepeats::of(&run.outputs, stimulus.vectors.nrows());
    let deviations = only_columns(&over.deviations, working);
    let noise = root_mean_square(&deviations.iter().copied().collect::<Vec<_>>());
    let means = only_columns(&over.means, working);
    Ok(percent(&means, noise.powi(2) / repeats as f64))
}

/// From mean results (rows × columns) and the variance that noise leaves in them.
fn percent(means: &Array2<f64>, of_noise: f64) -> f64 {
    let (rows, columns) = means.dim();
    let of_rows = means.sum_axis(Axis(1)) / columns as f64;
    let of_columns = means.sum_axis(Axis(0)) / rows as f64;
    let all = means.sum() / means.len() as f64;
    let squares = means
        .indexed_iter()
        .map(|((r, c), mean)| (mean - of_rows[r] - of_columns[c] + all).powi(2));
    let degrees = (rows.saturating_sub(1) * columns.saturating_sub(1)) as f64;
    100.0 * beyond_noise(squares.sum::<f64>() / degrees, of_noise) / all
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_and_columns_do_not_count_as_spread_of_synapses() {
        let common = array![[10.0, 12.0, 14.0], [20.0, 22.0, 24.0]];
        assert!(percent(&common, 0.0) < 1e-6);
        let mut apart = common;
        apart[[0, 0]] += 1.7;
        apart[[1, 0]] -= 1.7;
        assert!(percent(&apart, 0.0) > 5.0);
        assert_eq!(percent(&apart, 1e3), 0.0);
    }
}
