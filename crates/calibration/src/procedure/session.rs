//! A chip on the bench while a procedure runs.

use bss2_core::random::derive_seed;
use bss2_core::{ArrayMode, ReadoutSource};

use super::Procedure;
use crate::routine::Routine;
use crate::search::{NoisyBinarySearch, SearchAlgorithm};
use crate::{Bench, CalibrationError, CalibrationResult, RoutineResult, run_routine};

/// Runs routines one after the other and keeps what they did.
pub(super) struct Session<'s, 'a> {
    pub(super) bench: Bench<'a>,
    trial_seed: u64,
    searches: u64,
    routines: Vec<RoutineResult>,
    on_routine: &'s mut dyn FnMut(&RoutineResult),
}

impl<'s, 'a> Session<'s, 'a> {
    pub(super) fn new(
        bench: Bench<'a>,
        trial_seed: u64,
        on_routine: &'s mut dyn FnMut(&RoutineResult),
    ) -> Self {
        Self {
            bench,
            trial_seed,
            searches: 0,
            routines: Vec::new(),
            on_routine,
        }
    }

    /// Brings the chip into membrane mode, where everything is measured, with its reset registers.
    pub(super) fn begin(&mut self) -> Result<(), CalibrationError> {
        self.bench.set_mode(ArrayMode::Membrane)?;
        self.bench.reset_registers()
    }

    pub(super) fn run(
        &mut self,
        routine: &mut dyn Routine,
        search: &dyn SearchAlgorithm,
    ) -> Result<(), CalibrationError> {
        let result = run_routine(&mut self.bench, routine, search)?;
        self.keep(result);
        Ok(())
    }

    pub(super) fn keep(&mut self, result: RoutineResult) {
        (self.on_routine)(&result);
        self.routines.push(result);
    }

    /// A noisy search with random numbers of its own.
    pub(super) fn noisy(&mut self) -> NoisyBinarySearch {
        self.searches += 1;
        NoisyBinarySearch {
            seed: derive_seed(self.trial_seed, self.searches),
        }
    }

    /// Leaves the chip with all weights zero, and keeps what is on it.
    pub(super) fn finish(
        mut self,
        procedure: Procedure,
    ) -> Result<CalibrationResult, CalibrationError> {
        if self.bench.mode() == ArrayMode::Membrane {
            self.bench.show(ReadoutSource::Membrane)?;
        }
        self.bench.load(|_, _| 0)?;
        let Self {
            mut bench,
            trial_seed,
            routines,
            ..
        } = self;
        CalibrationResult::of_bench(&mut bench, trial_seed, procedure, routines)
    }
}
