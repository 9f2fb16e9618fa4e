//! What is lost where both lines of a column carry much charge.

use bss2_core::RunSettings;

use super::chip::Lab;
use super::layer::only_columns;
use super::stimulus::Stimulus;
use crate::ExperimentError;
use crate::bench::OverRepeats;
use crate::line_fit::lines;
use crate::statistics::mean;

/// How the gain falls under load.
pub(super) struct DenseLoad {
    /// How much smaller the gain is than without load, in %.
    pub(super) lost_percent: f64,
}

impl DenseLoad {
    pub(super) fn measure(
        lab: &mut Lab<'_>,
        settings: RunSettings,
        working: &[bool],
    ) -> Result<Self, ExperimentError> {
        let repeats = lab.stimuli().load_repeats;
        let [dense, thin] = Stimulus::load(lab.bench.geometry(), lab.stimuli());
        let mut gain = |stimulus: &Stimulus| {
            let run = lab.run(stimulus, settings, repeats)?;
            let means = OverRepeats::of(&run.outputs, stimulus.vectors.nrows()).means;
            let sums = only_columns(&stimulus.sums, working);
            let lines = lines(&sums, &only_columns(&means, working), |_| true);
            Ok::<f64, ExperimentError>(mean(&lines.iter().map(|l| l.slope).collect::<Vec<_>>()))
        };
        Ok(Self {
            lost_percent: 100.0 * (1.0 - gain(&dense)? / gain(&thin)?),
        })
    }
}
