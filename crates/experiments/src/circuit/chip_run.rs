//! All measurements on one chip.

use bss2_core::random::derive_seed;
use bss2_hardware::SimulatedChip;
use serde::{Deserialize, Serialize};

use super::Parameters;
use super::drivers::DriverCurves;
use super::line_saturation::{self, LinePoint};
use super::swing::Swing;
use super::trace::Trace;
use super::validity::{self, Comparison};
use crate::bench::Bench;
use crate::{ExperimentError, Task};

/// What was measured on one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct ChipRun {
    pub(super) seed: u64,
    pub(super) trace: Trace,
    pub(super) drivers: DriverCurves,
    pub(super) swing: Swing,
    pub(super) line: Vec<LinePoint>,
    pub(super) validity: Vec<Comparison>,
}

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const TRIALS: u64 = 2;

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) const STEPS: u64 = 6;

    pub(super) fn run(
        seed: u64,
        parameters: &Parameters,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let note = |what: &str| task.step(&format!("chip {seed}: {what}"));
        let config = parameters.chip.clone().check()?;
        let mut bench = Bench::new(SimulatedChip::new(&config, seed), derive_seed(seed, TRIALS));
        let calibration_seed = derive_seed(seed, CALIBRATION);
        parameters
            .calibration
            .run(&mut bench.chip, calibration_seed, &mut |_| {})?;
        note("calibration");
        let trace = Trace::record(&mut bench, &parameters.trace)?;
        note("trace");
        let swing = Swing::measure(&mut bench, &parameters.swing)?;
        note("swing");
        let drivers =
            DriverCurves::measure(seed, &mut bench, &parameters.chip, &parameters.drivers)?;
        note("drivers");
        let line = line_saturation::measure(seed, &parameters.chip, &parameters.line)?;
        note("saturation of the OTAs");
        let validity = validity::measure(seed, &parameters.chip, &parameters.validity)?;
        note("validity");
        Ok(Self {
            seed,
            trace,
            drivers,
            swing,
            line,
            validity,
        })
    }
}
