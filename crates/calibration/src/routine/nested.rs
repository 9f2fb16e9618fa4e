//! One routine within another.

use bss2_core::Register;

use super::{Routine, search_values};
use crate::search::{SearchAlgorithm, Slope};
use crate::{Bench, CalibrationError};

/// A routine that, before each of its measurements, runs another with a search of its own.
///
/// What the inner register has to be follows from the outer one: each value of an OTA's gain, for
/// instance, asks for a reference of its own.
#[derive(Clone, Debug)]
pub struct Nested<O, I, S> {
    /// The routine that is run.
    pub outer: O,
    /// The routine that is run before each measurement.
    pub inner: I,
    /// How that one searches.
    pub search: S,
}

impl<O: Routine, I: Routine, S: SearchAlgorithm> Routine for Nested<O, I, S> {
    fn name(&self) -> &'static str {
        self.outer.name()
    }

    fn register(&self) -> Register {
        self.outer.register()
    }

    fn slope(&self) -> Slope {
        self.outer.slope()
    }

    fn unit(&self) -> &'static str {
        self.outer.unit()
    }

    fn tolerance(&self) -> f64 {
        self.outer.tolerance()
    }

    fn may_end_at_boundary(&self) -> bool {
        self.outer.may_end_at_boundary()
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.outer.prepare(bench)
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        self.outer.targets(initial)
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        let inner = &mut self.inner;
        inner.prepare(bench)?;
        let mut initial = vec![0.0; bench.instances(inner.register())];
        super::measure(bench, inner, &mut initial)?;
        let targets = inner.targets(&initial);
        let outcome = search_values(bench, inner, &self.search, &targets, &mut |_, _| ())?;
        bench.write(inner.register(), &outcome.values)?;
        inner.restore(bench)?;
        self.outer.measure(bench, responses)
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.outer.restore(bench)
    }
}
