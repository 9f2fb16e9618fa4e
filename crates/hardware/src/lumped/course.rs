//! What a multiplication does to each column between its reset and its readout, as far as that follows
//! from its timing alone; kept from vector to vector.

use super::hemisphere::Hemisphere;
use super::profile::Profile;
use crate::columns::part;
use crate::pass::{Pass, Timing};

/// Share of the correction for a column's own leak by which it may be wrong; that for a column's own
/// τ_syn may be wrong altogether.
const LEAK_ERROR: f32 = 0.4;

/// The columns of a region after a certain timing; everything by column of the region.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    of: Option<Timing>,
    /// Voltages without events.
    pub(super) rest_lsb: Vec<f32>,
    /// What becomes of each sign.
    pub(super) signs: [OneSign; 2],
}

/// What becomes of the charge of one sign.
#[derive(Clone, Debug, Default)]
pub(super) struct OneSign {
    /// Share of its signal that is seen at the readout, relative to that of the mean column.
    pub(super) seen: Vec<f32>,
    /// Squared voltage on the line in units of the OTA's linear range, per unit of charge squared.
    pub(super) square_per_charge: Vec<f32>,
    /// Share of the signal by which it may be wrong, saturation apart.
    pub(super) doubt: Vec<f32>,
}

impl Course {
    /// Prepares for a block of vectors of a run on so many columns.
    pub(super) fn prepare(&mut self, columns: usize) {
        self.of = None;
        self.rest_lsb.resize(columns, 0.0);
        for sign in &mut self.signs {
            for values in [&mut sign.seen, &mut sign.square_per_charge, &mut sign.doubt] {
                values.resize(columns, 0.0);
            }
        }
    }

    /// The columns after a vector of the given timing; the first is the profile's with that number.
    pub(super) fn after(
        &mut self,
        pass: &Pass<'_>,
        hemisphere: &Hemisphere,
        profile: &Profile,
        first_of_profile: usize,
        timing: Timing,
    ) -> &Self {
        if self.of != Some(timing) {
            self.of = Some(timing);
            let rest_lsb = &mut self.rest_lsb;
            pulp::Arch::new().dispatch(Relax {
                pass,
                integration_us: timing.integration_us(),
                largest_leak_per_us: hemisphere.largest_leak_per_us,
                rest_lsb,
            });
            for (sign, course) in self.signs.iter_mut().enumerate() {
                pulp::Arch::new().dispatch(Collect {
                    pass,
                    hemisphere,
                    profile,
                    first_of_profile,
                    timing,
                    sign,
                    course,
                });
            }
        }
        self
    }
}

/// Leak and drift from the reset to the readout, as a task that is compiled once per kind of
/// processor.
struct Relax<'a> {
    pass: &'a Pass<'a>,
    integration_us: f32,
    largest_leak_per_us: f32,
    rest_lsb: &'a mut [f32],
}

impl pulp::WithSimd for Relax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let columns = &self.pass.circuit.columns;
        let range = self.pass.circuit.columns_of_chip(self.pass.region);
        let count = self.rest_lsb.len();
        let leak = part(&columns.leak_per_us, &range, count);
        let target = part(&columns.leak_lsb, &range, count);
        let start = part(&columns.start_lsb, &range, count);
        let drift = part(&columns.drift_lsb_per_us, &range, count);
        let time = self.integration_us;
        let relaxed = |c: usize, mean_decay: f32| {
            start[c] + ((target[c] - start[c]) * leak[c] + drift[c]) * time * mean_decay
        };
        if self.largest_leak_per_us * time > 1.0 {
            for (c, rest) in self.rest_lsb.iter_mut().enumerate() {
                *rest = relaxed(c, mean_decay(leak[c] * time));
            }
        } else {
            for (c, rest) in self.rest_lsb.iter_mut().enumerate() {
                let x = leak[c] * time;
                *rest = relaxed(c, 1.0 / (1.0 + x * (0.5 + x * (1.0 / 12.0))));
            }
        }
    }
}

/// How one sign's charge becomes a signal, as a task that is compiled once per kind of processor.
struct Collect<'a> {
    pass: &'a Pass<'a>,
    hemisphere: &'a Hemisphere,
    profile: &'a Profile,
    /// The first column among those of the profile.
    first_of_profile: usize,
    timing: Timing,
    sign: usize,
    course: &'a mut OneSign,
}

impl pulp::WithSimd for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Self {
            pass,
            hemisphere,
            profile,
            first_of_profile,
            timing,
            sign,
            course,
        } = self;
        let count = pass.region.columns;
        let range = pass.region.column_range();
        let of_profile = first_of_profile..first_of_profile + count;
        let tail_excess = part(&hemisphere.tail_excess[sign], &range, count);
        let leak_excess = part(&hemisphere.leak_excess_per_us, &range, count);
        let age = part(&profile.age[sign], &of_profile, count);
        let spread = part(&profile.spread[sign], &of_profile, count);
        let per_spread = part(&profile.per_spread[sign], &of_profile, count);
        let decay = part(&hemisphere.decay_per_us[sign], &range, count);
        let apart = part(&hemisphere.apart[sign], &range, count);
        let (seen, doubt) = (&mut course.seen[..count], &mut course.doubt[..count]);
        let square = &mut course.square_per_charge[..count];

        let range_charge = pass.circuit.columns.linear_range_charge;
        let per_range = 1.0 / (range_charge * range_charge);
        let sends = pass.settings.num_sends() as f32;
        if sends > 1.0 {
            for c in 0..count {
                square[c] = per_range * third_moment(timing.send_us * decay[c], spread[c], sends);
            }
        } else {
            for c in 0..count {
                square[c] = per_range * of_even_charge(timing.send_us * decay[c] * spread[c]);
            }
        }
        let on_line = mean_decay(timing.send_us * hemisphere.line_per_us[sign]);
        for c in 0..count {
            let tail = on_line * tail_excess[c];
            let leak = leak_excess[c] * (timing.delay_us + timing.send_us * age[c]);
            seen[c] = (1.0 - tail) * apart[c] * kept(leak);
            doubt[c] = tail.abs() * per_spread[c] + LEAK_ERROR * leak.abs();
        }
    }
}

/// exp(−x), to third order.
#[inline(always)]
fn kept(x: f32) -> f32 {
    1.0 / (1.0 + x * (1.0 + 0.5 * x))
}

/// Mean of exp(−x·t) over t in 0…1.
#[inline(always)]
fn mean_decay(x: f32) -> f32 {
    if x < 1e-4 {
        1.0 - 0.5 * x
    } else {
        -(-x).exp_m1() / x
    }
}

/// ∫v³ / ∫v of a line that receives a unit of charge in several sends, in units of τ_syn: over a time
/// `sending`, of which every send fills the share `spread` with charge.
///
/// Several sends are as if all their charge came evenly where the line remembers over the gaps, and
/// bursts of their own where it forgets; what lies between follows the root of both squares.
#[inline(always)]
fn third_moment(sending: f32, spread: f32, sends: f32) -> f32 {
    let bursts = of_even_charge(sending / sends * spread) / (sends * sends);
    let smooth = of_even_charge(sending);
    let square = spread * spread;
    let gaps = bursts * (1.0 - square * square);
    (smooth * smooth + gaps * gaps).sqrt()
}

/// The same for charge that comes evenly over a time r: the line rises as 1 − exp(−t), then decays.
///
/// Exactly, that is (r − 3·(1 − e⁻ʳ) + 3/2·(1 − e⁻²ʳ) − (1 − e⁻³ʳ)/3 + (1 − e⁻ʳ)³/3) / r³; this
/// rational function has its value and slope at 0, its two leading terms at ∞, and is within 2 %
/// between.
#[inline(always)]
fn of_even_charge(r: f32) -> f32 {
    (1.0 + 1.5 * r) / (3.0 + r * (6.75 + r * (3.25 + r * 1.5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The third moment of the line's course, summed numerically.
    fn summed(sending: f64, spread: f64, sends: f64) -> f64 {
        let (mut v, mut first, mut third) = (0.0_f64, 0.0_f64, 0.0_f64);
        let dt = 2e-4;
        let period = sending / sends;
        for step in 0..((sending + 30.0) / dt) as usize {
            let t = step as f64 * dt;
            let receives = t < sending && t % period < spread * period;
            let input = if receives {
                1.0 / (sending * spread)
            } else {
                0.0
            };
            v += (input - v) * dt;
            first += v * dt;
            third += v.powi(3) * dt;
        }
        third / first
    }

    #[test]
    fn saturation_follows_the_course_of_the_line() {
        for sending in [0.1, 1.0, 3.0, 16.0, 100.0] {
            for spread in [1.0, 0.25] {
                let found = f64::from(of_even_charge((sending * spread) as f32));
                let expected = summed(sending, spread, 1.0);
                assert!(
                    (found / expected - 1.0).abs() < 0.03,
                    "{sending}, {spread}: {found}, {expected}"
                );
            }
        }
    }

    #[test]
    fn sends_with_gaps_are_bursts_to_a_line_that_forgets() {
        for sending in [2.0, 4.0, 16.0, 64.0] {
            for (spread, sends) in [(0.1, 2.0), (0.25, 4.0), (0.5, 2.0), (0.5, 4.0), (1.0, 4.0)] {
                let found = third_moment(sending as f32, spread as f32, sends as f32);
                let expected = summed(sending, spread, sends);
                assert!(
                    (f64::from(found) / expected - 1.0).abs() < 0.12,
                    "{sending}, {spread}, {sends}: {found}, {expected}"
                );
            }
        }
    }
}
