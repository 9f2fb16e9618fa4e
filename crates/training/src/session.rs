//! What a network runs on.

use bss2_core::random::{NoiseStream, derive_seed, keyed_stream};
use bss2_core::{MacArray, RunReport, Trial};
use rand::rngs::ChaCha8Rng;

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
///
/// There may be several arrays, such as one chip at several temperatures: then training takes them
/// in turn, step by step, a [`Trainer`](crate::Trainer)'s validation all of them, and
/// [`evaluate`](crate::evaluate) the first.
pub struct Session<'a> {
    arrays: Vec<&'a mut dyn MacArray>,
    selected: usize,
    seed: u64,
    pub(crate) trial: Trial,
    pub(crate) report: RunReport,
    mode: Mode,
    /// Streams that were handed out since the epoch began.
    streams: u64,
}

/// Purpose number of streams handed to layers under a trial seed.
const STREAMS: u64 = 3;

const NOTHING_SAID: RunReport = RunReport {
    doubtful_outputs: 0,
    saturated_readings: 0,
};

impl<'a> Session<'a> {
    /// No array: for networks without analog layers.
    pub const fn digital() -> Self {
        Self::with(Vec::new(), 0)
    }

    /// No array; `seed` fixes what digital layers draw at random, such as dropout.
    pub const fn digital_with_seed(seed: u64) -> Self {
        Self::with(Vec::new(), seed)
    }

    /// An array; `trial_seed` fixes the noise of all runs of the session.
    pub fn on(array: &'a mut dyn MacArray, trial_seed: u64) -> Self {
        Self::with(vec![array], trial_seed)
    }

    /// Several arrays, which training takes in turn.
    pub const fn on_each(arrays: Vec<&'a mut dyn MacArray>, trial_seed: u64) -> Self {
        Self::with(arrays, trial_seed)
    }

    const fn with(arrays: Vec<&'a mut dyn MacArray>, seed: u64) -> Self {
        Session {
            arrays,
            selected: 0,
            seed,
            trial: Trial::new(seed),
            report: NOTHING_SAID,
            mode: Mode::Evaluation,
            streams: 0,
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

    /// A stream of random numbers for a layer's forward pass, another one each time: the seed and the
    /// number of streams before it fix its numbers, runs on the array do not move them.
    pub fn next_stream(&mut self) -> ChaCha8Rng {
        let (seed, number) = self.next_stream_key();
        keyed_stream(seed, number)
    }

    /// The same for Gaussian noise (5.4 σ at most), many normals at once; one of the same sequence of
    /// streams.
    pub fn next_noise(&mut self) -> NoiseStream {
        let (seed, pass) = self.next_stream_key();
        let first_vector = 0;
        let trial = Trial {
            seed,
            pass,
            first_vector,
        };
        NoiseStream::new(trial, 0, 0)
    }

    const fn next_stream_key(&mut self) -> (u64, u64) {
        let number = self.streams;
        self.streams = number.wrapping_add(1);
        (derive_seed(self.trial.seed, STREAMS), number)
    }

    /// Does something in a mode, then goes back to the one before.
    pub fn in_mode<T>(&mut self, mode: Mode, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.mode, mode);
        let result = run(self);
        self.mode = before;
        result
    }

    /// The array whose turn it is, the noise of its next pass, and the report to add to; `None`
    /// without an array.
    pub(crate) fn array(&mut self) -> Option<(&mut dyn MacArray, &mut Trial, &mut RunReport)> {
        let array = self.arrays.get_mut(self.selected)?;
        Some((&mut **array, &mut self.trial, &mut self.report))
    }

    /// Draws the noise of an epoch anew: it depends on the session's seed and the epoch alone.
    pub(crate) fn begin_epoch(&mut self, epoch: u64) {
        self.trial = Trial::new(derive_seed(self.seed, epoch.wrapping_add(EPOCHS)));
        self.streams = 0;
    }

    /// Draws the noise of an epoch's validation anew, whatever the training before it has used up.
    pub(crate) fn begin_validation(&mut self, epoch: u64) {
        self.trial = Trial::new(derive_seed(self.seed, epoch.wrapping_add(VALIDATIONS)));
        self.streams = 0;
    }

    /// How many arrays there are to be run on, one after the other: one where there is none at all.
    pub(crate) fn turns(&self) -> usize {
        self.arrays.len().max(1)
    }

    /// Gives the turn to the array of a step.
    pub(crate) fn select(&mut self, step: usize) {
        self.selected = step % self.turns();
    }
}

/// Purpose number of the first epoch's noise under a seed, beyond those of others.
const EPOCHS: u64 = 1 << 32;

/// Purpose number of the first epoch's validation.
const VALIDATIONS: u64 = 1 << 48;

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let arrays = self.arrays.len();
        f.debug_struct("Session")
            .field("arrays", &arrays)
            .field("trial", &self.trial)
            .field("report", &self.report)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
