//! From membranes to synaptic lines.

use bss2_calibration::{
    CalibrationError, CalibrationResult, LineProcedure, LineTargets, MembraneTargets, Procedure,
};
use bss2_core::{ArrayMode, ChipControl, MacArray, Register, RunSettings};
use bss2_hardware::SimulatedChip;
use ndarray::Array2;

use crate::checks::{assert_left_behind, assert_proportional, assert_range, assert_synapses};
use crate::linear_chip::LinearChip;
use crate::simulated::{ON_LINES, TYPICAL, outputs};
use crate::support::{calibrate, deviation, for_membranes, mean};

const DRIVERS: [Register; 4] = [
    Register::StpIRamp,
    Register::StpICalib,
    Register::HagenDacOffset,
    Register::StpOffset,
];

#[test]
fn drivers_stay_and_what_differs_is_done_anew() {
    for procedure in for_membranes(MembraneTargets::default()) {
        let mut chip = LinearChip::new(71, 32);
        chip.failed.silent_drivers = vec![40];
        let membrane = calibrate(procedure, &mut chip);
        let mut direct_chip = LinearChip::new(71, 32);
        let direct = calibrate(Procedure::synaptic_line(), &mut direct_chip);

        let mut told = Vec::new();
        let line = LineProcedure::default();
        let result = line
            .convert(&membrane, &mut chip, 1, &mut |r| told.push(r.name.clone()))
            .unwrap();
        assert_left_behind(&mut chip, &result, ArrayMode::SynapticLine);
        assert_eq!(told.len(), 6, "{told:?}");
        assert!(
            told.iter()
                .all(|name| name.starts_with("CADC") || name == "synapse DAC bias")
        );
        for register in DRIVERS {
            assert_eq!(
                result.values(register),
                membrane.values(register),
                "{register}"
            );
        }
        assert_eq!(result.working_drivers, membrane.working_drivers);
        assert_eq!(result.procedure, Procedure::SynapticLine(line));
        assert_range(&chip, LineTargets::default().cadc);
        assert_synapses(&chip, LineTargets::default().synapse_dac_bias);
        assert_proportional(&chip, &[40]);
        let slowest = result.values(Register::IBiasSyninExcTau);
        assert!(slowest.iter().all(|&bias| bias == 0));

        let measured = |result: &CalibrationResult| -> u64 {
            result.routines.iter().map(|r| r.measurements).sum()
        };
        assert!(measured(&result) < measured(&direct));
        assert!(result.cost.settles < direct.cost.settles);
        assert!(5 * result.cost.readouts < direct.cost.readouts);
    }
}

/// Spread of all inputs' amplitudes on lines, relative to their mean, over some activations.
fn input_spread(chip: &mut SimulatedChip, working: &[bool]) -> f64 {
    assert_eq!(chip.mode(), ArrayMode::SynapticLine);
    let inputs = chip.geometry().inputs();
    let activations = [6, 16, 26];
    let vectors = Array2::from_shape_fn((activations.len() * inputs + 1, inputs), |(v, i)| {
        let own = v % inputs == i;
        activations
            .get(v / inputs)
            .map_or(0, |&x| x * u8::from(own))
    });
    let settings = RunSettings::new(3, 5).unwrap();
    let means = outputs(chip, settings, |_, _| 63, vectors.view(), 4);
    let by_row: Vec<f64> = means
        .rows()
        .into_iter()
        .map(|row| row.mean().unwrap())
        .collect();
    let per_hemisphere = vectors.nrows();
    let spreads = (0..activations.len()).map(|place| {
        let mut amplitudes = Vec::new();
        for (hemisphere, rows) in by_row.chunks(per_hemisphere).enumerate() {
            let silent = rows[per_hemisphere - 1];
            let of_inputs = &rows[place * inputs..][..inputs];
            // A driver's two rows are inputs of their own.
            let drivers = &working[hemisphere * inputs / 2..][..inputs / 2];
            let kept = of_inputs.iter().enumerate().filter(|(i, _)| drivers[i / 2]);
            amplitudes.extend(kept.map(|(_, amplitude)| amplitude - silent));
        }
        deviation(&amplitudes) / mean(&amplitudes)
    });
    mean(&spreads.collect::<Vec<_>>())
}

#[test]
fn a_converted_chip_is_about_as_good_as_a_directly_calibrated_one() {
    let (on_lines, direct) = &*ON_LINES;
    for (chip, membrane) in &*TYPICAL[0] {
        let mut converted = chip.clone();
        let result = LineProcedure::default()
            .convert(membrane, &mut converted, 1, &mut |_| {})
            .unwrap();
        let working: Vec<bool> = result
            .working_drivers
            .iter()
            .zip(&direct.working_drivers)
            .map(|(a, b)| *a && *b)
            .collect();
        let directly = input_spread(&mut on_lines.clone(), &working);
        let spread = input_spread(&mut converted, &working);
        assert!(spread < 1.15 * directly, "{spread}, {directly} directly");
        assert!(spread < 0.15, "{spread}");
    }
}

#[test]
fn other_chips_and_impossible_targets_are_refused_untouched() {
    let joint = for_membranes(MembraneTargets::default())[1];
    let membrane = calibrate(joint, &mut LinearChip::new(72, 16));
    let mut other = LinearChip::new(73, 16);
    let line = LineProcedure::default();
    assert!(matches!(
        line.convert(&membrane, &mut other, 1, &mut |_| {}),
        Err(CalibrationError::OtherChip { .. })
    ));
    let mut same = LinearChip::new(72, 16);
    let mut impossible = line;
    impossible.targets.synapse_dac_bias = 0;
    assert!(matches!(
        impossible.convert(&membrane, &mut same, 1, &mut |_| {}),
        Err(CalibrationError::TargetOutOfRange {
            target: "synapse_dac_bias",
            ..
        })
    ));
    assert_eq!((other.touches, same.touches), (0, 0));
}
