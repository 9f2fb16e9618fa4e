//! How the charge of a region's columns is distributed over its inputs.

use std::ops::Range;

use bss2_core::Region;

use super::GROUP;
use crate::circuit::Circuit;
use crate::side_by_side::{SideBySide, block};
use crate::synapse::Sign;
use crate::synram::Synram;

/// Where a region's columns have their charge, as if all inputs were equal; everything by column of
/// the region.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    region: Region,
    /// Whether it holds for the weights at hand.
    holds: bool,
    /// Each column's total charge relative to the mean of its group.
    share: Vec<f32>,
    /// Mean age of the charge of each sign at the last event, in units of the time of sending: 0 if
    /// all comes last, 1 if all comes first.
    pub(super) age: [Vec<f32>; 2],
    /// Share of the time of sending over which the charge of each sign is spread; 1 if evenly.
    pub(super) spread: [Vec<f32>; 2],
    /// Scratch memory, by sign.
    moments: [Moments; 2],
}

/// Sums of charge, and of its moments of age, by column.
#[derive(Clone, Debug, Default)]
struct Moments {
    charge: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    fn resize(&mut self, columns: usize) {
        for sums in [&mut self.charge, &mut self.first, &mut self.second] {
            sums.resize(columns, 0.0);
        }
    }

    fn age(&self, c: usize) -> f32 {
        if self.charge[c] > 0.0 {
            self.first[c] / self.charge[c]
        } else {
            0.5
        }
    }

    /// Length of an even distribution of the same variance, no shorter than a single event.
    fn spread(&self, c: usize, event: f32) -> f32 {
        if self.charge[c] == 0.0 {
            return 1.0;
        }
        let variance = self.second[c] / self.charge[c] - self.age(c) * self.age(c);
        (12.0 * variance).max(0.0).sqrt().clamp(event, 1.0)
    }
}

/// The moments of one sign's charge, as a task that is compiled once per kind of processor.
struct Collect<'a> {
    synram: &'a Synram,
    sign: Sign,
    inputs: Range<usize>,
    columns: Range<usize>,
    moments: &'a mut Moments,
}

impl pulp::WithSimd for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        self.all(self.columns.len());
    }
}

impl SideBySide for Collect<'_> {
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        let columns = self.columns.start + first..self.columns.start + first + COUNT;
        let rows = self.synram.rows(self.sign, self.inputs.clone(), columns);
        let event = 1.0 / self.inputs.len() as f32;
        let (mut charge, mut once, mut twice) = ([0.0; COUNT], [0.0; COUNT], [0.0; COUNT]);
        for (place, charges) in rows.enumerate() {
            let age = 1.0 - (place as f32 + 0.5) * event;
            let charges = block::<_, COUNT>(charges, 0);
            for c in 0..COUNT {
                charge[c] += charges[c];
                once[c] += charges[c] * age;
                twice[c] += charges[c] * age * age;
            }
        }
        let Moments {
            charge: of_charge,
            first: of_once,
            second: of_twice,
        } = &mut *self.moments;
        of_charge[first..first + COUNT].copy_from_slice(&charge);
        of_once[first..first + COUNT].copy_from_slice(&once);
        of_twice[first..first + COUNT].copy_from_slice(&twice);
    }
}

impl Profile {
    /// One of a region, before it is [found](Self::find).
    pub(super) fn new(region: Region) -> Self {
        Self {
            region,
            holds: false,
            share: Vec::new(),
            age: Default::default(),
            spread: Default::default(),
            moments: Default::default(),
        }
    }

    /// Finds it, unless it holds already.
    pub(super) fn find(&mut self, circuit: &Circuit) {
        if std::mem::replace(&mut self.holds, true) {
            return;
        }
        let region = self.region;
        let synram = &circuit.synrams[region.hemisphere];
        // Whole groups, as the estimate of a group's charge is one for all of its columns.
        let first = region.first_column / GROUP * GROUP;
        let end = (region.first_column + region.columns).next_multiple_of(GROUP);
        let columns = first..end.min(circuit.geometry.columns());
        let event = 1.0 / region.inputs as f32;
        for (sign, moments) in Sign::BOTH.into_iter().zip(&mut self.moments) {
            moments.resize(columns.len());
            pulp::Arch::new().dispatch(Collect {
                synram,
                sign,
                inputs: region.input_range(),
                columns: columns.clone(),
                moments,
            });
        }
        let lead = region.first_column - first;
        let here = lead..lead + region.columns;
        let total = |c: usize| self.moments[0].charge[c] + self.moments[1].charge[c];
        self.share.clear();
        self.share.extend(here.clone().map(|c| {
            let group = c / GROUP * GROUP;
            let group = group..(group + GROUP).min(columns.len());
            let mean = group.clone().map(total).sum::<f32>() / group.len() as f32;
            if mean > 0.0 { total(c) / mean } else { 0.0 }
        }));
        for (sign, moments) in self.moments.iter().enumerate() {
            let (age, spread) = (&mut self.age[sign], &mut self.spread[sign]);
            age.clear();
            age.extend(here.clone().map(|c| moments.age(c)));
            spread.clear();
            spread.extend(here.clone().map(|c| moments.spread(c, event)));
        }
    }

    /// Total charges of neighbouring columns of a vector, estimated from those of the groups (vectors ×
    /// groups that the region has a part of). (For code that is compiled for the processor at hand.)
    #[inline(always)]
    pub(super) fn totals<const COUNT: usize>(
        &self,
        groups: &[f32],
        vector: usize,
        first: usize,
    ) -> [f32; COUNT] {
        let Region {
            first_column,
            columns,
            ..
        } = self.region;
        // The region may begin within a group.
        let lead = first_column % GROUP;
        let groups = &groups[vector * (lead + columns).div_ceil(GROUP)..];
        let share = block::<_, COUNT>(&self.share, first);
        let mut totals = [0.0; COUNT];
        if lead == 0 && COUNT.is_multiple_of(GROUP) {
            let groups = &groups[first / GROUP..][..COUNT / GROUP];
            for (totals, group) in totals.chunks_mut(GROUP).zip(groups) {
                totals.fill(*group);
            }
        } else {
            for (c, total) in totals.iter_mut().enumerate() {
                *total = groups[(lead + first + c) / GROUP];
            }
        }
        for c in 0..COUNT {
            totals[c] *= share[c];
        }
        totals
    }

    /// Takes note that the weights of a region have changed, which may have a part in it.
    pub(super) fn weights_changed(&mut self, region: Region) {
        self.holds &= !self.sees(region);
    }

    /// Whether weights of another region have a part in it.
    fn sees(&self, other: Region) -> bool {
        let columns = |region: Region| {
            let range = region.column_range();
            range.start / GROUP..range.end.div_ceil(GROUP)
        };
        let meet = |a: Range<usize>, b: Range<usize>| a.start < b.end && b.start < a.end;
        meet(self.region.input_range(), other.input_range())
            && meet(columns(self.region), columns(other))
    }

    /// Whether it is that of a region.
    pub(super) fn is_of(&self, region: Region) -> bool {
        self.region == region
    }
}
