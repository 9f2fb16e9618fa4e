//! How the charge of columns is distributed over their inputs.

use super::GROUPS;
use crate::side_by_side::block;
use crate::synapse::{OfPanel, PANEL};

/// Where columns have their charge, as if all inputs were equal; everything by column.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    /// Each column's total charge relative to the mean of its group.
    share: Vec<f32>,
    /// Mean age of the charge of each sign at the last event, in units of the time of sending: 0 if
    /// all comes last, 1 if all comes first.
    pub(super) age: [Vec<f32>; 2],
    /// Share of the time of sending over which the charge of each sign is spread; 1 if evenly.
    pub(super) spread: [Vec<f32>; 2],
    /// One over that share.
    pub(super) per_spread: [Vec<f32>; 2],
}

/// Sums of a panel's charge of one sign, and of its moments of age, by column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    charge: OfPanel<f32>,
    first: OfPanel<f32>,
    second: OfPanel<f32>,
}

impl Moments {
    pub(super) const NOTHING: Self = Self {
        charge: [0.0; PANEL],
        first: [0.0; PANEL],
        second: [0.0; PANEL],
    };

    /// Adds the charges of an input, given its age. (For code that is compiled for the processor at hand.)
    #[inline(always)]
    pub(super) fn add(&mut self, charges: &OfPanel<f32>, age: f32) {
        for (c, charge) in charges.iter().enumerate() {
            self.charge[c] += charge;
            self.first[c] += charge * age;
            self.second[c] += charge * age * age;
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

impl Profile {
    /// Finds that of so many columns from the moments of all panels, by sign, of so many inputs.
    pub(super) fn find(&mut self, moments: &[[Moments; 2]], columns: usize, inputs: usize) {
        let event = 1.0 / inputs as f32;
        let total = |c: usize| {
            let [e, i] = &moments[c / PANEL];
            e.charge[c % PANEL] + i.charge[c % PANEL]
        };
        self.share.clear();
        self.share.extend((0..columns).map(|c| {
            let panel = c / PANEL * PANEL;
            let group = (panel + c % GROUPS..columns.min(panel + PANEL)).step_by(GROUPS);
            let mean = group.clone().map(total).sum::<f32>() / group.len() as f32;
            if mean > 0.0 { total(c) / mean } else { 0.0 }
        }));
        for (sign, (age, spread)) in self.age.iter_mut().zip(&mut self.spread).enumerate() {
            let of = |c: usize| &moments[c / PANEL][sign];
            age.clear();
            age.extend((0..columns).map(|c| of(c).age(c % PANEL)));
            spread.clear();
            spread.extend((0..columns).map(|c| of(c).spread(c % PANEL, event)));
        }
        for (spread, inverse) in self.spread.iter().zip(&mut self.per_spread) {
            inverse.clear();
            inverse.extend(spread.iter().map(|spread| 1.0 / spread));
        }
    }

    /// Total charges of neighbouring columns, estimated from those of the groups, beginning with those in the
    /// panel of the first of these columns. (For code that is compiled for the processor at hand.)
    #[inline(always)]
    pub(super) fn totals<const COUNT: usize>(&self, groups: &[f32], first: usize) -> [f32; COUNT] {
        let share = block::<_, COUNT>(&self.share, first);
        let mut totals = [0.0; COUNT];
        let lead = first % PANEL;
        if lead.is_multiple_of(GROUPS) && lead + COUNT <= PANEL {
            let groups = block::<_, GROUPS>(groups, 0);
            for c in 0..COUNT {
                totals[c] = groups[c % GROUPS] * share[c];
            }
        } else {
            for c in 0..COUNT {
                let column = lead + c;
                let group = column / PANEL * GROUPS + column % GROUPS;
                totals[c] = groups[group] * share[c];
            }
        }
        totals
    }
}
