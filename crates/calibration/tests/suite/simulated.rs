//! Simulated chips, and what they show without their calibration having a part in it.

use std::sync::LazyLock;

use bss2_calibration::{CalibrationResult, MembraneTargets, Procedure};
use bss2_core::{MacArray, Region, RunRequest, RunSettings, Trial};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::{Array2, ArrayView2};

use crate::support::{calibrate, for_membranes, mean};

/// A typical chip.
pub(crate) fn fresh_chip(seed: u64) -> SimulatedChip {
    SimulatedChip::new(&ChipConfig::typical().check().unwrap(), seed)
}

/// A calibrated chip, and how it was.
pub(crate) type Calibrated = (SimulatedChip, CalibrationResult);

/// Calibrates a chip by both procedures for membranes with their default targets.
pub(crate) fn both_ways(fresh: &SimulatedChip) -> [Calibrated; 2] {
    for_membranes(MembraneTargets::default()).map(|procedure| calibrated(procedure, fresh))
}

pub(crate) fn calibrated(procedure: Procedure, fresh: &SimulatedChip) -> Calibrated {
    let mut chip = fresh.clone();
    let result = calibrate(procedure, &mut chip);
    (chip, result)
}

/// Typical chips of seeds 1, 2 and 3, by the nested procedure and by the joint one.
pub(crate) static TYPICAL: [LazyLock<[Calibrated; 2]>; 3] = [
    LazyLock::new(|| both_ways(&fresh_chip(1))),
    LazyLock::new(|| both_ways(&fresh_chip(2))),
    LazyLock::new(|| both_ways(&fresh_chip(3))),
];

/// A typical chip that is calibrated for synaptic lines.
pub(crate) static ON_LINES: LazyLock<Calibrated> =
    LazyLock::new(|| calibrated(Procedure::synaptic_line(), &fresh_chip(1)));

/// Mean outputs of all columns of the mode, hemisphere by hemisphere, for each vector (hemispheres ·
/// vectors × columns).
pub(crate) fn outputs(
    chip: &mut SimulatedChip,
    settings: RunSettings,
    weight: impl Fn(usize, usize) -> i8,
    vectors: ArrayView2<'_, u8>,
    runs: usize,
) -> Array2<f64> {
    let geometry = chip.geometry();
    let (count, columns) = (vectors.nrows(), geometry.columns());
    let weights = Array2::from_shape_fn((geometry.inputs(), columns), |(i, c)| weight(i, c));
    let repeated = Array2::from_shape_fn((runs * count, geometry.inputs()), |(v, i)| {
        vectors[[v % count, i]]
    });
    let mut means = Array2::zeros((geometry.hemispheres() * count, columns));
    let mut trial = Trial::new(99);
    for hemisphere in 0..geometry.hemispheres() {
        let region = Region::whole(geometry, hemisphere);
        chip.load_weights(region, weights.view()).unwrap();
        let request = RunRequest {
            region,
            settings,
            trial: trial.next_pass(),
        };
        let mut outputs = Array2::zeros((runs * count, columns));
        chip.run(&request, repeated.view(), outputs.view_mut())
            .unwrap();
        for ((v, c), output) in outputs.indexed_iter() {
            means[[hemisphere * count + v % count, c]] += f64::from(*output) / runs as f64;
        }
    }
    means
}

/// Outputs of all columns of the chip without events.
pub(crate) fn baselines(chip: &mut SimulatedChip) -> Vec<f64> {
    let silent = Array2::zeros((1, chip.geometry().inputs()));
    let settings = RunSettings::default();
    outputs(chip, settings, |_, _| 0, silent.view(), 64)
        .into_iter()
        .collect()
}

/// Amplitudes of all columns of the chip for a stimulus of one sign that no calibration uses.
pub(crate) fn column_amplitudes(chip: &mut SimulatedChip, sign: i8) -> Vec<f64> {
    let inputs = chip.geometry().inputs();
    let vectors = Array2::from_shape_fn((2, inputs), |(v, i)| [7, 5][i % 2] * u8::from(v == 0));
    let settings = RunSettings::default();
    let means = outputs(
        chip,
        settings,
        |i, _| sign * [40, 29][i % 2],
        vectors.view(),
        200,
    );
    let pairs = means.rows().into_iter().collect::<Vec<_>>();
    let both = pairs.chunks(2).flat_map(|pair| pair[0].iter().zip(pair[1]));
    both.map(|(driven, silent)| f64::from(sign) * (driven - silent))
        .collect()
}

/// By driver of the chip: mean amplitudes over the columns at some activations, relative to the mean
/// of all drivers at the largest.
pub(crate) fn driver_amplitudes(chip: &mut SimulatedChip, activations: &[u8]) -> Vec<Vec<f64>> {
    let inputs = chip.geometry().inputs();
    // One driver at a time, then none.
    let vectors = Array2::from_shape_fn((activations.len() * inputs + 1, inputs), |(v, i)| {
        let own = v % inputs == i;
        activations
            .get(v / inputs)
            .map_or(0, |&x| x * u8::from(own))
    });
    let settings = RunSettings::new(12, 5).unwrap();
    let means = outputs(chip, settings, |_, _| 63, vectors.view(), 4);
    let columns = means.ncols();
    let mut by_driver = Vec::new();
    for hemisphere in 0..chip.geometry().hemispheres() {
        let first = hemisphere * vectors.nrows();
        let silent = means.row(first + activations.len() * inputs).sum();
        for driver in 0..inputs {
            let row = |place: usize| first + place * inputs + driver;
            let amplitude = |place| (means.row(row(place)).sum() - silent) / columns as f64;
            by_driver.push((0..activations.len()).map(amplitude).collect::<Vec<f64>>());
        }
    }
    let largest: Vec<f64> = by_driver.iter().filter_map(|a| a.last().copied()).collect();
    let scale = mean(&largest);
    by_driver
        .iter_mut()
        .flatten()
        .for_each(|amplitude| *amplitude /= scale);
    by_driver
}

/// Those of the values whose element works.
pub(crate) fn of_working<T: Clone>(values: &[T], working: &[bool]) -> Vec<T> {
    let both = values.iter().zip(working);
    both.filter(|(_, works)| **works)
        .map(|(value, _)| value.clone())
        .collect()
}
