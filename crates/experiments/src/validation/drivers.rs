//! Row 9: mismatch of the drivers in synaptic-line mode.

use bss2_core::{
    ACTIVATION_MAX, ArrayMode, ChipControl, ReadoutSource, Region, Register, RunSettings,
};
use ndarray::{Array2, Axis, s};

use super::Measured;
use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{deviation, mean, median};

const SOURCE: &str = "calix, hagen input test";

pub(super) const CHECKS: &[Check] = &[
    Check::shown(
        9,
        "driver mismatch, synaptic lines, 3 sends, w = 63",
        "LSB",
        2,
        SOURCE,
    )
    .within(Band::at_most(4.0))
    .departing(
        "the limit is the source's, where about 2 is typical; one driver at a time instead of up \
         to 32; driver offsets of the membrane-mode calibration, and registers of synaptic-line \
         mode without a calibration of their own",
    ),
    Check::shown(9, "mean amplitude at x = 31", "LSB", 1, SOURCE)
        .within(Band::at_least(20.0))
        .departing("amplitude: about 30 is expected in the source"),
];

pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    let sweep = Sweep::of(lab)?;
    let largest = sweep.course().last().copied().unwrap_or(f64::NAN);
    Ok(vec![sweep.mismatch_lsb(), largest].into())
}

/// Each driver's amplitude on the excitatory lines for every activation 1…31.
pub(super) struct Sweep {
    /// Drivers of the chip × activations, in LSB.
    amplitudes: Array2<f64>,
}

impl Sweep {
    /// Measures the drivers of a chip, whose registers and mode it changes.
    pub(super) fn of(lab: &mut Lab) -> Result<Self, ExperimentError> {
        prepare(lab)?;
        let amplitudes = amplitudes(lab)?;
        Ok(Self { amplitudes })
    }

    /// Mean over drivers for every activation, in LSB.
    pub(super) fn course(&self) -> Vec<f64> {
        self.amplitudes
            .mean_axis(Axis(0))
            .unwrap_or_default()
            .to_vec()
    }

    /// Standard deviation over drivers, mean over activations.
    pub(super) fn mismatch_lsb(&self) -> f64 {
        let activations = self.amplitudes.columns();
        let spreads: Vec<f64> = activations
            .into_iter()
            .map(|drivers| deviation(&drivers.to_vec()))
            .collect();
        mean(&spreads)
    }
}

/// The registers that calix uses for synaptic-line mode: bias of the synapses, a CADC range of
/// 150…340, and lines that hardly decay.
fn prepare(lab: &mut Lab) -> Result<(), ExperimentError> {
    const RAMP_OFFSET: i32 = 363;
    const RAMP_SLOPE: i32 = 109;
    const DAC_BIAS: i32 = 800;
    const SLOW_LINES: i32 = 0;
    let geometry = lab.bench.chip.control_geometry();
    // Not the synaptic-line mode itself, in which every second column is for negative weights.
    lab.bench.chip.set_mode(ArrayMode::Unsigned)?;
    let excitatory_lines = ReadoutSource::ExcitatoryLine.register_value();
    for (register, value) in [
        (Register::CadcVRampOffset, RAMP_OFFSET),
        (Register::CadcIRampSlope, RAMP_SLOPE),
        (Register::SynIBiasDac, DAC_BIAS),
        (Register::IBiasSyninExcTau, SLOW_LINES),
        (Register::ReadoutSource, excitatory_lines),
    ] {
        let values = vec![value; register.instances(geometry)];
        lab.bench.chip.write_register(register, &values)?;
    }
    lab.bench.chip.settle()?;
    Ok(())
}

/// Amplitudes of all drivers (rows) at all activations 1…31 (columns), in LSB: median over eight
/// columns spread over the row, mean of 5 runs, less the code without events.
fn amplitudes(lab: &mut Lab) -> Result<Array2<f64>, ExperimentError> {
    const RUNS: usize = 5;
    const COLUMNS: usize = 8;
    lab.load_uniform(63)?;
    let chip = lab.bench.chip.control_geometry();
    let geometry = lab.bench.chip.mode().probe_geometry(chip);
    let rows_per_driver = geometry.inputs() / chip.inputs();
    let apart = geometry.columns().div_ceil(COLUMNS);
    let steps = usize::from(ACTIVATION_MAX);
    let settings = RunSettings::new(3, 5)?;
    // Each activation in turn, run after run.
    let stimulus = Array2::from_shape_fn((steps * RUNS, 1), |(v, _)| (v % steps + 1) as u8);
    let mut amplitudes = Array2::zeros((chip.hemispheres() * chip.inputs(), steps));
    for hemisphere in 0..chip.hemispheres() {
        let whole = Region::whole(geometry, hemisphere);
        let silence = Array2::zeros((32, geometry.inputs()));
        let baseline = lab.bench.read_codes(whole, settings, silence.view())?;
        let baseline = baseline.mean_axis(Axis(0)).unwrap_or_default();
        for driver in 0..chip.inputs() {
            let columns = (driver % apart..geometry.columns()).step_by(apart);
            let mut drops = vec![Vec::new(); steps];
            for column in columns {
                let region = Region {
                    first_input: driver * rows_per_driver,
                    inputs: 1,
                    first_column: column,
                    columns: 1,
                    ..whole
                };
                let codes = lab.bench.read_codes(region, settings, stimulus.view())?;
                for (step, drops) in drops.iter_mut().enumerate() {
                    let runs = codes.slice(s![step..;steps, 0]);
                    drops.push(baseline[column] - runs.sum() / RUNS as f64);
                }
            }
            let row = hemisphere * chip.inputs() + driver;
            let amplitudes = amplitudes.row_mut(row);
            for (amplitude, drops) in amplitudes.into_iter().zip(drops) {
                *amplitude = median(drops);
            }
        }
    }
    Ok(amplitudes)
}
