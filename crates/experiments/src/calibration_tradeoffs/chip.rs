//! One chip with one calibration, and everything that is measured with it.

use bss2_calibration::{JointProcedure, Procedure};
use bss2_core::RunSettings;
use bss2_core::random::derive_seed;
use bss2_hardware::{Fidelity, SimulatedChip};
use ndarray::Array2;
use serde::Serialize;

use super::dense_load::DenseLoad;
use super::layer::Layer;
use super::memory::Memory;
use super::point::Point;
use super::quality::Quality;
use super::ramp::Ramp;
use super::results::Measured;
use super::single_rows;
use super::stimulus::Stimulus;
use super::{Parameters, Stimuli};
use crate::bench::{Bench, repeated};
use crate::{ExperimentError, Task};

/// A calibration, and the numbers of the points that share it.
#[derive(Serialize)]
pub(super) struct Setup {
    calibration: JointProcedure,
    points: Vec<usize>,
}

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const TRIALS: u64 = 2;

impl Setup {
    /// The different calibrations that points ask for.
    pub(super) fn of_all(points: &[Point]) -> Vec<Self> {
        let mut setups: Vec<Self> = Vec::new();
        for (number, point) in points.iter().enumerate() {
            match setups
                .iter_mut()
                .find(|s| s.calibration == point.calibration)
            {
                Some(setup) => setup.points.push(number),
                None => setups.push(Self {
                    calibration: point.calibration,
                    points: vec![number],
                }),
            }
        }
        setups
    }

    /// The numbers of its points.
    pub(super) fn points(&self) -> &[usize] {
        &self.points
    }

    /// Calibrates a chip and measures its points.
    pub(super) fn measure(
        &self,
        seed: u64,
        points: &[Point],
        parameters: &Parameters,
        task: &dyn Task,
    ) -> Result<Vec<Measured>, ExperimentError> {
        let config = parameters.chip.clone().check()?;
        let mut chip = SimulatedChip::new(&config, seed);
        let procedure = Procedure::Joint(self.calibration);
        let calibration_seed = derive_seed(seed, CALIBRATION);
        let calibration = procedure.run(&mut chip, calibration_seed, &mut |_| {})?;
        let calibration_us = parameters.cost_model.chip_time_us(&calibration.cost);
        let trials = derive_seed(seed, TRIALS);
        let tau_syn_us = self.calibration.targets.tau_syn_us;
        if tau_syn_us > parameters.lumped_up_to_tau_syn_us {
            chip = chip.with_fidelity(Fidelity::Transient);
        }
        let measured = self.points.iter().map(|&number| {
            let point = &points[number];
            let lab = Lab {
                bench: Bench::new(chip.clone(), derive_seed(trials, number as u64)),
                parameters,
            };
            let working = calibration.working_columns.iter();
            let working = working.filter(|works| **works).count() as f64;
            let columns = calibration.working_columns.len() as f64;
            let quality = Quality {
                calibration_ms: 1e-3 * calibration_us,
                calibrated_percent: 100.0 * working / columns,
                ..lab.measure(point)?
            };
            task.step(&format!(
                "chip {seed}: {} {}",
                point.knob.name(),
                point.text()
            ));
            Ok(Measured {
                chip_seed: seed,
                point: number,
                quality,
            })
        });
        measured.collect()
    }
}

/// A calibrated chip on the bench.
pub(super) struct Lab<'a> {
    pub(super) bench: Bench,
    pub(super) parameters: &'a Parameters,
}

/// Results of a run (vectors × columns), and what it cost.
pub(super) struct Run {
    pub(super) outputs: Array2<f64>,
    /// Chip time per vector, in µs.
    pub(super) vector_us: f64,
}

impl Lab<'_> {
    /// Everything at one point, the calibration apart.
    fn measure(mut self, point: &Point) -> Result<Quality, ExperimentError> {
        let geometry = self.bench.geometry();
        let stimuli = &self.parameters.stimuli;
        let settings = point.settings;
        let stimulus = Stimulus::layer(geometry, stimuli);
        let layer = Layer::measure(&mut self, &stimulus, settings)?;
        let ramp = Ramp::measure(&mut self, settings, &layer.working)?;
        let load = DenseLoad::measure(&mut self, settings, &layer.working)?;
        let mut quality = Quality::new(&layer, &ramp, &load, settings);
        if point.knob.is_target() {
            quality.synapse_spread_percent =
                single_rows::spread_percent(&mut self, settings, &layer.working)?;
            let memory = Memory::measure(&mut self, &stimulus, point, &layer)?;
            quality.membrane_tau_us = memory.tau_us;
            quality.long_gain_percent = memory.long_gain_percent;
        }
        let reported = self.bench.reported;
        quality.doubtful_percent =
            100.0 * reported.runs.doubtful_outputs as f64 / reported.outputs as f64;
        Ok(quality)
    }

    pub(super) fn stimuli(&self) -> &Stimuli {
        &self.parameters.stimuli
    }

    /// Loads a stimulus and runs its vectors, all once, then all again. Where the lumped model is in
    /// doubt, the chip is followed event by event.
    pub(super) fn run(
        &mut self,
        stimulus: &Stimulus,
        settings: RunSettings,
        repeats: usize,
    ) -> Result<Run, ExperimentError> {
        let hemisphere = self.stimuli().hemisphere;
        let batch = repeated(stimulus.vectors.view(), repeats);
        self.bench.load(hemisphere, stimulus.weights.view())?;
        self.bench.chip.take_ledger();
        let before = self.bench.reported;
        let (outputs, report) = self
            .bench
            .run_and_report(hemisphere, settings, batch.view())?;
        let cost = self.bench.chip.take_ledger();
        let vector_us =
            self.parameters.cost_model.chip_time_us(&cost) / batch.nrows().max(1) as f64;
        let doubtful = report.doubtful_outputs as f64 / outputs.len().max(1) as f64;
        if doubtful <= self.parameters.most_doubtful_share {
            return Ok(Run { outputs, vector_us });
        }
        self.bench.reported = before;
        self.follow(Fidelity::Transient);
        self.bench.load(hemisphere, stimulus.weights.view())?;
        let outputs = self.bench.run(hemisphere, settings, batch.view())?;
        self.follow(Fidelity::Lumped);
        Ok(Run { outputs, vector_us })
    }

    fn follow(&mut self, fidelity: Fidelity) {
        let chip = self.bench.chip.inner_mut();
        *chip = chip.clone().with_fidelity(fidelity);
    }
}
