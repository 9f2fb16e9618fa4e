//! Row 9: mismatch of the drivers in synaptic-line mode.

use bss2_core::{
    ACTIVATION_MAX, ArrayMode, CadcChannel, ChipControl, ChipProbe, ReadoutSource, Region,
    Register, RunSettings,
};
use ndarray::Array2;

use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{deviation, mean, median};

const SOURCE: &str = "calix, hagen input test";

pub(super) const CHECKS: &[Check] = &[
    Check {
        row: 9,
        quantity: "driver mismatch, synaptic lines, 3 sends, w = 63",
        unit: "LSB",
        band: Band::at_most(4.0),
        decimals: 2,
        source: "calix, hagen input test (about 2 typical)",
    },
    Check {
        row: 9,
        quantity: "mean amplitude at x = 31",
        unit: "LSB",
        band: Band::at_least(20.0),
        decimals: 1,
        source: SOURCE,
    },
];

/// Each driver's amplitude on the excitatory lines for every activation: (drivers × activations),
/// in LSB.
pub(super) fn measure(lab: &mut Lab) -> Result<Vec<f64>, ExperimentError> {
    let amplitudes = amplitudes(lab)?;
    lab.bench.chip.set_mode(ArrayMode::Membrane)?;
    let activations = amplitudes.columns();
    let spreads: Vec<f64> = activations
        .into_iter()
        .map(|drivers| deviation(&drivers.to_vec()))
        .collect();
    let largest = amplitudes.column(amplitudes.ncols() - 1);
    Ok(vec![mean(&spreads), mean(&largest.to_vec())])
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

/// Amplitudes of all drivers (rows) at all activations 1…31 (columns), in LSB: median over the
/// columns of the hemisphere, mean of 5 runs, less the code without events.
fn amplitudes(lab: &mut Lab) -> Result<Array2<f64>, ExperimentError> {
    const RUNS: usize = 5;
    let registers = saved(lab)?;
    prepare(lab)?;
    lab.load_uniform(63)?;
    let mode = lab.bench.chip.mode();
    let chip = lab.bench.chip.control_geometry();
    let geometry = mode.probe_geometry(chip);
    let rows_per_driver = geometry.inputs() / chip.inputs();
    let steps = usize::from(ACTIVATION_MAX);
    let mut amplitudes = Array2::zeros((chip.hemispheres() * chip.inputs(), steps));
    let settings = RunSettings::new(3, 5)?;
    for hemisphere in 0..chip.hemispheres() {
        let read = |lab: &mut Lab, stimulus: &Array2<u8>| -> Result<Array2<f64>, ExperimentError> {
            let mut request = lab.bench.request(hemisphere, settings);
            request.region = Region::whole(geometry, hemisphere);
            let mut codes = Array2::zeros((stimulus.nrows(), geometry.columns()));
            lab.bench.chip.read_cadc(
                &request,
                CadcChannel::Causal,
                stimulus.view(),
                codes.view_mut(),
            )?;
            Ok(codes.mapv(f64::from))
        };
        let silence = Array2::zeros((32, geometry.inputs()));
        let baseline = read(lab, &silence)?
            .mean_axis(ndarray::Axis(0))
            .unwrap_or_default();
        for driver in 0..chip.inputs() {
            let stimulus =
                Array2::from_shape_fn((steps * RUNS, geometry.inputs()), |(v, input)| {
                    let here = input == driver * rows_per_driver;
                    if here { (v / RUNS + 1) as u8 } else { 0 }
                });
            let codes = read(lab, &stimulus)?;
            for step in 0..steps {
                let runs = codes.slice(ndarray::s![step * RUNS..(step + 1) * RUNS, ..]);
                let means = runs.mean_axis(ndarray::Axis(0)).unwrap_or_default();
                amplitudes[[hemisphere * chip.inputs() + driver, step]] =
                    median((&baseline - &means).to_vec());
            }
        }
    }
    restore(lab, &registers)?;
    Ok(amplitudes)
}

/// All register values.
fn saved(lab: &mut Lab) -> Result<Vec<(Register, Vec<i32>)>, ExperimentError> {
    let mut saved = Vec::new();
    for &register in Register::ALL {
        saved.push((register, lab.bench.chip.register_values(register)?));
    }
    Ok(saved)
}

fn restore(lab: &mut Lab, saved: &[(Register, Vec<i32>)]) -> Result<(), ExperimentError> {
    for (register, values) in saved {
        lab.bench.chip.write_register(*register, values)?;
    }
    lab.bench.chip.settle()?;
    Ok(())
}
