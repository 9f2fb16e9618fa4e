//! Row 14: a fresh chip fails acceptance, a calibrated one passes.

use bss2_core::{ChipControl, Register, RunSettings};
use ndarray::Array2;

use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{deviation, mean};

const SOURCE: &str = "calix, acceptance tests; those parts that the present procedure aims at";

const fn count(quantity: &'static str, band: Band) -> Check {
    Check {
        row: 14,
        quantity,
        unit: "of 6",
        band,
        decimals: 0,
        source: SOURCE,
    }
}

pub(super) const CHECKS: &[Check] = &[
    count("criteria that a calibrated chip fails", Band::at_most(0.0)),
    count("criteria that a fresh chip fails", Band::at_least(1.0)),
    count(
        "criteria that a calibrated chip fails once overwritten",
        Band::at_least(1.0),
    ),
];

pub(super) fn measure(lab: &mut Lab) -> Result<Vec<f64>, ExperimentError> {
    let calibrated = failures(lab)?;
    let fresh = failures(&mut lab.fresh_twin())?;
    overwrite(lab)?;
    let overwritten = failures(lab)?;
    lab.calibrate()?;
    Ok([calibrated, fresh, overwritten]
        .map(|failed| failed as f64)
        .to_vec())
}

/// As calix does to see its tests fail: another CADC ramp, and no digital offsets.
fn overwrite(lab: &mut Lab) -> Result<(), ExperimentError> {
    let geometry = lab.bench.chip.control_geometry();
    for (register, value) in [
        (Register::CadcVRampOffset, 50),
        (Register::CadcIRampSlope, 250),
        (Register::CadcOffset, 0),
    ] {
        let values = vec![value; register.instances(geometry)];
        lab.bench.chip.write_register(register, &values)?;
    }
    lab.bench.chip.settle()?;
    Ok(())
}

/// How many of the criteria a chip fails: 80 % of the baselines within 16 LSB of 128; the baselines of
/// all channels within σ = 3 LSB of each other; noise below
/// 7 LSB for 75 % of the columns; amplitudes above 20 LSB for 90 % of them, in either sign; their
/// spread between the 10 % and the 90 % quantile below 10 LSB in every quadrant; excitatory and
/// inhibitory means within 10 LSB of each other.
fn failures(lab: &mut Lab) -> Result<usize, ExperimentError> {
    const RUNS: usize = 30;
    let geometry = lab.geometry();
    let silence = vec![0; geometry.inputs()];
    let stimulus = vec![12; geometry.inputs()];
    let baselines = lab.mean_over_runs(RunSettings::default(), &silence, RUNS)?;
    let noise: Vec<f64> = {
        let none = Array2::zeros((RUNS, geometry.inputs()));
        let mut noise = Vec::new();
        for hemisphere in 0..geometry.hemispheres() {
            let outputs = lab
                .bench
                .run(hemisphere, RunSettings::default(), none.view())?;
            noise.extend(outputs.std_axis(ndarray::Axis(0), 1.0));
        }
        noise
    };
    let mut amplitudes = [1_i8, -1].map(|sign| (sign, Vec::new()));
    for (sign, amplitudes) in &mut amplitudes {
        lab.load_uniform(21 * *sign)?;
        let outputs = lab.mean_over_runs(RunSettings::default(), &stimulus, RUNS)?;
        *amplitudes = (f64::from(*sign) * (outputs - &baselines)).to_vec();
    }
    let [excitatory, inhibitory] = amplitudes.map(|(_, amplitudes)| amplitudes);
    let both = [&excitatory, &inhibitory];
    let share = |values: &[f64], good: fn(f64) -> bool| {
        values.iter().filter(|value| good(**value)).count() as f64 / values.len() as f64
    };
    let quadrant = geometry.columns() / 2;
    let spreads = both.map(|values| {
        values
            .chunks(quadrant)
            .map(middle_spread)
            .fold(0.0, f64::max)
    });
    let passes = [
        share(&baselines.to_vec(), |code| code.abs() <= 16.0) >= 0.8,
        deviation(&lab.of_working(baselines)) < 3.0,
        share(&noise, |noise| noise < 7.0) >= 0.75,
        both.iter()
            .all(|values| share(values, |amplitude| amplitude > 20.0) >= 0.9),
        spreads.iter().all(|spread| *spread < 10.0),
        (mean(&excitatory) - mean(&inhibitory)).abs() < 10.0,
    ];
    Ok(passes.iter().filter(|passed| !**passed).count())
}

/// Standard deviation of what lies between the 10 % and the 90 % quantile.
fn middle_spread(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let cut = values.len() / 10;
    deviation(&values[cut..values.len() - cut])
}
