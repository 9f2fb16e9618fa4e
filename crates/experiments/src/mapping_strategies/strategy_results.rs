//! Numbers of the strategies over chips.

use super::Results;
use super::chip_run::ChipRun;
use super::measured::Measured;

impl Results<'_> {
    /// Place of a strategy.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.choices.iter().position(|choice| choice.name == name)
    }

    /// What a strategy did on all chips with room for it.
    pub(super) fn measured(&self, place: usize) -> impl Iterator<Item = &Measured> {
        let runs = self.runs.iter();
        runs.filter_map(move |run| run.strategies.get(place)?.as_ref())
    }

    /// A number of a strategy on every chip.
    pub(super) fn values(&self, place: usize, of: impl Fn(&Measured) -> f64) -> Vec<f64> {
        self.measured(place).map(of).collect()
    }

    /// A number of a strategy relative to that of another, on every chip that has both.
    pub(super) fn ratios(
        &self,
        place: usize,
        reference: usize,
        of: impl Fn(&Measured) -> f64,
    ) -> Vec<f64> {
        let ratio = |run: &ChipRun| {
            let at = |place: usize| run.strategies.get(place)?.as_ref().map(&of);
            Some(at(place)? / at(reference)?)
        };
        self.runs.iter().filter_map(ratio).collect()
    }

    /// Error of a strategy relative to that of the existing stack, on every chip.
    pub(super) fn errors_relative_to_in_order(&self, place: usize) -> Vec<f64> {
        self.ratios(place, 0, Measured::relative_error)
    }

    /// Strategies for which the array has no room.
    pub(super) fn without_room(&self) -> Vec<&str> {
        let choices = self.choices.iter().enumerate();
        choices
            .filter(|(place, _)| self.measured(*place).next().is_none())
            .map(|(_, choice)| choice.name.as_str())
            .collect()
    }
}
