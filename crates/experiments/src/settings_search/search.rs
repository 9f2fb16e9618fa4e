//! A search: what was tried, and what came of the best.

use serde::{Deserialize, Serialize};

use super::space::Rungs;
use super::tried::Tried;
use super::{Aim, Strategy};
use crate::operating_point::Judged;

/// A search.
pub(super) struct Search {
    pub(super) aim: Aim,
    pub(super) strategy: Strategy,
    pub(super) seed: u64,
    pub(super) found: Found,
}

/// What a search delivers.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Found {
    /// In the order of trials.
    pub(super) tried: Vec<Tried>,
    /// The best setting on fresh chips; nothing if there is none, or if it cannot be used on one of them.
    pub(super) fresh: Option<Vec<Judged>>,
}

impl Found {
    /// Adds settings with what came of them.
    pub(super) fn add(&mut self, rungs: Vec<Rungs>, judged: Vec<Result<Vec<Judged>, String>>) {
        let tried = rungs.into_iter().zip(judged);
        self.tried
            .extend(tried.map(|(rungs, chips)| Tried { rungs, chips }));
    }

    /// The best setting that keeps the limit.
    pub(super) fn best(&self, limit_us: f64) -> Option<&Tried> {
        let tried = self.tried.iter();
        let first = tried.min_by(|one, other| one.compared(other, limit_us));
        first.filter(|tried| tried.is_within(limit_us))
    }

    /// The settings that were the best when they were tried, with their numbers.
    pub(super) fn improvements(&self, limit_us: f64) -> Vec<(usize, &Tried)> {
        let mut improvements: Vec<(usize, &Tried)> = Vec::new();
        for (number, tried) in self.tried.iter().enumerate() {
            let beats = |best: &Tried| tried.compared(best, limit_us).is_lt();
            let is_better = improvements.last().is_none_or(|(_, best)| beats(best));
            if is_better && tried.is_within(limit_us) {
                improvements.push((number, tried));
            }
        }
        improvements
    }
}
