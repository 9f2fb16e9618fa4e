//! All measurements on one chip.

use bss2_core::random::derive_seed;
use bss2_hardware::SimulatedChip;
use serde::{Deserialize, Serialize};

use super::Parameters;
use super::effects::{self, Effect};
use super::fixed_stimulus::{FixedRun, Stimulus};
use super::state::State;
use super::transfer::{Answers, Transfer};
use crate::bench::Bench;
use crate::{ExperimentError, Task};

/// What was measured on one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct ChipRun {
    pub(super) seed: u64,
    /// In the order of [`State::ALL`].
    states: [StateRun; State::ALL.len()],
    /// Columns that answer nothing, and are left out everywhere else.
    pub(super) dead_columns: usize,
    /// Chip time of the calibration, in ms.
    pub(super) calibration_ms: f64,
}

/// What was measured in one state.
#[derive(Serialize, Deserialize)]
pub(super) struct StateRun {
    pub(super) transfer: Transfer,
    /// In the order of [`Stimulus::ALL`].
    fixed: [FixedRun; Stimulus::ALL.len()],
    pub(super) effects: Vec<Effect>,
}

impl StateRun {
    pub(super) fn fixed(&self, stimulus: Stimulus) -> &FixedRun {
        &self.fixed[stimulus as usize]
    }
}

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const TRIALS: u64 = 2;

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) const STEPS: u64 = 7;

    pub(super) fn run(
        seed: u64,
        parameters: &Parameters,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let config = parameters.chip.clone().check()?;
        let mut bench = Bench::new(SimulatedChip::new(&config, seed), derive_seed(seed, TRIALS));
        let note = |what: &str| task.step(&format!("chip {seed}: {what}"));

        let answers = Answers::measure(&mut bench, parameters)?;
        let working = answers.working(parameters.least_swing_lsb);
        let fresh = StateRun::finish(&mut bench, parameters, &answers, &working, &note)?;

        let calibration_seed = derive_seed(seed, CALIBRATION);
        let calibration =
            parameters
                .calibration
                .run(&mut bench.chip, calibration_seed, &mut |_| {})?;
        note("calibration");
        let answers = Answers::measure(&mut bench, parameters)?;
        let calibrated = StateRun::finish(&mut bench, parameters, &answers, &working, &note)?;
        Ok(Self {
            seed,
            states: [fresh, calibrated],
            dead_columns: working.iter().filter(|&&works| !works).count(),
            calibration_ms: 1e-3 * parameters.cost_model.chip_time_us(&calibration.cost),
        })
    }

    pub(super) fn at(&self, state: State) -> &StateRun {
        &self.states[state as usize]
    }
}

impl StateRun {
    /// Everything but the sweep, which tells the columns that work.
    fn finish(
        bench: &mut Bench,
        parameters: &Parameters,
        answers: &Answers,
        working: &[bool],
        note: &dyn Fn(&str),
    ) -> Result<Self, ExperimentError> {
        note("weights and activations");
        let [many, one] = Stimulus::ALL
            .map(|stimulus| stimulus.measure(bench, parameters.fixed_repeats, working));
        let fixed = [many?, one?];
        note("every column");
        let effects = effects::measure(bench, parameters, working)?;
        note("settings");
        Ok(Self {
            transfer: answers.over_columns(working),
            fixed,
            effects,
        })
    }
}
