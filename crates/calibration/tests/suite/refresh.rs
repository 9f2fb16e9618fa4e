//! Parts of a calibration anew.

use bss2_calibration::bench::Pulses;
use bss2_calibration::{
    Bench, CalibrationError, CalibrationResult, MembraneTargets, Procedure, Refresh, RoutineResult,
};
use bss2_core::{Chip, ChipControl, Register};
use bss2_hardware::SimulatedChip;

use crate::checks::assert_neurons;
use crate::linear_chip::LinearChip;
use crate::simulated::{ON_LINES, TYPICAL, baselines, fresh_chip};
use crate::support::{
    calibrate, deviation, ending_with, every_procedure, for_membranes, mean, registers,
};

const REFERENCES: [Register; 5] = [
    Register::VLeak,
    Register::VReset,
    Register::IBiasSyninExcShift,
    Register::IBiasSyninInhShift,
    Register::CadcOffset,
];

fn refresh(result: &CalibrationResult, part: Refresh, chip: &mut dyn Chip) -> CalibrationResult {
    let mut told = 0;
    let mut count = |_: &RoutineResult| told += 1;
    let fresh = result.refresh(part, chip, 7, &mut count).unwrap();
    assert_eq!(told, fresh.routines.len());
    assert_eq!(fresh.refreshed, [&*result.refreshed, &[part]].concat());
    assert_eq!(fresh.procedure, result.procedure);
    assert_eq!((&fresh.chip, fresh.mode), (&result.chip, result.mode));
    // What is on the chip is what the result says, and everything else stays.
    let may_change: &[Register] = match part {
        Refresh::Baseline => &[Register::CadcOffset],
        Refresh::References => &REFERENCES,
    };
    for (register, values) in registers(chip) {
        assert_eq!(fresh.values(register), values);
        if !may_change.contains(&register) {
            assert_eq!(result.values(register), values, "{register}");
        }
    }
    // Nothing is searched but what is asked for: measurements of both hemispheres, 8 readings each.
    match part {
        Refresh::Baseline => {
            assert!(fresh.cost.settles <= 2 && fresh.routines.len() == 1);
            assert!(fresh.cost.readouts <= 3 * 2 * 16);
        }
        Refresh::References => {
            assert!(fresh.cost.settles <= 80 && fresh.routines.len() <= 6);
            assert!(fresh.cost.readouts <= 5 * 15 * 2 * 8 + 200);
        }
    }
    fresh
}

/// Root of the mean square.
fn size(values: &[f64]) -> f64 {
    deviation(values).hypot(mean(values))
}

#[test]
fn baselines_are_restored_after_drift_and_at_another_temperature() {
    for (chip, result) in &*TYPICAL[0] {
        let calibrated = size(&baselines(&mut chip.clone()));
        for (seconds, celsius) in [(0.0, 40.0), (86_400.0, 40.0), (0.0, 65.0), (9e4, 60.0)] {
            let mut chip = chip.clone();
            chip.let_pass_s(seconds).unwrap();
            chip.set_temperature_celsius(celsius).unwrap();
            let drifted = size(&baselines(&mut chip));
            let moved = seconds > 0.0 || celsius > 40.0;
            assert_eq!(drifted > 2.0 * calibrated, moved, "{drifted}, {calibrated}");
            let fresh = refresh(result, Refresh::Baseline, &mut chip);
            let restored = size(&baselines(&mut chip));
            assert!(
                restored < 1.3 * calibrated,
                "{restored}, {drifted}, {calibrated}"
            );
            assert_eq!(fresh.temperature_celsius, Some(f64::from(celsius)));
        }
    }
}

/// By how much neurons move within 30 µs without events, the leak being switched off.
fn drift(chip: &mut SimulatedChip) -> f64 {
    let mut bench = Bench::new(chip, 77);
    let codes = [0.0, 30.0].map(|us| bench.pulses(Pulses::none(us), 64).unwrap().of_both());
    let moved: Vec<f64> = codes[0].iter().zip(&codes[1]).map(|(a, b)| b - a).collect();
    size(&moved)
}

#[test]
fn where_neurons_rest_is_restored_after_drift() {
    for (chip, result) in &*TYPICAL[0] {
        let mut drifted = chip.clone();
        drifted.let_pass_s(86_400.0).unwrap();
        drifted.set_temperature_celsius(55.0).unwrap();
        let without = drift(&mut drifted);
        let fresh = refresh(result, Refresh::References, &mut drifted);
        let names: Vec<&str> = fresh.routines.iter().map(|r| &*r.name).collect();
        let of_nested: &[&str] = &["leak potential", "inhibitory reference"];
        let of_both = [
            "excitatory reference",
            "leak potential",
            "reset potential",
            "baseline",
        ];
        let expected = match result.procedure {
            Procedure::Joint(_) => of_both.to_vec(),
            _ => [of_nested, &of_both].concat(),
        };
        assert_eq!(names, expected);
        let [before, after] = [without, drift(&mut drifted)];
        let ideal = drift(&mut chip.clone());
        assert!(
            after < 1.2 * ideal && after < 0.8 * before,
            "{before}, {after}, {ideal}"
        );
        for routine in &fresh.routines {
            assert!(routine.success_rate() > 0.9, "{}", routine.name);
        }
        let restored = size(&baselines(&mut drifted));
        assert!(
            restored < 1.3 * size(&baselines(&mut chip.clone())),
            "{restored}"
        );
    }
}

#[test]
fn truth_is_restored() {
    let targets = MembraneTargets::default();
    for procedure in for_membranes(targets) {
        let mut chip = LinearChip::new(61, 16);
        let result = calibrate(ending_with(procedure, true, false), &mut chip);
        for (column, leak) in chip.hidden.leak_offset.iter_mut().enumerate() {
            *leak += [3.0, -4.0, 5.0][column % 3];
            chip.hidden.reset_offset[column] += [-4.0, 2.0][column % 2];
            chip.hidden.balance[column][column % 2] += [20.0, -10.0, 30.0][column % 3];
        }
        let fresh = refresh(&result, Refresh::References, &mut chip);
        assert_neurons(&chip, &targets, &[]);
        // No baseline was asked for, and the leak was to stay.
        let routines = match procedure {
            Procedure::Joint(_) => 3,
            _ => 5,
        };
        assert_eq!(fresh.routines.len(), routines);
        assert!(fresh.values(Register::EnableLeak).iter().all(|&on| on == 1));
        assert!(chip.holds_no_weights());

        let again = refresh(&fresh, Refresh::Baseline, &mut chip);
        assert_eq!(again.refreshed, [Refresh::References, Refresh::Baseline]);
        for column in chip.columns() {
            let code = chip.code_after(column, 0, 1.0);
            assert!((code - 128.0).abs() < 1.0, "{column}: {code}");
        }
    }
}

#[test]
fn what_failed_before_stays_failed() {
    let joint = for_membranes(MembraneTargets::default())[1];
    let mut chip = LinearChip::new(62, 16);
    chip.failed.dead_otas = vec![(5, 0)];
    chip.failed.silent_drivers = vec![9];
    let result = calibrate(joint, &mut chip);
    assert!(!result.working_columns[5] && !result.working_drivers[9]);
    // One more that the refresh finds.
    let stuck = chip.channel(20, 0);
    chip.failed.stuck_channels = vec![(stuck, 250)];
    let fresh = result
        .refresh(Refresh::Baseline, &mut chip, 1, &mut |_| {})
        .unwrap();
    let failed = crate::support::failures(&fresh.working_columns);
    assert_eq!(failed, [5, 20]);
    assert_eq!(crate::support::failures(&fresh.working_drivers), [9]);
}

#[test]
fn other_chips_and_calibrations_without_membranes_refuse() {
    for procedure in every_procedure() {
        let result = calibrate(procedure, &mut LinearChip::new(63, 16));
        let mut other = LinearChip::new(64, 16);
        let mut same = LinearChip::new(63, 16);
        for part in [Refresh::Baseline, Refresh::References] {
            let mut told = |_: &RoutineResult| panic!("nothing is to be run");
            if matches!(procedure, Procedure::SynapticLine(_) | Procedure::Cadc(_)) {
                let refused = result.refresh(part, &mut same, 1, &mut told);
                let procedure = procedure.name();
                assert_eq!(
                    refused,
                    Err(CalibrationError::NotForMembranes { procedure })
                );
            } else {
                let refused = result.refresh(part, &mut other, 1, &mut told);
                assert_eq!(
                    refused,
                    Err(CalibrationError::OtherChip {
                        calibrated: same.identity(),
                        found: other.identity(),
                    })
                );
            }
        }
        assert_eq!((other.touches, same.touches), (0, 0));
    }
    let on_lines = &ON_LINES.1;
    let refused = on_lines.refresh(Refresh::Baseline, &mut fresh_chip(1), 1, &mut |_| {});
    assert!(matches!(
        refused,
        Err(CalibrationError::NotForMembranes { .. })
    ));
}
