//! What a random layer shows: gain, noise, spread and the error that is left.

use bss2_core::RunSettings;
use ndarray::{Array2, Axis};

use super::chip::Lab;
use super::stimulus::Stimulus;
use crate::ExperimentError;
use crate::bench::OverRepeats;
use crate::line_fit::{Line, lines};
use crate::mac_quality::MacQuality;
use crate::statistics::median;

/// What a random layer shows, over the columns that work.
pub(super) struct Layer {
    /// By column of the hemisphere: whether it answers.
    pub(super) working: Vec<bool>,
    /// All sends together.
    pub(super) mac: MacQuality,
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
        let outputs = only_columns(&run.outputs, &working);
        Ok(Self {
            working,
            mac: MacQuality::of(&sums, &outputs),
            vector_us: run.vector_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn columns_that_answer_little_are_left_out() {
        let lines = [1.0, 1.1, 0.1, -1.0, 0.9].map(|slope| Line { slope, offset: 0.0 });
        assert_eq!(working(&lines, 0.3), [true, true, false, false, true]);
        let kept = only_columns(&array![[1.0, 2.0, 3.0]], &[true, false, true]);
        assert_eq!(kept, array![[1.0, 3.0]]);
    }
}
