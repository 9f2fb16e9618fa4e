//! What is measured, through the traits of a chip alone.

use bss2_calibration::routine::{InputSign, MembraneTau, Routine, SynapticTau};
use bss2_calibration::{Bench, CalibrationResult, MembraneTargets};
use bss2_core::random::derive_seed;
use bss2_core::{
    ACTIVATION_MAX, ArrayGeometry, ArrayMode, CadcChannel, Chip, ChipControl, ChipProbe,
    CostLedger, MacArray, Metered, NOMINAL_GAIN_LSB, Region, RunReport, RunRequest, RunSettings,
    Trial, WEIGHT_MAX,
};
use ndarray::{Array2, Axis, s};

use super::targets_us;
use crate::ExperimentError;
use crate::bench::{OverRepeats, repeated};
use crate::statistics::{line, median, root_mean_square};

/// Steps of which a measurement tells.
pub(super) const STEPS: u64 = 4;

/// Results beyond which a curve is not taken for linear, in LSB at the expected gain.
pub(super) const LINEAR_LSB: f64 = 60.0;
/// Where curves of columns end, in LSB at the expected gain: well in saturation.
const LARGEST_LSB: f64 = 130.0;
/// Results at the ends of what eight bits hold say nothing.
const RESULTS: std::ops::RangeInclusive<f64> = -127.0..=126.0;

/// Repeats of each vector.
const BASELINE_REPEATS: usize = 200;
const CURVE_REPEATS: usize = 30;
const DRIVER_REPEATS: usize = 2;

/// Purposes of the seeds that are derived from a trial's.
const RESULTS_SEED: u64 = 1;
const TIME_CONSTANTS_SEED: u64 = 2;

/// What measurements are laid out for: how a chip of this mode and these targets answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Expected {
    /// LSB per activation and weight unit.
    gain_lsb: f64,
    /// Sends with which single drivers are measured.
    driver_sends: u32,
    tau_mem_us: f64,
    /// Of the excitatory and inhibitory lines.
    tau_syn_us: [f64; 2],
}

/// Gain on slow synaptic lines: 30 LSB for three sends of the largest activation and weight (calix,
/// hagen input test).
const LINE_GAIN_LSB: f64 = 30.0 / (3.0 * 31.0 * 63.0);
/// Time constant of lines whose resistor has no bias.
const SLOW_LINE_US: f64 = 20.0;

impl Expected {
    /// A chip with its registers at reset.
    pub(super) fn of_reset(mode: ArrayMode) -> Self {
        let MembraneTargets {
            tau_mem_us,
            tau_syn_us,
            ..
        } = MembraneTargets::default();
        let (gain_lsb, driver_sends) = match mode {
            ArrayMode::SynapticLine => (LINE_GAIN_LSB, 3),
            ArrayMode::Membrane | ArrayMode::Unsigned => (f64::from(NOMINAL_GAIN_LSB), 10),
        };
        Self {
            gain_lsb,
            driver_sends,
            tau_mem_us,
            tau_syn_us: [tau_syn_us; 2],
        }
    }

    /// A chip with a calibration.
    pub(super) fn of_calibration(calibration: &CalibrationResult) -> Self {
        let mut expected = Self::of_reset(calibration.mode);
        if let Some([tau_mem_us, tau_syn_us]) = targets_us(&calibration.procedure) {
            expected.tau_mem_us = tau_mem_us;
            expected.tau_syn_us = [tau_syn_us; 2];
        }
        if calibration.mode == ArrayMode::SynapticLine {
            expected.tau_syn_us[0] = SLOW_LINE_US;
        }
        expected
    }
}

/// Everything that was measured of a chip in one state.
#[derive(Clone, Debug)]
pub(super) struct Measurements {
    pub(super) mode: ArrayMode,
    /// Sizes of the chip, in membrane mode.
    pub(super) chip: ArrayGeometry,
    /// Sizes of the array in its mode.
    pub(super) array: ArrayGeometry,
    /// Mean CADC codes without events, by column of the chip.
    pub(super) baselines: Vec<f64>,
    /// Products Σ x·w of the stimuli of the curves.
    pub(super) sums: Vec<f64>,
    /// Whether the curves are taken for linear there.
    pub(super) linear: Vec<bool>,
    /// Mean results in LSB, stimuli × outputs of the chip.
    pub(super) curves: Array2<f64>,
    /// By output: LSB per activation and weight unit; NaN where there are too few results.
    pub(super) gains: Vec<f64>,
    /// By output: result without drive, from the same line.
    pub(super) offsets: Vec<f64>,
    /// By output: standard deviation over repeats.
    pub(super) noise: Vec<f64>,
    /// Mean results to one driver, drivers of the chip × activations 1…31, in LSB: median over the
    /// columns.
    pub(super) drivers: Array2<f64>,
    /// Sends with which these were measured.
    pub(super) driver_sends: u32,
    /// By column of the chip, in µs: membranes, excitatory lines, inhibitory lines; NaN where there
    /// is no decay.
    pub(super) time_constants: [Vec<f64>; 3],
    /// What all of this cost.
    pub(super) cost: CostLedger,
    /// Results and codes that were read, time constants apart.
    pub(super) readings: u64,
    /// Those outside the validity of a simulated chip's model.
    pub(super) doubtful: u64,
}

impl Measurements {
    /// Measures a chip with the registers that it holds, and leaves it in membrane mode with weights
    /// of the last measurement.
    pub(super) fn of(
        chip: &mut dyn Chip,
        mode: ArrayMode,
        expected: Expected,
        trial_seed: u64,
        on_step: &mut dyn FnMut(&str),
    ) -> Result<Self, ExperimentError> {
        if chip.mode() != mode {
            chip.set_mode(mode)?;
        }
        let mut lab = Lab {
            chip: Metered::new(&mut *chip),
            trial: Trial::new(derive_seed(trial_seed, RESULTS_SEED)),
            readings: 0,
            doubtful: 0,
        };
        let baselines = lab.baselines()?;
        on_step("baselines");
        let curves = lab.curves(expected)?;
        on_step("curves of the columns");
        let drivers = lab.drivers(expected)?;
        on_step("curves of the drivers");
        let (geometry, array) = (lab.chip.control_geometry(), lab.chip.geometry());
        let (mut cost, readings, doubtful) = (*lab.chip.ledger(), lab.readings, lab.doubtful);
        let seed = derive_seed(trial_seed, TIME_CONSTANTS_SEED);
        let (time_constants, more) = time_constants(chip, expected, seed)?;
        cost += more;
        on_step("time constants");

        let linear: Vec<bool> = curves
            .sums
            .iter()
            .map(|sum| (sum * expected.gain_lsb).abs() <= LINEAR_LSB)
            .collect();
        let (gains, offsets, noise) = curves.lines(&linear);
        Ok(Self {
            mode,
            chip: geometry,
            array,
            baselines,
            linear,
            sums: curves.sums,
            curves: curves.means,
            gains,
            offsets,
            noise,
            drivers,
            driver_sends: expected.driver_sends,
            time_constants,
            cost,
            readings,
            doubtful,
        })
    }
}

/// Results of all outputs to the same stimuli.
struct Curves {
    sums: Vec<f64>,
    /// Stimuli × outputs.
    means: Array2<f64>,
    deviations: Array2<f64>,
}

impl Curves {
    /// Gain, offset and noise of each output, from the stimuli at which curves are linear.
    fn lines(&self, linear: &[bool]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        const FEWEST_POINTS: usize = 4;
        let (mut gains, mut offsets, mut noise) = (Vec::new(), Vec::new(), Vec::new());
        for (means, deviations) in self
            .means
            .columns()
            .into_iter()
            .zip(self.deviations.columns())
        {
            let usable = || {
                let points = self.sums.iter().zip(means).zip(deviations).zip(linear);
                points
                    .filter(|(((_, mean), _), linear)| **linear && RESULTS.contains(*mean))
                    .map(|(((sum, mean), deviation), _)| (*sum, *mean, *deviation))
            };
            let points: Vec<(f64, f64)> = usable().map(|(sum, mean, _)| (sum, mean)).collect();
            let (gain, offset) = if points.len() < FEWEST_POINTS {
                (f64::NAN, f64::NAN)
            } else {
                line(&points)
            };
            gains.push(gain);
            offsets.push(offset);
            let deviations: Vec<f64> = usable().map(|(_, _, deviation)| deviation).collect();
            noise.push(root_mean_square(&deviations));
        }
        (gains, offsets, noise)
    }
}

/// A chip whose results are read, each run with noise of its own.
struct Lab<'a> {
    chip: Metered<&'a mut dyn Chip>,
    trial: Trial,
    readings: u64,
    doubtful: u64,
}

impl Lab<'_> {
    fn request(&mut self, region: Region, settings: RunSettings) -> RunRequest {
        RunRequest {
            region,
            settings,
            trial: self.trial.next_pass(),
        }
    }

    fn count(&mut self, report: RunReport, readings: usize) {
        self.readings += readings as u64;
        self.doubtful += report.doubtful_outputs;
    }

    /// Mean codes of all columns of the chip without events.
    fn baselines(&mut self) -> Result<Vec<f64>, ExperimentError> {
        let geometry = self
            .chip
            .mode()
            .probe_geometry(self.chip.control_geometry());
        let silence = Array2::zeros((BASELINE_REPEATS, geometry.inputs()));
        let mut baselines = Vec::new();
        for hemisphere in 0..geometry.hemispheres() {
            let region = Region::whole(geometry, hemisphere);
            let request = self.request(region, RunSettings::default());
            let mut codes = Array2::zeros((BASELINE_REPEATS, geometry.columns()));
            let report = self.chip.read_cadc(
                &request,
                CadcChannel::Causal,
                silence.view(),
                codes.view_mut(),
            )?;
            self.count(report, codes.len());
            let codes = codes.mapv(f64::from);
            baselines.extend(codes.sum_axis(Axis(0)) / BASELINE_REPEATS as f64);
        }
        Ok(baselines)
    }

    /// Results of a hemisphere (vectors × outputs) to one weight in all synapses.
    fn run(
        &mut self,
        hemisphere: usize,
        weight: i8,
        settings: RunSettings,
        vectors: &Array2<u8>,
    ) -> Result<Array2<f64>, ExperimentError> {
        let region = Region::whole(self.chip.geometry(), hemisphere);
        let weights = Array2::from_elem((region.inputs, region.columns), weight);
        self.chip.load_weights(region, weights.view())?;
        let request = self.request(region, settings);
        let mut outputs = Array2::zeros((vectors.nrows(), region.columns));
        let report = self
            .chip
            .run(&request, vectors.view(), outputs.view_mut())?;
        self.count(report, outputs.len());
        Ok(outputs.mapv(f64::from))
    }

    /// Curves of all outputs: every input sends the same activation into the same weight, so that
    /// drivers and synapses average out.
    fn curves(&mut self, expected: Expected) -> Result<Curves, ExperimentError> {
        let geometry = self.chip.geometry();
        let largest = f64::from(ACTIVATION_MAX) * geometry.inputs() as f64;
        let weight = LARGEST_LSB / (expected.gain_lsb * largest);
        let weight = weight.round().clamp(1.0, f64::from(WEIGHT_MAX)) as i8;
        let activations: Vec<u8> = (0..=ACTIVATION_MAX)
            .step_by(2)
            .chain([ACTIVATION_MAX])
            .collect();
        let vectors = Array2::from_shape_fn((activations.len(), geometry.inputs()), |(v, _)| {
            activations[v]
        });
        let batch = repeated(vectors.view(), CURVE_REPEATS);
        let outputs = geometry.hemispheres() * geometry.columns();
        let weights: Vec<i8> = if self.chip.mode().weights().contains(&-weight) {
            vec![-weight, weight]
        } else {
            vec![weight]
        };
        let stimuli = weights.len() * activations.len();
        let mut curves = Curves {
            sums: Vec::with_capacity(stimuli),
            means: Array2::zeros((stimuli, outputs)),
            deviations: Array2::zeros((stimuli, outputs)),
        };
        for (part, &weight) in weights.iter().enumerate() {
            let inputs = geometry.inputs() as f64;
            let sum = |&x: &u8| f64::from(x) * f64::from(weight) * inputs;
            curves.sums.extend(activations.iter().map(sum));
            let rows = part * activations.len()..(part + 1) * activations.len();
            for hemisphere in 0..geometry.hemispheres() {
                let first = hemisphere * geometry.columns();
                let own = first..first + geometry.columns();
                let outputs = self.run(hemisphere, weight, RunSettings::default(), &batch)?;
                let over = OverRepeats::of(&outputs, activations.len());
                let place = s![rows.clone(), own];
                curves.means.slice_mut(&place).assign(&over.means);
                curves.deviations.slice_mut(&place).assign(&over.deviations);
            }
        }
        Ok(curves)
    }

    /// Curves of all drivers, one at a time: median over the columns of what it adds to the result.
    fn drivers(&mut self, expected: Expected) -> Result<Array2<f64>, ExperimentError> {
        let geometry = self.chip.geometry();
        let chip = self.chip.control_geometry();
        let rows_each = geometry.inputs() / chip.inputs();
        let steps = usize::from(ACTIVATION_MAX);
        let settings = RunSettings::new(expected.driver_sends, 5)?;
        // The last vector sends nothing.
        let count = chip.inputs() * steps + 1;
        let vectors = Array2::from_shape_fn((count, geometry.inputs()), |(v, input)| {
            if input == v / steps * rows_each {
                (v % steps + 1) as u8
            } else {
                0
            }
        });
        let batch = repeated(vectors.view(), DRIVER_REPEATS);
        let mut amplitudes = Array2::zeros((chip.hemispheres() * chip.inputs(), steps));
        for hemisphere in 0..chip.hemispheres() {
            let outputs = self.run(hemisphere, WEIGHT_MAX, settings, &batch)?;
            let means = OverRepeats::of(&outputs, count).means;
            let resting = means.row(count - 1);
            for (v, results) in means.outer_iter().take(count - 1).enumerate() {
                let place = [hemisphere * chip.inputs() + v / steps, v % steps];
                amplitudes[place] = median(results.iter().zip(resting).map(|(r, rest)| r - rest));
            }
        }
        Ok(amplitudes)
    }
}

/// Time constants of all membranes and lines of the chip, and what they cost.
fn time_constants(
    chip: &mut dyn Chip,
    expected: Expected,
    seed: u64,
) -> Result<([Vec<f64>; 3], CostLedger), ExperimentError> {
    let mut bench = Bench::new(chip, seed);
    bench.set_mode(ArrayMode::Membrane)?;
    let mut found = [Vec::new(), Vec::new(), Vec::new()];
    let [excitatory, inhibitory] = InputSign::BOTH;
    let mut routines: [Box<dyn Routine>; 3] = [
        Box::new(MembraneTau::new(expected.tau_mem_us)),
        Box::new(SynapticTau::new(excitatory, expected.tau_syn_us[0])),
        Box::new(SynapticTau::new(inhibitory, expected.tau_syn_us[1])),
    ];
    for (routine, found) in routines.iter_mut().zip(&mut found) {
        found.resize(bench.instances(routine.register()), f64::NAN);
        routine.prepare(&mut bench)?;
        routine.measure(&mut bench, found)?;
        routine.restore(&mut bench)?;
    }
    Ok((found, bench.cost()))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn lines_leave_out_what_is_saturated_or_not_linear() {
        let curves = Curves {
            sums: vec![-2e4, -1e4, 0.0, 1e4, 2e4, 9e4],
            means: array![
                [-40.0, -127.9],
                [-20.0, 126.5],
                [0.0, 127.0],
                [20.0, 127.0],
                [40.0, 127.0],
                [41.0, 0.0]
            ],
            deviations: Array2::from_elem((6, 2), 2.0),
        };
        let linear = [true, true, true, true, true, false];
        let (gains, offsets, noise) = curves.lines(&linear);
        assert!((gains[0] - 0.002).abs() < 1e-12 && offsets[0].abs() < 1e-9);
        assert_eq!(noise[0], 2.0);
        assert!(gains[1].is_nan() && offsets[1].is_nan() && noise[1].is_nan());
    }
}
