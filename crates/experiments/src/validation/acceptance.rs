//! Row 14: a fresh chip fails acceptance, a calibrated one passes.

use bss2_core::{ChipControl, Register, RunSettings};
use ndarray::Array2;

use super::Measured;
use super::check::{Band, Check};
use super::drivers::Sweep;
use super::lab::Lab;
use crate::ExperimentError;
use crate::bench::OverRepeats;
use crate::statistics::{deviation, mean};

const fn count(quantity: &'static str, band: Band) -> Check {
    Check::shown(14, quantity, "of 16", 0, "calix, acceptance tests")
        .within(band)
        .departing(
            "limits are the source's; 8 rows one after the other at x = 31 instead of at once with \
             full pulses; the spread of baselines is the source's for its full CADC range, here \
             seen in the range of multiplications; half a day after calibration instead of right \
             after it; driver offsets of the membrane-mode calibration; not covered: channels at a \
             boundary, offsets and quadrants of the full CADC range, and multiplication on \
             synaptic lines",
        )
}

pub(super) const CHECKS: &[Check] = &[
    count("criteria that a calibrated chip fails", Band::at_most(0.0)),
    count("criteria that a fresh chip fails", Band::at_least(1.0)),
    count(
        "criteria that a calibrated chip fails once overwritten",
        Band::at_least(1.0),
    ),
];

/// The states in which a chip is tested, in the order of the checks.
pub(super) const STATES: [&str; 3] = ["calibrated", "fresh", "overwritten"];

/// What a chip must show.
pub(super) struct Criterion {
    pub(super) name: &'static str,
    is_met: fn(&Seen) -> bool,
}

const fn criterion(name: &'static str, is_met: fn(&Seen) -> bool) -> Criterion {
    Criterion { name, is_met }
}

/// All criteria; columns and channels that failed calibration count as well.
pub(super) const CRITERIA: [Criterion; 16] = [
    criterion("calibration succeeded for 60 % of the columns", |seen| {
        share(&seen.calibrated, |&succeeded| succeeded) >= 0.6
    }),
    criterion("80 % of the baselines within 16 LSB of 128", |seen| {
        share(&seen.baselines[0], |code| code.abs() <= 16.0) >= 0.8
    }),
    criterion("80 % of the baselines repeat within 6 LSB", |seen| {
        let [first, second] = &seen.baselines;
        let changes: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        share(&changes, |change| change.abs() <= 6.0) >= 0.8
    }),
    criterion("σ of all baselines below 3 LSB", |seen| {
        deviation(&seen.baselines[0]) < 3.0
    }),
    criterion("noise below 7 LSB for 75 % of a quadrant", |seen| {
        seen.every_quadrant(&seen.noise, |noise| {
            share(noise, |noise| *noise < 7.0) >= 0.75
        })
    }),
    criterion("90 % of the excitatory amplitudes above 20 LSB", |seen| {
        share(&seen.amplitudes[0], |amplitude| *amplitude > 20.0) >= 0.9
    }),
    criterion("90 % of the inhibitory amplitudes above 20 LSB", |seen| {
        share(&seen.amplitudes[1], |amplitude| *amplitude > 20.0) >= 0.9
    }),
    criterion("amplitudes' middle σ below 10 LSB in a quadrant", |seen| {
        seen.every_quadrant(&seen.amplitudes, |amplitudes| {
            middle_spread(amplitudes) < 10.0
        })
    }),
    criterion("excitatory and inhibitory means within 10 LSB", |seen| {
        let [excitatory, inhibitory] = &seen.amplitudes;
        (mean(excitatory) - mean(inhibitory)).abs() < 10.0
    }),
    criterion("drivers: mean step above 0.5 LSB", |seen| {
        mean(&seen.steps()) > 0.5
    }),
    criterion(
        "drivers: mean of the first and last 5 steps above 0.2",
        |seen| {
            let steps = seen.steps();
            mean(&steps[..5]) > 0.2 && mean(&steps[steps.len() - 5..]) > 0.2
        },
    ),
    criterion("drivers: minimum above −1 LSB", |seen| {
        seen.ends().0 > -1.0
    }),
    criterion("drivers: maximum above 20 LSB", |seen| seen.ends().1 > 20.0),
    criterion("drivers: range at least 8 times the minimum", |seen| {
        seen.range() >= 8.0 * seen.ends().0.abs()
    }),
    criterion("drivers: mismatch below an eighth of the range", |seen| {
        seen.drivers.mismatch_lsb() < seen.range() / 8.0
    }),
    criterion("drivers: mismatch below 4 LSB", |seen| {
        seen.drivers.mismatch_lsb() < 4.0
    }),
];

/// For every state, by criterion: whether the chip fails it.
pub(super) type Failures = [Vec<bool>; STATES.len()];

pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    let mut fresh = lab.fresh_twin();
    let mut overwritten = lab.clone();
    overwrite(&mut overwritten)?;
    let failures = [
        failures(lab)?,
        failures(&mut fresh)?,
        failures(&mut overwritten)?,
    ];
    for other in [&fresh, &overwritten] {
        lab.bench.reported += other.bench.reported;
    }
    let count = |failures: &Vec<bool>| failures.iter().filter(|failed| **failed).count();
    Ok(Measured {
        values: failures.iter().map(|f| count(f) as f64).collect(),
        failures: Some(failures),
    })
}

fn failures(lab: &mut Lab) -> Result<Vec<bool>, ExperimentError> {
    let seen = Seen::of(lab)?;
    let failures = CRITERIA.iter().map(|criterion| !(criterion.is_met)(&seen));
    Ok(failures.collect())
}

/// As calix does to see its tests fail: another CADC ramp without digital offsets, and drivers with
/// another ramp and middle offsets.
fn overwrite(lab: &mut Lab) -> Result<(), ExperimentError> {
    let geometry = lab.bench.chip.control_geometry();
    for (register, value) in [
        (Register::CadcVRampOffset, 50),
        (Register::CadcIRampSlope, 250),
        (Register::CadcOffset, 0),
        (Register::StpIRamp, 400),
        (Register::HagenDacOffset, 32),
    ] {
        let values = vec![value; register.instances(geometry)];
        lab.bench.chip.write_register(register, &values)?;
    }
    lab.bench.chip.settle()?;
    Ok(())
}

/// What the criteria look at. Values of columns are those of all columns of the chip; of two, the
/// first are excitatory.
struct Seen {
    /// By column: whether its last calibration succeeded; a fresh chip's columns count as such.
    calibrated: Vec<bool>,
    quadrant_columns: usize,
    /// Mean results without events, less 128; measured before either stimulus.
    baselines: [Vec<f64>; 2],
    /// Distance of mean results from the baseline.
    amplitudes: [Vec<f64>; 2],
    /// Standard deviation over runs.
    noise: [Vec<f64>; 2],
    drivers: Sweep,
}

/// Rows that send events together.
const ROWS: usize = 8;

/// Cycles between events, so that as many events take 1.2 µs.
const WAIT: u32 = 19;

impl Seen {
    /// Measures a chip, whose registers and mode it changes.
    fn of(lab: &mut Lab) -> Result<Self, ExperimentError> {
        let geometry = lab.geometry();
        let apart = geometry.inputs() / ROWS;
        let silence = vec![0; geometry.inputs()];
        let stimulus: Vec<u8> = (0..geometry.inputs())
            .map(|input| if input % apart == 0 { 31 } else { 0 })
            .collect();
        let (mut baselines, mut amplitudes, mut noise) = <([_; 2], [_; 2], [_; 2])>::default();
        for (sign, weight) in [10, -10].into_iter().enumerate() {
            lab.load_uniform(weight)?;
            let (resting, _) = over_runs(lab, &silence)?;
            let (driven, deviations) = over_runs(lab, &stimulus)?;
            let heights = driven.iter().zip(&resting);
            amplitudes[sign] = heights
                .map(|(driven, resting)| f64::from(weight.signum()) * (driven - resting))
                .collect();
            baselines[sign] = resting;
            noise[sign] = deviations;
        }
        Ok(Self {
            calibrated: lab.working().to_vec(),
            quadrant_columns: geometry.columns() / 2,
            baselines,
            amplitudes,
            noise,
            drivers: Sweep::of(lab)?,
        })
    }

    /// Whether something holds in every quadrant for either sign.
    fn every_quadrant(&self, values: &[Vec<f64>; 2], holds: fn(&[f64]) -> bool) -> bool {
        let mut quadrants = values
            .iter()
            .flat_map(|values| values.chunks(self.quadrant_columns));
        quadrants.all(holds)
    }

    /// By how much the drivers' mean amplitude rises from one activation to the next.
    fn steps(&self) -> Vec<f64> {
        let course = self.drivers.course();
        course.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// Least and greatest of the drivers' mean amplitudes.
    fn ends(&self) -> (f64, f64) {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let course = self.drivers.course().into_iter();
        course.fold(ends, |(least, greatest), value| {
            (least.min(value), greatest.max(value))
        })
    }

    fn range(&self) -> f64 {
        let (least, greatest) = self.ends();
        greatest - least
    }
}

/// Mean and standard deviation of all columns' results over 30 runs of a vector.
fn over_runs(lab: &mut Lab, vector: &[u8]) -> Result<(Vec<f64>, Vec<f64>), ExperimentError> {
    const RUNS: usize = 30;
    const SENDS: u32 = 12;
    let settings = RunSettings::new(SENDS, WAIT)?;
    let activations = Array2::from_shape_fn((RUNS, vector.len()), |(_, i)| vector[i]);
    let (mut means, mut deviations) = (Vec::new(), Vec::new());
    for hemisphere in 0..lab.geometry().hemispheres() {
        let outputs = lab.bench.run(hemisphere, settings, activations.view())?;
        let over = OverRepeats::of(&outputs, 1);
        means.extend(over.means);
        deviations.extend(over.deviations);
    }
    Ok((means, deviations))
}

fn share<T>(values: &[T], good: fn(&T) -> bool) -> f64 {
    values.iter().filter(|value| good(value)).count() as f64 / values.len() as f64
}

/// Standard deviation of what lies between the 10 % and the 90 % quantile.
fn middle_spread(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let cut = values.len() / 10;
    deviation(&values[cut..values.len() - cut])
}
