//! From the signals of vectors to the membranes' voltages.

use super::course::Course;
use super::hemisphere::Hemisphere;
use super::profile::Profile;
use super::{EXACT_BEYOND_LSB, GROUPS};
use crate::pass::Pass;
use crate::side_by_side::{MANY, SideBySide, block};
use crate::synapse::PANEL;

/// Estimated distance from the transient model beyond which an output is reported as doubtful, in
/// LSB: a little less than the 3 LSB within which all others are found.
const VALID_UP_TO_LSB: f32 = 2.5;

/// Share of what saturation takes from a signal by which it may be wrong.
const SATURATION_ERROR: f32 = 0.12;

/// Share of it by which it may be wrong in addition where none of the charge has been seen at the
/// readout; what is left on the lines then has another course than was assumed.
const UNSEEN_ERROR: f32 = 16.0;

/// All columns of some vectors of equal timing, as a task that is compiled once per kind of processor.
/// `EXACT` takes totals that are known instead of estimates.
pub(super) struct Finish<'a, const EXACT: bool> {
    pub(super) pass: &'a Pass<'a>,
    pub(super) hemisphere: &'a Hemisphere,
    pub(super) profile: &'a Profile,
    /// The first column among those of the profile, of which it lies in the first panel.
    pub(super) first_column: usize,
    pub(super) course: &'a Course,
    /// Places of the vectors in the batch, whose vectors are the rows of what follows.
    pub(super) vectors: &'a [usize],
    /// What each vector's charge is worth at the readout on average: signals and totals have
    /// been multiplied by it, while the OTAs see all of the charge.
    pub(super) mean_worth: &'a [f32],
    /// Linear signals in LSB, by column.
    pub(super) signal: &'a [f32],
    /// Mean total charge of each group of columns, of the profile's panels.
    pub(super) groups: &'a [f32],
    /// Total charges by column, where they are known.
    pub(super) totals: &'a [f32],
    /// By column.
    pub(super) voltages: &'a mut [f32],
    pub(super) found: Found,
}

/// What was found, by place in a block of columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Largest estimated losses to saturation, in LSB.
    loss_lsb: [f32; MANY],
    /// Numbers of outputs that may be far from the transient model.
    doubtful: [u32; MANY],
}

impl Found {
    pub(super) const NOTHING: Self = Self {
        loss_lsb: [0.0; MANY],
        doubtful: [0; MANY],
    };

    /// Whether anything saturates such that its total charge is asked for.
    pub(super) fn saturated(&self) -> bool {
        self.loss_lsb.iter().any(|&loss| loss > EXACT_BEYOND_LSB)
    }

    /// Number of doubtful outputs.
    pub(super) fn doubtful(&self) -> u64 {
        self.doubtful.iter().map(|&count| u64::from(count)).sum()
    }
}

impl<const EXACT: bool> pulp::WithSimd for Finish<'_, EXACT> {
    type Output = Found;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) -> Found {
        self.all(self.pass.region.columns);
        self.found
    }
}

impl<const EXACT: bool> SideBySide for Finish<'_, EXACT> {
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        let region = self.pass.region;
        let of_hemisphere = region.first_column + first;
        let [gain_e, gain_i] = &self.hemisphere.gain_lsb;
        let gain_e = block::<_, COUNT>(gain_e, of_hemisphere);
        let gain_i = block::<_, COUNT>(gain_i, of_hemisphere);
        let per_gain = block::<_, COUNT>(&self.hemisphere.per_gain_of_both, of_hemisphere);
        let [of_e, of_i] = &self.course.signs;
        let seen_e = block::<_, COUNT>(&of_e.seen, first);
        let seen_i = block::<_, COUNT>(&of_i.seen, first);
        let square_e = block::<_, COUNT>(&of_e.square_per_charge, first);
        let square_i = block::<_, COUNT>(&of_i.square_per_charge, first);
        let doubt_e = block::<_, COUNT>(&of_e.doubt, first);
        let doubt_i = block::<_, COUNT>(&of_i.doubt, first);
        let rest = block::<_, COUNT>(&self.course.rest_lsb, first);
        let of_profile = self.first_column + first;
        let group = of_profile / PANEL * GROUPS;
        let groups = (self.first_column + region.columns).div_ceil(PANEL) * GROUPS;
        let (mut largest_loss, mut doubtful) = ([0.0_f32; COUNT], [0; COUNT]);
        for &v in self.vectors {
            let own_groups = &self.groups[v * groups + group..];
            let totals: [f32; COUNT] = self.profile.totals(own_groups, of_profile);
            let mean_worth = self.mean_worth[v];
            let per_worth = 1.0 / (mean_worth * mean_worth);
            let saturation_error = SATURATION_ERROR + UNSEEN_ERROR * (1.0 - mean_worth).powi(2);
            let at = v * region.columns + first;
            let signal = block::<_, COUNT>(self.signal, at);
            let mut voltages = [0.0; COUNT];
            for c in 0..COUNT {
                // Both charges from their difference, weighted by the gains, and their sum.
                let charges = |total: f32| {
                    let balance = gain_i[c].mul_add(total, signal[c]) * per_gain[c];
                    (balance.max(0.0), (total - balance).max(0.0))
                };
                let (e, i) = charges(totals[c]);
                let (full_e, full_i) = (gain_e[c] * e, gain_i[c] * i);
                // tanh to third order
                let third = per_worth * (1.0 / 3.0);
                let loss_e = full_e * (e * e) * (square_e[c] * third);
                let loss_i = full_i * (i * i) * (square_i[c] * third);
                let loss = loss_e + loss_i;
                largest_loss[c] = if loss > largest_loss[c] {
                    loss
                } else {
                    largest_loss[c]
                };
                let doubt_of_sign = doubt_e[c].mul_add(full_e, doubt_i[c] * full_i);
                let doubt = saturation_error.mul_add(loss, doubt_of_sign);
                doubtful[c] += u32::from(doubt > VALID_UP_TO_LSB);
                // However wrong the estimate of the sum is, the difference stays what it was.
                let mut excitation = full_e - loss_e;
                let mut inhibition = full_e - signal[c] - loss_i;
                if EXACT {
                    let (e, i) = charges(self.totals[at + c]);
                    let saturates = loss > EXACT_BEYOND_LSB;
                    let per_charge = |square: f32| (square * per_worth).sqrt();
                    let compressed_e = gain_e[c] * compress(e, per_charge(square_e[c]));
                    let compressed_i = gain_i[c] * compress(i, per_charge(square_i[c]));
                    excitation = if saturates { compressed_e } else { excitation };
                    inhibition = if saturates { compressed_i } else { inhibition };
                }
                let excited = excitation.mul_add(seen_e[c], rest[c]);
                voltages[c] = (-inhibition).mul_add(seen_i[c], excited);
            }
            self.voltages[at..at + COUNT].copy_from_slice(&voltages);
        }
        for c in 0..COUNT {
            self.found.loss_lsb[c] = self.found.loss_lsb[c].max(largest_loss[c]);
            self.found.doubtful[c] += doubtful[c];
        }
    }
}

/// Charge that a linear OTA would need for the same current: q·tanh(u)/u, with tanh as its [3/2]
/// Padé approximant, capped at 1 (relative error below 0.1 % for u < 1, 2.6 % at most, near 2.4).
#[inline(always)]
fn compress(charge: f32, voltage_per_charge: f32) -> f32 {
    let voltage = charge * voltage_per_charge;
    let square = voltage * voltage;
    let slope = (15.0 + square) / (15.0 + 6.0 * square);
    charge * slope.min(1.0 / voltage.max(f32::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_follows_tanh() {
        for step in 1..400_u16 {
            let voltage = f64::from(step) * 0.01;
            let exact = voltage.tanh();
            let found = f64::from(compress(voltage as f32, 1.0));
            let tolerance = if voltage < 1.0 { 1e-3 } else { 0.027 };
            assert!(
                (found - exact).abs() < tolerance * exact,
                "{voltage}: {found}, {exact}"
            );
        }
        assert_eq!(compress(0.0, 1.0), 0.0);
        assert_eq!(compress(0.0, 0.0), 0.0);
    }
}
