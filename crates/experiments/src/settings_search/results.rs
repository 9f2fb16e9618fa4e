//! What the searches found, and what the usual settings are worth beside it.

use super::search::Search;
use super::tried::Tried;
use super::{Aim, Parameters, Start, Strategy};
use crate::operating_point::{Judged, OnChip};
use crate::statistics::{Interval, mean};

/// All searches.
pub(super) struct Results<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) start: &'a Start,
    pub(super) searches: Vec<Search>,
}

impl Aim {
    /// For people.
    pub(super) fn text(self) -> String {
        format!(
            "{}, {} of the usual time",
            self.state.name(),
            self.time_text()
        )
    }

    fn time_text(self) -> String {
        format!("{} %", (100.0 * self.time_factor).round())
    }
}

impl Results<'_> {
    /// The chip time that an input may take, in µs.
    pub(super) fn limit_us(&self, aim: Aim) -> f64 {
        self.start.limit_us(aim)
    }

    /// Searches for an aim by a strategy.
    pub(super) fn of(&self, aim: Aim, strategy: Strategy) -> impl Iterator<Item = &Search> {
        let searches = self.searches.iter();
        searches.filter(move |search| search.aim == aim && search.strategy == strategy)
    }

    /// The usual settings on fresh chips, by chip.
    pub(super) fn fresh_usual(&self, aim: Aim) -> &[Judged] {
        &self.start.fresh_usual[aim.state as usize]
    }

    /// What was found on fresh chips, by chip: means over searches that found something.
    pub(super) fn fresh(
        &self,
        aim: Aim,
        strategy: Strategy,
        of: impl Fn(&OnChip) -> f64,
    ) -> Vec<f64> {
        let found: Vec<&Vec<Judged>> = self
            .of(aim, strategy)
            .filter_map(|search| search.found.fresh.as_ref())
            .collect();
        if found.is_empty() {
            return Vec::new();
        }
        let chips = 0..self.parameters.fresh_chips.len();
        chips
            .map(|chip| {
                let values: Vec<f64> = found.iter().map(|chips| of(&chips[chip].on_chip)).collect();
                mean(&values)
            })
            .collect()
    }

    /// By how much what was found beats the usual settings on fresh chips, by chip, in percent points.
    pub(super) fn gained(&self, aim: Aim, strategy: Strategy) -> Vec<f64> {
        let usual = self.fresh_usual(aim).iter();
        let found = self.fresh(aim, strategy, |on| on.percent);
        found
            .iter()
            .zip(usual)
            .map(|(found, usual)| found - usual.on_chip.percent)
            .collect()
    }

    /// By how much what one strategy found beats another's, by chip, in percent points.
    pub(super) fn ahead(&self, aim: Aim, one: Strategy, other: Strategy) -> Vec<f64> {
        let one = self.fresh(aim, one, |on| on.percent);
        let other = self.fresh(aim, other, |on| on.percent);
        one.iter()
            .zip(&other)
            .map(|(one, other)| one - other)
            .collect()
    }

    /// The best accuracy up to a trial, by search, in percent; nothing until all have found something.
    pub(super) fn best_up_to(&self, aim: Aim, strategy: Strategy, trials: usize) -> Vec<f64> {
        let limit_us = self.limit_us(aim);
        let best = self.of(aim, strategy).map(|search| {
            let improvements = search.found.improvements(limit_us);
            let so_far = improvements
                .iter()
                .take_while(|(number, _)| *number < trials);
            so_far.last().and_then(|(_, tried)| percent(tried))
        });
        best.collect::<Option<_>>().unwrap_or_default()
    }
}

pub(super) fn percent(tried: &Tried) -> Option<f64> {
    tried.mean(|on| on.percent)
}

/// Whether the true mean lies above zero by more than chance.
pub(super) fn is_certain(differences: &[f64]) -> bool {
    Interval::of_mean(differences).is_some_and(|interval| interval.low > 0.0)
}
