//! What a network runs on.

use bss2_core::{MacArray, RunReport, Trial};

/// What a forward pass is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A backward pass follows.
    Training,
    /// Only the outputs count.
    #[default]
    Evaluation,
}

/// The array (if any) on which a network's analog layers run, and the count of passes over it,
/// which keys the noise; and what the passes are for, which [`train`](crate::train) and
/// [`evaluate`](crate::evaluate) set.
pub struct Session<'a> {
    pub(crate) array: Option<&'a mut dyn MacArray>,
    pub(crate) trial: Trial,
    pub(crate) report: RunReport,
    mode: Mode,
}

const NOTHING_SAID: RunReport = RunReport {
    doubtful_outputs: 0,
    saturated_readings: 0,
};

impl<'a> Session<'a> {
    /// No array: for networks without analog layers.
    pub const fn digital() -> Self {
        Session {
            array: None,
            trial: Trial::new(0),
            report: NOTHING_SAID,
            mode: Mode::Evaluation,
        }
    }

    /// An array; `trial_seed` fixes the noise of all runs of the session.
    pub fn on(array: &'a mut dyn MacArray, trial_seed: u64) -> Self {
        Session {
            array: Some(array),
            trial: Trial::new(trial_seed),
            report: NOTHING_SAID,
            mode: Mode::Evaluation,
        }
    }

    /// What forward passes are for at present: evaluation, unless within a training.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// What the array has said of all passes of the session so far, such as how many outputs its
    /// model computed outside its range of validity.
    pub const fn report(&self) -> RunReport {
        self.report
    }

    /// Does something in a mode, then goes back to the one before.
    pub fn in_mode<T>(&mut self, mode: Mode, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.mode, mode);
        let result = run(self);
        self.mode = before;
        result
    }
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("array", &self.array.as_deref().map(MacArray::geometry))
            .field("trial", &self.trial)
            .field("report", &self.report)
            .field("mode", &self.mode)
            .finish()
    }
}
