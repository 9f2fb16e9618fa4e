//! What a calibration costs, and that it is the same every time.

use bss2_calibration::{CalibrationResult, MembraneTargets, Procedure, RoutineResult};
use bss2_core::{CostLedger, CostModel, Register};

use crate::linear_chip::LinearChip;
use crate::support::{calibrate, every_procedure, for_membranes};

const COLUMNS: usize = 16;

fn measurements(result: &CalibrationResult) -> u64 {
    result.routines.iter().map(|r| r.measurements).sum()
}

#[test]
fn the_joint_procedure_takes_far_fewer_measurements_and_less_time() {
    let [nested, joint] = for_membranes(MembraneTargets::default())
        .map(|procedure| calibrate(procedure, &mut LinearChip::new(41, COLUMNS)));
    assert!(4 * measurements(&joint) <= measurements(&nested));
    assert!(4 * joint.cost.settles <= nested.cost.settles);
    let time_us = |result: &CalibrationResult| CostModel::default().chip_time_us(&result.cost);
    assert!(4.0 * time_us(&joint) <= time_us(&nested));
}

#[test]
fn routines_pay_for_everything_but_setting_up_and_tell_their_course() {
    for procedure in every_procedure() {
        let mut chip = LinearChip::new(42, COLUMNS);
        let result = calibrate(procedure, &mut chip);
        result.routines.iter().for_each(assert_course);
        let what = procedure.name();
        let mut sum = CostLedger::default();
        for routine in &result.routines {
            sum += routine.cost;
        }
        let rest = result.cost - sum;
        assert_eq!(
            sum + rest,
            result.cost,
            "{what}: routines cost more than all"
        );
        // All that is measured is measured by routines.
        let nothing = CostLedger {
            weights_written: rest.weights_written,
            register_writes: rest.register_writes,
            settles: rest.settles,
            ..CostLedger::default()
        };
        assert_eq!(rest, nothing, "{what}");
        assert_eq!(result.cost.runs, chip.measured as u64, "{what}");
        // Two settles: after the reset, and at the end.
        assert!(rest.settles <= 2, "{what}: {rest:?}");
        if let Procedure::Joint(_) = procedure {
            // Registers are written together, between measurements.
            continue;
        }
        let instances = |register: &Register| register.instances(chip_geometry()) as u64;
        let all: u64 = Register::ALL.iter().map(instances).sum();
        assert!(rest.register_writes <= 2 * all, "{what}: {rest:?}");
    }
}

fn chip_geometry() -> bss2_core::ArrayGeometry {
    bss2_core::ChipControl::control_geometry(&LinearChip::new(0, COLUMNS))
}

/// A course leads from the residuals before to those after.
fn assert_course(routine: &RoutineResult) {
    let (name, course) = (&routine.name, &routine.course);
    let [first, .., last] = &**course else {
        panic!("{name} has no course");
    };
    assert_eq!(first.residual, typical(&routine.before), "{name}");
    assert_eq!(last.residual, typical(&routine.after), "{name}");
    let mut pairs = course.windows(2);
    assert!(pairs.all(|pair| pair[0].measurements <= pair[1].measurements));
}

/// Median of the distances.
fn typical(residuals: &[Option<f64>]) -> Option<f64> {
    let mut known: Vec<f64> = residuals.iter().flatten().map(|r| r.abs()).collect();
    known.sort_unstable_by(f64::total_cmp);
    let (last, half) = (known.len().checked_sub(1)?, known.len() / 2);
    Some(if last % 2 == 0 {
        known[half]
    } else {
        known[half - 1] + (known[half] - known[half - 1]) * 0.5
    })
}

#[test]
fn the_same_seed_gives_the_same_result_and_another_one_another() {
    for procedure in every_procedure() {
        let run = |trial_seed| {
            let mut chip = LinearChip::new(44, COLUMNS);
            chip.noise_lsb = 0.5;
            procedure.run(&mut chip, trial_seed, &mut |_| {}).unwrap()
        };
        let first = run(1);
        assert_eq!(first, run(1), "{}", procedure.name());
        // Membranes alone are noisy here.
        if let Procedure::Membrane(_) | Procedure::Joint(_) = procedure {
            let other = run(2);
            assert_eq!((first.trial_seed, other.trial_seed), (1, 2));
            assert_ne!(first.registers, other.registers, "{}", procedure.name());
        }
    }
}
