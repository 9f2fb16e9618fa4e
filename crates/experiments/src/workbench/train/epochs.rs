//! How far a training has come.

use bss2_training::{Recipe, StageProgress};

use crate::Task;

/// Counts the epochs of all stages, those before an interruption included.
pub(super) struct EpochCount {
    /// Epochs of the stages before each.
    before: Vec<u64>,
    all: u64,
    done: u64,
    /// Epochs that were done before, once the first one since has ended.
    continued_after: Option<u64>,
}

impl EpochCount {
    pub(super) fn of(recipe: &Recipe) -> Self {
        let mut all = 0;
        let before = recipe.stages.iter().map(|stage| {
            let before = all;
            all += stage.epochs as u64;
            before
        });
        Self {
            before: before.collect(),
            all,
            done: 0,
            continued_after: None,
        }
    }

    pub(super) const fn all(&self) -> u64 {
        self.all
    }

    /// Notes that an epoch has ended.
    pub(super) fn note(&mut self, progress: StageProgress<'_>, task: &dyn Task) {
        let before = self.before.get(progress.stage).copied().unwrap_or(0);
        let before = before + progress.epoch.epoch as u64;
        self.continued_after.get_or_insert(before);
        // Epochs of an earlier run, or those that a stage did without.
        task.skip(before.saturating_sub(self.done));
        self.done = before + 1;
        task.step(&format!(
            "{}: {:.1} % of the training samples",
            progress.of.ground.name(),
            100.0 * progress.epoch.accuracy
        ));
    }

    /// Epochs that were done before an interruption, where there was one.
    pub(super) fn before_interruption(&self) -> u64 {
        self.continued_after.unwrap_or(self.all)
    }
}
