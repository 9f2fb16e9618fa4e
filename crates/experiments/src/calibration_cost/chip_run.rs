//! Everything that is measured on one chip.

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::random::derive_seed;
use bss2_core::{ChipControl, Register};
use bss2_hardware::SimulatedChip;
use serde::{Deserialize, Serialize};

use super::Parameters;
use super::convergence::Convergence;
use super::refreshes::{self, Remedied};
use super::searches::{self, Trial};
use crate::process::Job;
use crate::{ExperimentError, Task};

/// What was measured on one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct ChipRun {
    /// Index of its process.
    pub(super) process: usize,
    pub(super) seed: u64,
    /// The known procedure.
    pub(super) nested: Convergence,
    pub(super) joint: Convergence,
    /// Calibrations for synaptic lines: from the beginning, and converted.
    pub(super) lines: [CalibrationResult; 2],
    pub(super) searches: Vec<Trial>,
    pub(super) remedied: Vec<Remedied>,
}

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const TRIALS: u64 = 2;

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) const STEPS: u64 = 5;

    pub(super) fn run(
        job: &Job<'_>,
        parameters: &Parameters,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let (process, seed) = (job.number, job.seed);
        let fresh = job.fresh_chip()?;
        let note = |what: &str| job.step(task, what);
        let seeds = [CALIBRATION, TRIALS].map(|purpose| derive_seed(seed, purpose));
        let (nested, _) = Convergence::of(Procedure::default(), &fresh, seeds, parameters)?;
        note("nested procedure");
        let (joint, calibrated) = Convergence::of(Procedure::joint(), &fresh, seeds, parameters)?;
        note("joint procedure");
        let lines = refreshes::on_lines(&fresh, &nested.result, seeds[0])?;
        note("synaptic lines");
        let searches = searches::measure(&prepared(calibrated.clone())?, seeds[0])?;
        note("searches");
        let remedied = refreshes::measure(&calibrated, &joint.result, seeds, parameters)?;
        note("refreshes");
        Ok(Self {
            process,
            seed,
            nested,
            joint,
            lines,
            searches,
            remedied,
        })
    }
}

/// The calibrated chip with those registers at their reset values that the searches are to find.
fn prepared(mut chip: SimulatedChip) -> Result<SimulatedChip, ExperimentError> {
    for register in [
        Register::VLeak,
        Register::IBiasSyninExcTau,
        Register::IBiasSyninExcGm,
        Register::HagenDacOffset,
    ] {
        let values = vec![register.spec().reset; register.instances(chip.control_geometry())];
        chip.write_register(register, &values)?;
    }
    chip.settle()?;
    Ok(chip)
}
