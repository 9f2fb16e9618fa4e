//! What to set and what to measure.

use bss2_core::{ArrayMode, Register};

use crate::search::{Problem, SearchAlgorithm, SearchOutcome, Slope};
use crate::statistics::median;
use crate::{Bench, CalibrationError, RoutineResult, Step};

mod cadc_offset;
mod cadc_ramp;
mod driver_offset;
mod driver_ramp;
pub(crate) mod drivers;
mod leak_noise;
mod leak_potential;
mod membrane_tau;
mod nested;
mod ota_gain;
mod ota_reference;
mod reset_potential;
mod synapse_bias;
mod synaptic_tau;

pub use cadc_offset::CadcOffset;
pub use cadc_ramp::{CadcRamp, RangeEnd};
pub use driver_offset::DriverOffset;
pub use driver_ramp::DriverRamp;
pub use leak_noise::LeakNoise;
pub use leak_potential::LeakPotential;
pub use membrane_tau::MembraneTau;
pub use nested::Nested;
pub use ota_gain::OtaGain;
pub use ota_reference::OtaReference;
pub use reset_potential::ResetPotential;
pub use synapse_bias::SynapseBias;
pub use synaptic_tau::SynapticTau;

pub(crate) use driver_offset::{full_of_working, proportional};
pub(crate) use driver_ramp::ACTIVATION as RAMP_ACTIVATION;
pub(crate) use drivers::Drivers;
pub(crate) use leak_potential::until_rest;
pub(crate) use membrane_tau::{measure as membrane_time_constants, reset_below_leak};
pub(crate) use ota_gain::load_rows;
pub(crate) use synaptic_tau::{show_much_charge, time_constants as line_time_constants};

/// Which of a neuron's two synaptic inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputSign {
    /// The excitatory input: positive weights.
    Excitatory,
    /// The inhibitory input: negative weights.
    Inhibitory,
}

impl InputSign {
    /// Both signs.
    pub const BOTH: [Self; 2] = [Self::Excitatory, Self::Inhibitory];

    /// A weight or voltage of this sign: the value itself, or its negative.
    pub(crate) const fn of(self, value: i8) -> i8 {
        match self {
            Self::Excitatory => value,
            Self::Inhibitory => -value,
        }
    }

    /// The register of the input's OTA gain.
    pub const fn gm(self) -> Register {
        match self {
            Self::Excitatory => Register::IBiasSyninExcGm,
            Self::Inhibitory => Register::IBiasSyninInhGm,
        }
    }

    /// The register of the line's time constant.
    pub const fn tau(self) -> Register {
        match self {
            Self::Excitatory => Register::IBiasSyninExcTau,
            Self::Inhibitory => Register::IBiasSyninInhTau,
        }
    }

    /// The register of the OTA's reference.
    pub const fn shift(self) -> Register {
        match self {
            Self::Excitatory => Register::IBiasSyninExcShift,
            Self::Inhibitory => Register::IBiasSyninInhShift,
        }
    }
}

/// One quantity that a register is to bring to a target. Measures in membrane mode.
pub trait Routine {
    /// Name for people.
    fn name(&self) -> &'static str;

    /// The register that is turned.
    fn register(&self) -> Register;

    /// How the response follows the register.
    fn slope(&self) -> Slope;

    /// Unit of the response.
    fn unit(&self) -> &'static str;

    /// Largest distance from its target at which an instance counts as calibrated.
    fn tolerance(&self) -> f64;

    /// Whether an instance may end at a boundary of the register's range and still count as
    /// calibrated, if it meets its target.
    fn may_end_at_boundary(&self) -> bool {
        false
    }

    /// Brings other registers into place.
    ///
    /// # Errors
    /// What the chip refuses.
    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError>;

    /// The target of each instance, given the responses before the search.
    fn targets(&self, initial: &[f64]) -> Vec<f64>;

    /// Loads stimuli where needed and measures the response of each instance; NaN where there is
    /// none.
    ///
    /// # Errors
    /// What the chip refuses.
    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError>;

    /// Leaves other registers as they were before [`prepare`](Self::prepare).
    ///
    /// # Errors
    /// What the chip refuses.
    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError>;
}

/// Runs a routine with a search: prepares, measures the residuals, searches, writes the best values,
/// measures the residuals again, and restores.
///
/// # Errors
/// [`CalibrationError::Mode`] unless the chip is in membrane mode; what the chip refuses, and it is
/// left half calibrated then.
pub fn run_routine(
    bench: &mut Bench<'_>,
    routine: &mut dyn Routine,
    search: &dyn SearchAlgorithm,
) -> Result<RoutineResult, CalibrationError> {
    if bench.mode() != ArrayMode::Membrane {
        return Err(CalibrationError::Mode {
            found: bench.mode(),
        });
    }
    let cost_before = bench.cost();
    let measured_before = bench.measurements();
    let mut course = Vec::new();
    routine.prepare(bench)?;
    let mut responses = vec![0.0; bench.instances(routine.register())];
    measure(bench, routine, &mut responses)?;
    let targets = routine.targets(&responses);
    let mut note = |bench: &Bench<'_>, responses: &[f64]| {
        course.push(Step {
            measurements: bench.measurements().saturating_sub(measured_before),
            cost: bench.cost() - cost_before,
            residual: typical(&residuals(responses, &targets)),
        });
    };
    note(bench, &responses);
    let before = residuals(&responses, &targets);
    let outcome = search_values(bench, routine, search, &targets, &mut note)?;
    set_and_measure(bench, routine, &outcome.values, &mut responses)?;
    note(bench, &responses);
    let after = residuals(&responses, &targets);
    routine.restore(bench)?;

    let may_end = routine.may_end_at_boundary();
    let success = succeeded(&after, routine.tolerance(), |instance| {
        outcome.inside.get(instance).is_some_and(|i| *i) || may_end
    });
    Ok(RoutineResult {
        name: routine.name().to_owned(),
        unit: routine.unit().to_owned(),
        register: routine.register(),
        values: outcome.values,
        success,
        before,
        after,
        measurements: bench.measurements().saturating_sub(measured_before),
        cost: bench.cost() - cost_before,
        course,
    })
}

/// Hands out what was measured.
fn fill(responses: &mut [f64], measured: &[f64]) -> Result<(), CalibrationError> {
    if responses.len() != measured.len() {
        return Err(CalibrationError::InstanceCount {
            measured: measured.len(),
            room: responses.len(),
        });
    }
    responses.copy_from_slice(measured);
    Ok(())
}

/// Distances from the targets; none where there is no response.
pub(crate) fn residuals(responses: &[f64], targets: &[f64]) -> Vec<Option<f64>> {
    let distances = responses.iter().zip(targets).map(|(r, t)| r - t);
    distances
        .map(|distance| distance.is_finite().then_some(distance))
        .collect()
}

/// Marks the instances that are close enough to their targets and ended where they may.
pub(crate) fn succeeded(
    residuals: &[Option<f64>],
    tolerance: f64,
    may_end: impl Fn(usize) -> bool,
) -> Vec<bool> {
    let close = |residual: Option<f64>| residual.is_some_and(|r| r.abs() <= tolerance);
    let instances = residuals.iter().enumerate();
    instances
        .map(|(instance, residual)| close(*residual) && may_end(instance))
        .collect()
}

/// Median of the distances from the targets.
pub(crate) fn typical(residuals: &[Option<f64>]) -> Option<f64> {
    let known = residuals.iter().flatten().map(|residual| residual.abs());
    let typical = median(known);
    typical.is_finite().then_some(typical)
}

/// Searches a prepared routine's register, beginning with what it holds; the caller writes the best
/// values.
fn search_values(
    bench: &mut Bench<'_>,
    routine: &mut dyn Routine,
    search: &dyn SearchAlgorithm,
    targets: &[f64],
    note: &mut dyn FnMut(&Bench<'_>, &[f64]),
) -> Result<SearchOutcome, CalibrationError> {
    let spec = routine.register().spec();
    let start = bench.values(routine.register())?;
    let problem =
        Problem::new(spec.min..=spec.max, routine.slope(), targets)?.starting_at(&start)?;
    search.search(&problem, &mut |values, responses| {
        set_and_measure(bench, routine, values, responses)?;
        note(bench, responses);
        Ok(())
    })
}

fn set_and_measure(
    bench: &mut Bench<'_>,
    routine: &mut dyn Routine,
    values: &[i32],
    responses: &mut [f64],
) -> Result<(), CalibrationError> {
    bench.write(routine.register(), values)?;
    measure(bench, routine, responses)
}

fn measure(
    bench: &mut Bench<'_>,
    routine: &mut dyn Routine,
    responses: &mut [f64],
) -> Result<(), CalibrationError> {
    routine.measure(bench, responses)?;
    bench.count_measurement();
    Ok(())
}
