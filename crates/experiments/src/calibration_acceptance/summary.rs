//! Shares of chips, and the figures to take away.

use std::collections::BTreeMap;

use bss2_calibration::acceptance::{Criterion, Group};
use bss2_hardware::ChipConfig;

use super::Parameters;
use super::chip_run::{ChipRun, Tested, Treatment};
use crate::SummaryEntry;
use crate::acceptance::State;
use crate::outcome::Rule;

/// A criterion with its place.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) group: Group,
    pub(super) criterion: &'static Criterion,
    /// Index within the group.
    pub(super) index: usize,
}

impl Place {
    /// Every criterion.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Group::ALL.into_iter().flat_map(|group| {
            let criteria = group.criteria().iter().enumerate();
            criteria.map(move |(index, criterion)| Self {
                group,
                criterion,
                index,
            })
        })
    }

    /// "2c" for the third criterion of the second group.
    pub(super) fn number(&self) -> String {
        let letter = ('a'..='z').nth(self.index).unwrap_or('z');
        format!("{}{letter}", self.group as usize + 1)
    }

    /// The chips' values after a treatment.
    pub(super) fn values(&self, runs: &[&ChipRun], treatment: Treatment) -> Vec<f64> {
        let tested = runs
            .iter()
            .filter_map(|run| run.tested(treatment, self.group));
        tested
            .filter_map(|tested| tested.verdicts().nth(self.index))
            .map(|verdict| verdict.value)
            .collect()
    }

    /// Whether each chip meets the criterion after a treatment.
    pub(super) fn met(&self, runs: &[&ChipRun], treatment: Treatment) -> Vec<bool> {
        let values = self.values(runs, treatment).into_iter();
        values
            .map(|value| self.criterion.limit.admits(value))
            .collect()
    }
}

/// Whether each chip passes a group after a treatment.
pub(super) fn passes(runs: &[&ChipRun], treatment: Treatment, group: Group) -> Vec<bool> {
    let tested = runs.iter().filter_map(|run| run.tested(treatment, group));
    tested.map(Tested::is_passed).collect()
}

/// How many are true.
pub(super) fn count(chips: &[bool]) -> usize {
    chips.iter().filter(|&&chip| chip).count()
}

/// Chips of a process.
pub(super) fn of_process(runs: &[ChipRun], process: usize) -> Vec<&ChipRun> {
    runs.iter().filter(|run| run.process == process).collect()
}

const CALIBRATED: Treatment = Treatment::Known(State::Calibrated);

/// Shares of chips, with what is expected of typical ones.
pub(super) fn summary(runs: &[ChipRun], parameters: &Parameters) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    for (number, process) in parameters.processes.iter().enumerate() {
        let runs = of_process(runs, number);
        let mut add = |figure: String, chips: &[bool]| {
            let percent: Vec<f64> = chips.iter().map(|&c| if c { 100.0 } else { 0.0 }).collect();
            let Some(mut entry) = SummaryEntry::of(&percent, "% of chips") else {
                return;
            };
            // The deviation of a yes or no says nothing.
            entry.std = None;
            // The tests are known to be passed by chips like the real ones only.
            if process.chip == ChipConfig::typical() {
                entry = entry.expected(Rule::AtLeast, parameters.target_percent);
            }
            summary.insert(format!("{}/{figure}", process.name), entry);
        };
        for treatment in Treatment::ALL {
            let to_pass = treatment.is_to_pass();
            let does = if to_pass { "pass" } else { "fail" };
            for group in Group::ALL {
                let passes = passes(&runs, treatment, group);
                let as_wanted: Vec<bool> = passes.iter().map(|&p| p == to_pass).collect();
                add(
                    format!("{} chips {does}/{}", treatment.name(), group.name()),
                    &as_wanted,
                );
            }
            if to_pass {
                let passes: Vec<bool> = runs.iter().map(|r| r.passes_all(treatment)).collect();
                add(
                    format!("{} chips {does}/everything", treatment.name()),
                    &passes,
                );
            }
        }
        for place in Place::all() {
            add(
                format!("criterion {}/{}", place.number(), place.criterion.name),
                &place.met(&runs, CALIBRATED),
            );
        }
    }
    summary
}
