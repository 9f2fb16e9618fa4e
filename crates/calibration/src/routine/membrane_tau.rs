//! Time constants of the membranes.

use bss2_core::{ReadoutSource, Register};

use super::leak_potential::until_rest;
use super::{InputSign, Routine, fill};
use crate::bench::{Pulses, Temporary};
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// How far below its leak potential a membrane is reset, in CapMem codes.
const BELOW_LEAK: i32 = 120;

/// Readings averaged per measurement.
const READINGS: usize = 16;

/// Distance from rest after the reset below which nothing can be said, in LSB.
const SMALLEST_STEP_LSB: f64 = 10.0;

/// Brings the time constant of every membrane to a target: the membrane is reset below its leak
/// potential, and read after as long a wait.
#[derive(Clone, Debug)]
pub struct MembraneTau {
    target_us: f64,
    temporary: Temporary,
}

impl MembraneTau {
    /// The routine for a time constant in µs.
    pub fn new(target_us: f64) -> Self {
        Self {
            target_us,
            temporary: Temporary::default(),
        }
    }
}

/// Share of that distance below which noise decides: the membrane is then much too fast.
const LEAST_LEFT: f64 = 0.005;

/// Resets all membranes well below where they leak to.
pub(crate) fn reset_below_leak(
    bench: &mut Bench<'_>,
    temporary: &mut Temporary,
) -> Result<(), CalibrationError> {
    let below: Vec<i32> = bench
        .values(Register::VLeak)?
        .iter()
        .map(|leak| leak.saturating_sub(BELOW_LEAK).max(0))
        .collect();
    temporary.set(bench, Register::VReset, &below)
}

/// Time constants of all membranes in µs, found by a wait of about as long: 0 for one that is much faster,
/// infinity for one that does not move, NaN for one that cannot be reset away from where it rests.
pub(crate) fn measure(bench: &mut Bench<'_>, wait_us: f64) -> Result<Vec<f64>, CalibrationError> {
    let reset = bench.pulses(Pulses::none(0.0), READINGS)?.of_both();
    let waited = bench.pulses(Pulses::none(wait_us), READINGS)?.of_both();
    let rest = bench.pulses(until_rest(wait_us), READINGS)?.of_both();
    Ok(time_constants(&reset, &waited, &rest, wait_us))
}

/// Time constants in µs from codes right after the reset, after a wait, and at rest.
fn time_constants(reset: &[f64], waited: &[f64], rest: &[f64], wait_us: f64) -> Vec<f64> {
    let readings = reset.iter().zip(waited).zip(rest);
    readings
        .map(|((reset, waited), rest)| {
            let left = (rest - waited) / (rest - reset);
            if (rest - reset).abs() < SMALLEST_STEP_LSB {
                f64::NAN
            } else if left <= LEAST_LEFT {
                0.0
            } else if left >= 1.0 {
                f64::INFINITY
            } else {
                -wait_us / left.ln()
            }
        })
        .collect()
}

impl Routine for MembraneTau {
    fn name(&self) -> &'static str {
        "membrane time constant"
    }

    fn register(&self) -> Register {
        Register::IBiasLeak
    }

    fn slope(&self) -> Slope {
        Slope::Falling
    }

    fn unit(&self) -> &'static str {
        "µs"
    }

    fn tolerance(&self) -> f64 {
        0.15 * self.target_us
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.show(bench, ReadoutSource::Membrane)?;
        self.temporary.set_all(bench, Register::EnableLeak, 1)?;
        for sign in InputSign::BOTH {
            self.temporary.set_all(bench, sign.gm(), 0)?;
        }
        reset_below_leak(bench, &mut self.temporary)
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![self.target_us; initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        fill(responses, &measure(bench, self.target_us)?)
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponential_has_its_time_constant_and_others_tell_at_least_a_direction() {
        let at = |t: f64| 120.0 - 50.0 * (-t / 60.0).exp();
        let found = time_constants(
            &[at(0.0), 120.0, 70.0, 70.0],
            &[at(30.0), 120.0, 60.0, 120.0],
            &[120.0; 4],
            30.0,
        );
        assert!((found[0] - 60.0).abs() < 1e-9);
        assert!(found[1].is_nan());
        assert_eq!(found[2..], [f64::INFINITY, 0.0]);
    }
}
