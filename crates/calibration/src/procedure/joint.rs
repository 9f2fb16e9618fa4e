//! The joint procedure: few measurements, and a model of the circuit that tells what follows from
//! them.
//!
//! Nested searches ask the chip what a model knows: how a response moves with its register, and which
//! other responses move with it. Here each round measures everything that the present registers
//! show, solves the model's equations for all registers at once, writes them together and lets them
//! settle once. The model holds the circuit's known form (a ramp's code is linear in the voltage,
//! amplitudes are proportional to bias currents, rates to theirs) and one published number, the longest
//! time constant of a line; all others come from measurements and targets. What the model gets wrong,
//! the next round corrects.

use bss2_core::CostLedger;
use serde::{Deserialize, Serialize};

use super::membrane::{MembraneOptions, check_runs, finish};
use super::{Session, membrane};
use crate::routine::{Routine, SynapseBias, residuals, succeeded, typical};
use crate::search::ProportionalSteps;
use crate::targets::MembraneTargets;
use crate::{Bench, CalibrationError, RoutineResult, Step, TargetWarning};

mod drivers;
mod neurons;
mod ramps;

/// Reaches the targets of [`MembraneProcedure`](super::MembraneProcedure) with few measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JointProcedure {
    /// What is to be reached. A target noise takes the known procedure's routines on top.
    pub targets: MembraneTargets,
    /// How it is measured, and what is done at the end.
    pub options: JointOptions,
}

/// Options of [`JointProcedure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JointOptions {
    /// Multiplications averaged for each driver amplitude, 1…1000; default 5.
    pub driver_runs: usize,
    /// Multiplications averaged for each column amplitude, 1…1000; default 24.
    pub gain_runs: usize,
    /// Rounds in which the neurons' registers are corrected, 4…20; default 5.
    pub rounds: usize,
    /// Whether the leak stays on during multiplications; default false. With a target noise it
    /// always does.
    pub keep_leak: bool,
    /// Whether baselines are brought to code 128 at the end, as results are understood; default
    /// true.
    pub baseline: bool,
}

impl Default for JointOptions {
    fn default() -> Self {
        Self {
            driver_runs: 5,
            gain_runs: 24,
            rounds: 5,
            keep_leak: false,
            baseline: true,
        }
    }
}

impl JointOptions {
    /// The options that the known procedure has as well.
    pub(super) fn as_membrane(self) -> MembraneOptions {
        MembraneOptions {
            driver_runs: self.driver_runs,
            keep_leak: self.keep_leak,
            baseline: self.baseline,
        }
    }
}

impl JointProcedure {
    pub(super) fn check(&self) -> Result<Vec<TargetWarning>, CalibrationError> {
        check_runs("driver_runs", self.options.driver_runs, 1..=1000)?;
        check_runs("gain_runs", self.options.gain_runs, 1..=1000)?;
        check_runs("rounds", self.options.rounds, 4..=20)?;
        self.targets.check()
    }

    pub(super) fn routines(&self) -> usize {
        ramps::QUANTITIES
            + 1
            + drivers::QUANTITIES
            + neurons::QUANTITIES
            + membrane::routines_for_noise(&self.targets)
            + usize::from(self.options.baseline)
    }

    pub(super) fn run(&self, session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
        ramps::calibrate(session, self.targets.cadc)?;
        // At the bias after a reset, whatever the target: weak synapses show little of the drivers.
        drivers::calibrate(session, self)?;
        let mut bias = SynapseBias::new(self.targets.synapse_dac_bias);
        session.run(&mut bias, &ProportionalSteps { steps: 2 })?;
        neurons::calibrate(session, self)?;
        membrane::reach_noise(session, &self.targets)?;
        finish(session, &self.targets, &self.options.as_membrane())
    }
}

/// Does references and potentials of the neurons anew.
pub(super) fn refresh_neurons(
    session: &mut Session<'_, '_>,
    procedure: &JointProcedure,
) -> Result<(), CalibrationError> {
    neurons::refresh(session, procedure)
}

/// One of several quantities that are calibrated together: keeps what a routine's result needs.
struct Quantity {
    result: RoutineResult,
    tolerance: f64,
    may_end_at_boundary: bool,
}

impl Quantity {
    /// The quantity of a routine.
    fn of(routine: &dyn Routine) -> Self {
        Self {
            result: RoutineResult {
                name: routine.name().to_owned(),
                unit: routine.unit().to_owned(),
                register: routine.register(),
                values: Vec::new(),
                success: Vec::new(),
                before: Vec::new(),
                after: Vec::new(),
                measurements: 0,
                cost: CostLedger::default(),
                course: Vec::new(),
            },
            tolerance: routine.tolerance(),
            may_end_at_boundary: routine.may_end_at_boundary(),
        }
    }

    /// Measures something that belongs to the quantity, settling included.
    fn measure<T>(
        &mut self,
        bench: &mut Bench<'_>,
        measure: impl FnOnce(&mut Bench<'_>) -> Result<T, CalibrationError>,
    ) -> Result<T, CalibrationError> {
        let before = bench.cost();
        let measured = measure(bench)?;
        bench.count_measurement();
        self.result.measurements += 1;
        self.result.cost += bench.cost() - before;
        Ok(measured)
    }

    /// Moves every value of the quantity's register to where it is wanted, as far as its range goes;
    /// what is no number moves nothing. Returns by how much each value moved.
    fn adjust(
        &mut self,
        bench: &mut Bench<'_>,
        wanted: impl Fn(usize, f64) -> f64,
    ) -> Result<Vec<f64>, CalibrationError> {
        let register = self.result.register;
        let spec = register.spec();
        let mut values = bench.values(register)?;
        let mut moves = vec![0.0; values.len()];
        for (instance, (value, moved)) in values.iter_mut().zip(&mut moves).enumerate() {
            let before = f64::from(*value);
            let wanted = wanted(instance, before);
            if wanted.is_finite() {
                *value = (wanted.round() as i32).clamp(spec.min, spec.max);
                *moved = f64::from(*value) - before;
            }
        }
        let before = bench.cost();
        bench.write(register, &values)?;
        self.result.cost += bench.cost() - before;
        Ok(moves)
    }

    /// Notes where a round has left the quantity.
    fn note(&mut self, responses: &[f64], targets: &[f64]) {
        let after = residuals(responses, targets);
        self.result.course.push(Step {
            measurements: self.result.measurements,
            cost: self.result.cost,
            residual: typical(&after),
        });
        if self.result.before.is_empty() {
            self.result.before.clone_from(&after);
        }
        self.result.after = after;
    }

    /// The result, once all registers have their values.
    fn finish(mut self, bench: &mut Bench<'_>) -> Result<RoutineResult, CalibrationError> {
        let spec = self.result.register.spec();
        self.result.values = bench.values(self.result.register)?;
        let values = &self.result.values;
        self.result.success = succeeded(&self.result.after, self.tolerance, |instance| {
            let inside = values[instance] > spec.min && values[instance] < spec.max;
            inside || self.may_end_at_boundary
        });
        Ok(self.result)
    }
}
