//! What to set and what to measure.

use bss2_core::{Chip, Register};

use crate::search::{Problem, SearchAlgorithm, Slope};
use crate::{Bench, CalibrationError, RoutineResult};

mod cadc_offset;
mod column_gain;
mod driver_offset;

pub use cadc_offset::CadcOffset;
pub use column_gain::{ColumnGain, InputSign};
pub use driver_offset::DriverOffset;

/// One quantity that a register is to bring to a target.
pub trait Routine<C: Chip + ?Sized> {
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

    /// Brings stimuli into place.
    ///
    /// # Errors
    /// What the chip refuses.
    fn prepare(&mut self, bench: &mut Bench<'_, C>) -> Result<(), CalibrationError>;

    /// The target of each instance, given the responses before the search.
    fn targets(&self, initial: &[f64]) -> Vec<f64>;

    /// Measures the response of each instance.
    ///
    /// # Errors
    /// What the chip refuses.
    fn measure(
        &mut self,
        bench: &mut Bench<'_, C>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError>;
}

/// Runs a routine with a search: measures the residuals, searches, writes the best values, and
/// measures the residuals again.
///
/// # Errors
/// What the chip refuses; the register then holds the values of the last measurement.
pub fn run_routine<C: Chip + ?Sized>(
    bench: &mut Bench<'_, C>,
    routine: &mut dyn Routine<C>,
    search: &dyn SearchAlgorithm,
) -> Result<RoutineResult, CalibrationError> {
    let register = routine.register();
    let spec = register.spec();
    let slope = routine.slope();
    routine.prepare(bench)?;
    let mut responses = vec![0.0; register.instances(bench.chip.control_geometry())];
    routine.measure(bench, &mut responses)?;
    let targets = routine.targets(&responses);
    let errors = |responses: &[f64]| -> Vec<f64> {
        responses.iter().zip(&targets).map(|(r, t)| r - t).collect()
    };
    let before = errors(&responses);

    let mut set_and_measure = |values: &[i32], responses: &mut [f64]| {
        bench.chip.write_register(register, values)?;
        if spec.capmem {
            bench.chip.settle()?;
        }
        routine.measure(bench, responses)
    };
    let problem = Problem::new(spec.min..=spec.max, slope, &targets)?;
    let outcome = search.search(&problem, &mut set_and_measure)?;
    set_and_measure(&outcome.values, &mut responses)?;
    let after = errors(&responses);

    let tolerance = routine.tolerance();
    let success = after
        .iter()
        .zip(&outcome.inside)
        .map(|(error, inside)| *inside && error.abs() <= tolerance)
        .collect();
    Ok(RoutineResult {
        name: routine.name().to_owned(),
        unit: routine.unit().to_owned(),
        register,
        values: outcome.values,
        success,
        before,
        after,
        // Those before and after the search count too.
        measurements: outcome.measurements + 2,
    })
}
