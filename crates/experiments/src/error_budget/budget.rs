//! What each source contributes.

use super::Source;
use super::state::State;
use super::variant::Variant;
use crate::NetworkCase;
use crate::operating_point::{DigitalNetwork, Measured, NetworkState};

/// All chips of a case, in all variants and both states.
pub(super) struct Budget<'a> {
    pub(super) case: &'a NetworkCase,
    /// By chip.
    pub(super) networks: &'a [DigitalNetwork],
    pub(super) chip_seeds: &'a [u64],
    pub(super) variants: &'a [Variant],
    /// By state, variant and chip.
    pub(super) measured: [Vec<Vec<Measured>>; State::ALL.len()],
}

impl Budget<'_> {
    /// The sources that were switched.
    pub(super) fn sources(&self) -> Vec<Source> {
        let sources = self.variants.iter().filter_map(|variant| match variant {
            Variant::Without(source) => Some(*source),
            _ => None,
        });
        sources.collect()
    }

    /// A quantity by chip.
    pub(super) fn values(
        &self,
        state: State,
        variant: Variant,
        of: impl Fn(&Measured) -> f64,
    ) -> Vec<f64> {
        let place = self.variants.iter().position(|found| *found == variant);
        let chips = place.map(|place| &self.measured[state as usize][place]);
        chips.into_iter().flatten().map(of).collect()
    }

    /// Accuracies by chip, in percent.
    pub(super) fn percents(
        &self,
        state: State,
        variant: Variant,
        network: NetworkState,
    ) -> Vec<f64> {
        self.values(state, variant, |measured| network.of(measured).percent)
    }

    pub(super) fn float_percents(&self) -> Vec<f64> {
        let networks = self.networks.iter();
        networks.map(|network| network.float_percent).collect()
    }

    /// By how much accuracy rises when a source is switched off, by chip, in percent points.
    pub(super) fn gained_without(
        &self,
        state: State,
        source: Source,
        network: NetworkState,
    ) -> Vec<f64> {
        let all = self.percents(state, Variant::All, network);
        let without = self.percents(state, Variant::Without(source), network);
        differences(&without, &all)
    }

    /// By how much accuracy falls when a source alone is switched on, by chip, in percent points.
    pub(super) fn lost_with_only(
        &self,
        state: State,
        source: Source,
        network: NetworkState,
    ) -> Vec<f64> {
        let ideal = self.percents(state, Variant::Ideal, network);
        let only = self.percents(state, Variant::Only(source), network);
        differences(&ideal, &only)
    }

    /// Share of the squared error of the multiplication that goes when a source is switched off, by
    /// chip, in percent. Shares need not add up to 100: sources act on one another.
    pub(super) fn error_share_percent(&self, state: State, source: Source) -> Vec<f64> {
        let square = |measured: &Measured| measured.error_percent().powi(2);
        let all = self.values(state, Variant::All, square);
        let without = self.values(state, Variant::Without(source), square);
        let shares = all.iter().zip(&without);
        shares
            .map(|(all, without)| 100.0 * (1.0 - without / all))
            .collect()
    }

    /// Error of the multiplication with a source alone, by chip, in % of the signal.
    pub(super) fn error_alone_percent(&self, state: State, source: Source) -> Vec<f64> {
        self.values(state, Variant::Only(source), Measured::error_percent)
    }
}

fn differences(of: &[f64], from: &[f64]) -> Vec<f64> {
    of.iter().zip(from).map(|(of, from)| of - from).collect()
}
