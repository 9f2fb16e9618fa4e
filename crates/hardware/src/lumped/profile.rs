//! How the charge of a region's columns is distributed over its inputs.

use bss2_core::Region;

use super::GROUP;
use crate::circuit::Circuit;
use crate::columns::each;
use crate::synapse::Sign;

/// Where a region's columns have their charge, as if all inputs were equal; everything by column of
/// the region.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    region: Region,
    /// Each column's total charge relative to the mean of its group.
    pub(super) share: Vec<f32>,
    /// Mean age of the charge of each sign at the last event, in units of the time of sending: 0 if
    /// all comes last, 1 if all comes first.
    pub(super) age: [Vec<f32>; 2],
    /// Share of the time of sending over which the charge of each sign is spread; 1 if evenly.
    pub(super) spread: [Vec<f32>; 2],
}

/// Sums of charge, and of its moments of age.
#[derive(Clone, Copy, Default)]
struct Moments {
    charge: f32,
    first: f32,
    second: f32,
}

impl Moments {
    fn age(self) -> f32 {
        if self.charge > 0.0 {
            self.first / self.charge
        } else {
            0.5
        }
    }

    /// Length of an even distribution of the same variance, no shorter than a single event.
    fn spread(self, event: f32) -> f32 {
        if self.charge == 0.0 {
            return 1.0;
        }
        let variance = self.second / self.charge - self.age() * self.age();
        (12.0 * variance).max(0.0).sqrt().clamp(event, 1.0)
    }
}

impl Profile {
    pub(super) fn new(circuit: &Circuit, region: Region) -> Self {
        let synram = &circuit.synrams[region.hemisphere];
        // Whole groups, as the estimate of a group's charge is one for all of its columns.
        let first = region.first_column / GROUP * GROUP;
        let end = (region.first_column + region.columns).next_multiple_of(GROUP);
        let columns = first..end.min(circuit.geometry.columns());
        let event = 1.0 / region.inputs as f32;
        let moments = Sign::BOTH.map(|sign| {
            let mut moments = vec![Moments::default(); columns.len()];
            for (place, input) in region.input_range().enumerate() {
                let age = 1.0 - (place as f32 + 0.5) * event;
                let charges = synram.row(sign, input, columns.clone());
                for (moments, charge) in moments.iter_mut().zip(charges) {
                    moments.charge += charge;
                    moments.first += charge * age;
                    moments.second += charge * age * age;
                }
            }
            moments
        });
        let total = |c: usize| moments[0][c].charge + moments[1][c].charge;
        let lead = region.first_column - first;
        Self {
            share: each(region.columns, |c| {
                let group = (lead + c) / GROUP * GROUP;
                let group = group..(group + GROUP).min(columns.len());
                let mean = group.clone().map(total).sum::<f32>() / group.len() as f32;
                if mean > 0.0 {
                    total(lead + c) / mean
                } else {
                    0.0
                }
            }),
            age: [0, 1].map(|sign| each(region.columns, |c| moments[sign][lead + c].age())),
            spread: [0, 1]
                .map(|sign| each(region.columns, |c| moments[sign][lead + c].spread(event))),
            region,
        }
    }

    /// Whether it is that of a region.
    pub(super) fn is_of(&self, region: Region) -> bool {
        self.region == region
    }
}
