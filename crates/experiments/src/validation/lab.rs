//! A chip on the bench, and what all protocols do with it.

use bss2_calibration::Procedure;
use bss2_core::random::{derive_seed, keyed_stream};
use bss2_core::{ArrayGeometry, ChipControl, RunSettings, Scope};
use bss2_hardware::{CheckedConfig, Fidelity, SimulatedChip};
use ndarray::{Array1, Array2, Axis};
use rand::rngs::ChaCha8Rng;

use crate::ExperimentError;
use crate::bench::Bench;

/// A chip on the bench. A protocol works on a copy of its own and leaves it as it likes.
#[derive(Clone)]
pub(super) struct Lab {
    config: CheckedConfig,
    seed: u64,
    pub(super) bench: Bench,
    /// By column of the chip: whether its last calibration succeeded. Others are left out, as they
    /// are on real systems.
    working: Vec<bool>,
}

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const TRIALS: u64 = 2;
const STIMULI: u64 = 3;

impl Lab {
    /// The chip of a seed, right after its calibration with the default procedure.
    pub(super) fn new(config: &CheckedConfig, seed: u64) -> Result<Self, ExperimentError> {
        let mut lab = Self::fresh(config, seed);
        lab.calibrate()?;
        Ok(lab)
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
    fn fresh(config: &CheckedConfig, seed: u64) -> Self {
        let chip = SimulatedChip::new(config, seed);
        Self {
            config: config.clone(),
            seed,
            working: vec![true; Scope::Column.instances(chip.control_geometry())],
            bench: Bench::new(chip, derive_seed(seed, TRIALS)),
        }
    }

    /// The same chip as it was made.
    pub(super) fn fresh_twin(&self) -> Self {
        Self::fresh(&self.config, self.seed)
    }

    pub(super) fn calibrate(&mut self) -> Result<(), ExperimentError> {
        let seed = derive_seed(self.seed, CALIBRATION);
        let result = Procedure::default().run(&mut self.bench.chip, seed, &mut |_| ())?;
        self.working.fill(true);
        for routine in &result.routines {
            let scope = routine.register.spec().scope;
            let working = self
                .working
                .chunks_mut(self.bench.chip.control_geometry().columns());
            for (hemisphere, working) in working.enumerate() {
                // The first channels of a hemisphere are those that deliver results.
                let first = hemisphere * scope.per_hemisphere(self.bench.chip.control_geometry());
                if matches!(scope, Scope::Column | Scope::Channel) {
                    for (working, success) in working.iter_mut().zip(&routine.success[first..]) {
                        *working &= success;
                    }
                }
            }
        }
        Ok(())
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
        let values = values.into_iter().zip(&self.working[first..]);
        values
            .filter(|(_, works)| **works)
            .map(|(value, _)| value)
            .collect()
    }

    /// By column of the chip: whether its last calibration succeeded.
    pub(super) fn working(&self) -> &[bool] {
        &self.working
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
