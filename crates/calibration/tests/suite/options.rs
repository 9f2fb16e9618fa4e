//! What the options of a procedure decide.

use bss2_calibration::{
    CalibrationError, JointOptions, JointProcedure, LineOptions, LineProcedure, MembraneOptions,
    MembraneProcedure, MembraneTargets, Procedure,
};
use bss2_core::Register;

use crate::linear_chip::LinearChip;
use crate::support::{calibrate, ending_with, every_procedure, for_membranes, median};

#[test]
fn the_leak_the_baseline_and_the_number_of_routines_are_as_the_options_say() {
    for noise in [None, Some(1.2)] {
        let targets = MembraneTargets {
            target_noise_lsb: noise,
            ..MembraneTargets::default()
        };
        for procedure in for_membranes(targets) {
            for (keep, baseline) in [(false, false), (false, true), (true, false), (true, true)] {
                let procedure = ending_with(procedure, keep, baseline);
                let mut chip = LinearChip::new(31, 16);
                chip.noise_lsb = noise.unwrap_or(0.0);
                let mut told = Vec::new();
                let result = procedure
                    .run(&mut chip, 1, &mut |routine| told.push(routine.clone()))
                    .unwrap();
                let what = format!("{procedure:?}");
                assert_eq!(told, result.routines, "{what}");
                assert_eq!(told.len(), procedure.routines(), "{what}");
                let leak = i32::from(keep || noise.is_some());
                let switches = result.values(Register::EnableLeak);
                assert!(switches.iter().all(|&on| on == leak), "{what}");
                let named = |name: &str| told.iter().any(|routine| routine.name == name);
                assert_eq!(named("baseline"), baseline, "{what}");
                assert_eq!(
                    named("leak bias at target noise"),
                    noise.is_some(),
                    "{what}"
                );
                assert_eq!(result.procedure, procedure);
            }
        }
    }
}

#[test]
fn the_other_procedures_tell_of_as_many_routines_as_they_say() {
    let [.., line, cadc] = every_procedure();
    for procedure in [line, cadc] {
        let mut told = 0;
        let mut chip = LinearChip::new(32, 16);
        let result = procedure.run(&mut chip, 1, &mut |_| told += 1).unwrap();
        assert_eq!((told, result.routines.len()), (procedure.routines(), told));
    }
}

#[test]
fn a_target_noise_is_reached_and_the_neurons_balanced_again() {
    for noise_lsb in [1.1, 1.8] {
        let targets = MembraneTargets {
            target_noise_lsb: Some(noise_lsb),
            ..MembraneTargets::default()
        };
        for procedure in for_membranes(targets) {
            let procedure = ending_with(procedure, false, false);
            let mut chip = LinearChip::new(33, 16);
            chip.noise_lsb = 1.5;
            calibrate(procedure, &mut chip);
            let what = format!("{} at {noise_lsb}", procedure.name());
            let noises: Vec<f64> = chip.columns().map(|c| chip.resting_noise(c)).collect();
            // Rounding adds 0.4 LSB of its own in the root of squares.
            let wanted = (noise_lsb.powi(2) - 1.0 / 6.0).sqrt();
            let typical = median(noises.clone());
            assert!((typical / wanted - 1.0).abs() < 0.06, "{what}: {typical}");
            for (column, noise) in noises.iter().enumerate() {
                assert!(
                    (noise / wanted - 1.0).abs() < 0.35,
                    "{what}: {column} has {noise}"
                );
                let rest = chip.rest_code(column);
                assert!(
                    (rest - 120.0).abs() < 3.0,
                    "{what}: {column} rests at {rest}"
                );
                let start = chip.start_code(column);
                assert!(
                    (start - rest).abs() < 4.0,
                    "{what}: {column} starts at {start}"
                );
            }
        }
    }
}

/// Makes a procedure with an option.
type Make<'a> = &'a dyn Fn(usize) -> Procedure;

#[test]
fn numbers_outside_their_ranges_are_refused_before_anything_is_touched() {
    let membrane = |driver_runs| {
        let options = MembraneOptions {
            driver_runs,
            ..MembraneOptions::default()
        };
        Procedure::Membrane(MembraneProcedure {
            options,
            ..MembraneProcedure::default()
        })
    };
    let joint = |options| {
        Procedure::Joint(JointProcedure {
            options,
            ..JointProcedure::default()
        })
    };
    let line = |driver_runs| {
        let options = LineOptions { driver_runs };
        Procedure::SynapticLine(LineProcedure {
            options,
            ..LineProcedure::default()
        })
    };
    let usual = JointOptions::default();
    let driver_runs = |driver_runs| {
        joint(JointOptions {
            driver_runs,
            ..usual
        })
    };
    let gain_runs = |gain_runs| joint(JointOptions { gain_runs, ..usual });
    let rounds = |rounds| joint(JointOptions { rounds, ..usual });
    let options: [(&str, Make<'_>, [usize; 2]); 5] = [
        ("driver_runs", &membrane, [1, 1000]),
        ("driver_runs", &driver_runs, [1, 1000]),
        ("driver_runs", &line, [1, 1000]),
        ("gain_runs", &gain_runs, [1, 1000]),
        ("rounds", &rounds, [4, 20]),
    ];
    for (name, make, [min, max]) in options {
        for value in [min, max] {
            assert_eq!(make(value).check(), Ok(Vec::new()), "{name}");
        }
        for value in [min - 1, max + 1, usize::MAX] {
            let mut chip = LinearChip::new(34, 16);
            assert_eq!(
                make(value).run(&mut chip, 1, &mut |_| {}).unwrap_err(),
                CalibrationError::OptionOutOfRange {
                    option: name,
                    value: value as f64,
                    min: min as f64,
                    max: max as f64,
                }
            );
            assert_eq!(chip.touches, 0);
        }
    }
}
