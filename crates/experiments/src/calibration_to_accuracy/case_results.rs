//! What was found of one case: means over chips, losses, correlations.

use super::imperfection::{IMPERFECTIONS, Imperfection};
use super::point::{Group, Kind, Point};
use crate::operating_point::{DigitalNetwork, Measured, NetworkState};
use crate::rank::rank_correlation;
use crate::statistics::{Interval, mean, ratio_by_sample};
use crate::{Knob, NetworkCase};

/// All chips of a case at all points.
pub(super) struct CaseResults<'a> {
    pub(super) case: &'a NetworkCase,
    /// By chip.
    pub(super) networks: &'a [DigitalNetwork],
    pub(super) chip_seeds: &'a [u64],
    /// Points that all chips can be used at.
    pub(super) points: Vec<&'a Point>,
    /// Points where the gain of a chip cannot be told from noise.
    pub(super) without_signal: Vec<&'a Point>,
    /// By point and chip.
    pub(super) measured: Vec<Vec<Measured>>,
    pub(super) give_up_percent: f64,
}

impl<'a> CaseResults<'a> {
    /// From points with what each chip shows there, or nothing if one has no signal.
    pub(super) fn new(
        case: &'a NetworkCase,
        networks: &'a [DigitalNetwork],
        chip_seeds: &'a [u64],
        give_up_percent: f64,
        on_chips: impl Iterator<Item = (&'a Point, Option<Vec<Measured>>)>,
    ) -> Self {
        let mut results = Self {
            case,
            networks,
            chip_seeds,
            points: Vec::new(),
            without_signal: Vec::new(),
            measured: Vec::new(),
            give_up_percent,
        };
        for (point, chips) in on_chips {
            match chips {
                None => results.without_signal.push(point),
                Some(chips) => {
                    results.points.push(point);
                    results.measured.push(chips);
                }
            }
        }
        results
    }

    /// A quantity at a point, by chip.
    pub(super) fn values(&self, point: usize, of: impl Fn(&Measured) -> f64) -> Vec<f64> {
        self.measured[point].iter().map(of).collect()
    }

    pub(super) fn mean(&self, point: usize, of: impl Fn(&Measured) -> f64) -> f64 {
        mean(&self.values(point, of))
    }

    /// Accuracies at a point, by chip, in percent.
    pub(super) fn percents(&self, point: usize, network: NetworkState) -> Vec<f64> {
        self.values(point, |measured| network.of(measured).percent)
    }

    /// Accuracy of the digital network, by chip, in percent.
    pub(super) fn float_percents(&self) -> Vec<f64> {
        let networks = self.networks.iter();
        networks.map(|network| network.float_percent).collect()
    }

    /// What is lost against the digital network, by chip, in percent points.
    pub(super) fn losses(&self, point: usize, network: NetworkState) -> Vec<f64> {
        let percents = self.percents(point, network).into_iter();
        let float = self.float_percents().into_iter();
        float
            .zip(percents)
            .map(|(float, percent)| float - percent)
            .collect()
    }

    /// The most settings on one chip where an imperfection has no meaning: relative to no signal.
    pub(super) fn most_undefined(&self) -> usize {
        let on_chip = |chip: usize, imperfection: &Imperfection| {
            let amounts = self
                .measured
                .iter()
                .map(|chips| (imperfection.of)(&chips[chip]));
            amounts.filter(|amount| amount.is_nan()).count()
        };
        let chips = 0..self.networks.len();
        let counts = chips.flat_map(|chip| IMPERFECTIONS.iter().map(move |i| on_chip(chip, i)));
        counts.max().unwrap_or(0)
    }

    /// Rank correlation over points of an imperfection with the accuracy lost, by chip.
    pub(super) fn correlations(
        &self,
        imperfection: Imperfection,
        network: NetworkState,
    ) -> Vec<f64> {
        let chips = 0..self.networks.len();
        let of_chip = chips.map(|chip| {
            let points = || self.measured.iter().map(|chips| &chips[chip]);
            let amounts: Vec<f64> = points().map(imperfection.of).collect();
            let float = self.networks[chip].float_percent;
            let losses: Vec<f64> = points()
                .map(|measured| float - network.of(measured).percent)
                .collect();
            rank_correlation(&amounts, &losses)
        });
        of_chip
            .filter(|correlation| correlation.is_finite())
            .collect()
    }

    /// Whether there are points of a group.
    pub(super) fn has_some_of(&self, group: Group) -> bool {
        self.points.iter().any(|point| group.holds(point))
    }

    /// What is lost over all points of a group, by chip, in percent points.
    pub(super) fn mean_losses(&self, group: Group, network: NetworkState) -> Vec<f64> {
        let places = (0..self.points.len()).filter(|&place| group.holds(self.points[place]));
        let losses: Vec<Vec<f64>> = places.map(|place| self.losses(place, network)).collect();
        let chips = 0..self.networks.len();
        let of_chip = chips.map(|chip| losses.iter().map(|chips| chips[chip]).collect::<Vec<_>>());
        of_chip.map(|losses| mean(&losses)).collect()
    }

    /// Share of what all chips lose as deployed that training wins back, over all points of a group, in
    /// percent: [pseudo-values](ratio_by_sample) by chip; none unless something is lost by more than chance.
    pub(super) fn won_back_percent(&self, group: Group) -> Vec<f64> {
        let [deployed, trained] =
            NetworkState::BOTH.map(|network| self.mean_losses(group, network));
        if Interval::of_mean(&deployed).is_none_or(|interval| interval.low <= 0.0) {
            return Vec::new();
        }
        let left = ratio_by_sample(&trained, &deployed).into_iter();
        left.map(|left| 100.0 * (1.0 - left)).collect()
    }

    /// The points where a knob alone is turned and the usual one, by rising value.
    pub(super) fn along(&self, knob: Knob) -> Vec<(f64, usize)> {
        let values = self
            .points
            .iter()
            .enumerate()
            .filter_map(|(place, point)| match point.kind {
                Kind::Usual => Some((knob.usual(), place)),
                Kind::Turned(of, value) if of == knob => Some((value, place)),
                _ => None,
            });
        let mut values: Vec<(f64, usize)> = values.collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        values
    }

    /// How much better one point is than another, chip by chip: the mean, and the range that holds
    /// the true one.
    pub(super) fn gained(&self, network: NetworkState, from: usize, to: usize) -> Vec<f64> {
        let from = self.percents(from, network).into_iter();
        let to = self.percents(to, network).into_iter();
        to.zip(from).map(|(to, from)| to - from).collect()
    }

    /// Whether one point is better than another by more than chance.
    pub(super) fn is_better(&self, network: NetworkState, from: usize, to: usize) -> bool {
        let gained = self.gained(network, from, to);
        Interval::of_mean(&gained).is_some_and(|interval| interval.low > 0.0)
    }
}
