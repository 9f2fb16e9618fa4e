//! A chip on the bench, and what all protocols do with it.

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::random::{derive_seed, keyed_stream};
use bss2_core::{ArrayGeometry, ChipControl, RunSettings};
use bss2_hardware::{CheckedConfig, Fidelity, SimulatedChip};
use ndarray::{Array1, Array2, Axis};
use rand::rngs::ChaCha8Rng;

use crate::ExperimentError;
use crate::acceptance::Calibrated;
use crate::bench::Bench;

/// A chip on the bench. A protocol works on a copy of its own and leaves it as it likes.
#[derive(Clone)]
pub(super) struct Lab {
    config: CheckedConfig,
    seed: u64,
    pub(super) bench: Bench,
    /// What the last calibration left behind. Columns that it could not calibrate are left out, as
    /// they are on real systems.
    calibration: CalibrationResult,
}

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const TRIALS: u64 = 2;
const STIMULI: u64 = 3;
const TESTS: u64 = 4;

/// Calibrates a chip with the default procedure.
fn calibration(bench: &mut Bench, seed: u64) -> Result<CalibrationResult, ExperimentError> {
    let seed = derive_seed(seed, CALIBRATION);
    Ok(Procedure::default().run(&mut bench.chip, seed, &mut |_| ())?)
}

impl Lab {
    /// The chip of a seed, right after its calibration with the default procedure.
    pub(super) fn new(config: &CheckedConfig, seed: u64) -> Result<Self, ExperimentError> {
        let mut bench = Self::bench(config, seed);
        Ok(Self {
            config: config.clone(),
            seed,
            calibration: calibration(&mut bench, seed)?,
            bench,
        })
    }

    /// A copy of the chip some time later, during which it drifted.
    pub(super) fn later(&self, seconds: f64) -> Result<Self, ExperimentError> {
        let mut lab = self.clone();
        lab.bench.chip.inner_mut().let_pass_s(seconds)?;
        Ok(lab)
    }

    /// From now on the chip is followed event by event.
    pub(super) fn follow_events(&mut self) {
        let chip = self.bench.chip.inner_mut();
        *chip = chip.clone().with_fidelity(Fidelity::Transient);
    }

    /// The chip of a seed as it was made.
    fn bench(config: &CheckedConfig, seed: u64) -> Bench {
        Bench::new(SimulatedChip::new(config, seed), derive_seed(seed, TRIALS))
    }

    /// The same chip as it was made.
    pub(super) fn fresh_chip(&self) -> SimulatedChip {
        SimulatedChip::new(&self.config, self.seed)
    }

    /// Calibrates the chip anew.
    pub(super) fn calibrate(&mut self) -> Result<(), ExperimentError> {
        self.calibration = calibration(&mut self.bench, self.seed)?;
        Ok(())
    }

    /// The chip and its calibration.
    pub(super) fn calibrated(&self) -> Calibrated {
        Calibrated {
            chip: self.bench.chip.inner().clone(),
            result: self.calibration.clone(),
        }
    }

    /// Seed for the calibrations and the noise of tests.
    pub(super) fn tests_seed(&self) -> u64 {
        derive_seed(self.seed, TESTS)
    }

    /// The values of the columns that work, from those of all columns of the chip.
    pub(super) fn of_working(&self, values: impl IntoIterator<Item = f64>) -> Vec<f64> {
        self.of_working_in(0, values)
    }

    /// The values of the columns that work, from those of all columns from a hemisphere on.
    pub(super) fn of_working_in(
        &self,
        hemisphere: usize,
        values: impl IntoIterator<Item = f64>,
    ) -> Vec<f64> {
        let first = hemisphere * self.bench.chip.control_geometry().columns();
        let values = values.into_iter().zip(&self.working()[first..]);
        values
            .filter(|(_, works)| **works)
            .map(|(value, _)| value)
            .collect()
    }

    /// By column of the chip: whether its last calibration succeeded.
    pub(super) fn working(&self) -> &[bool] {
        &self.calibration.working_columns
    }

    pub(super) fn geometry(&self) -> ArrayGeometry {
        self.bench.geometry()
    }

    /// Random numbers for stimuli.
    pub(super) fn stimuli(&self, purpose: u64) -> ChaCha8Rng {
        keyed_stream(derive_seed(self.seed, STIMULI), purpose)
    }

    /// Loads one weight everywhere.
    pub(super) fn load_uniform(&mut self, weight: i8) -> Result<(), ExperimentError> {
        let mut hemispheres = 0..self.geometry().hemispheres();
        hemispheres.try_for_each(|hemisphere| self.bench.load_uniform(hemisphere, weight))
    }

    /// Mean results of all columns of the chip, one hemisphere after the other, over a number of
    /// runs of one vector.
    pub(super) fn mean_over_runs(
        &mut self,
        settings: RunSettings,
        vector: &[u8],
        runs: usize,
    ) -> Result<Array1<f64>, ExperimentError> {
        let activations = Array2::from_shape_fn((runs, vector.len()), |(_, i)| vector[i]);
        let mut means = Vec::new();
        for hemisphere in 0..self.geometry().hemispheres() {
            let outputs = self.bench.run(hemisphere, settings, activations.view())?;
            means.extend(outputs.sum_axis(Axis(0)) / runs as f64);
        }
        Ok(means.into())
    }

    /// A vector with one activation at one input.
    pub(super) fn one_row(&self, row: usize, activation: u8) -> Vec<u8> {
        (0..self.geometry().inputs())
            .map(|input| if input == row { activation } else { 0 })
            .collect()
    }
}
