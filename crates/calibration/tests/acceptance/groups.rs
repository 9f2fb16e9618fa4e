//! Every group, in every state.

use bss2_calibration::acceptance::Group;
use bss2_core::{ArrayMode, ChipControl, Register};

use crate::chips::{Calibrated, missed};

/// Every chip for every group.
fn each() -> impl Iterator<Item = (&'static Calibrated, Group)> {
    let chips = Calibrated::all().iter();
    chips.flat_map(|chip| Group::ALL.map(|group| (chip, group)))
}

#[test]
fn calibrated_chips_pass_every_group() {
    for (chip, group) in each() {
        let result = chip.result(group);
        let missed = missed(group, &mut chip.with(result), Some(result));
        assert!(missed.is_empty(), "{group:?}: {missed:?}");
    }
}

#[test]
fn other_procedures_pass_the_groups_of_their_mode() {
    for chip in Calibrated::all() {
        let tests = [
            (Group::Membrane, &chip.joint),
            (Group::Drivers, &chip.synaptic_line),
            (Group::Lines, &chip.synaptic_line),
        ];
        for (group, result) in tests {
            let missed = missed(group, &mut chip.with(result), Some(result));
            assert!(missed.is_empty(), "{group:?}: {missed:?}");
        }
    }
}

#[test]
fn fresh_chips_fail_every_group() {
    for (chip, group) in each() {
        let missed = missed(group, &mut chip.fresh.clone(), None);
        assert!(!missed.is_empty(), "{group:?}");
    }
}

#[test]
fn overwritten_chips_fail_until_the_calibration_is_applied_again() {
    for (calibrated, group) in each() {
        let result = calibrated.result(group);
        let mut chip = calibrated.with(result);
        group.overwrite(&mut chip).unwrap();
        let overwritten = missed(group, &mut chip, Some(result));
        assert!(!overwritten.is_empty(), "{group:?}");
        result.apply(&mut chip).unwrap();
        let missed = missed(group, &mut chip, Some(result));
        assert!(missed.is_empty(), "{group:?}: {missed:?}");
    }
}

#[test]
fn only_success_that_is_told_counts() {
    let calibrated = &Calibrated::all()[0];
    let mut chip = calibrated.with(&calibrated.membrane);
    let names = |chip: &mut _, result| -> Vec<&str> {
        let missed = missed(Group::Membrane, chip, result);
        missed.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&mut chip, None), ["columns calibrated with success"]);
    let mut few = calibrated.membrane.clone();
    few.working_columns[300..].fill(false);
    assert_eq!(
        names(&mut chip, Some(&few)),
        ["columns calibrated with success"]
    );
}

#[test]
fn slow_lines_are_all_that_the_last_group_asks_for() {
    for calibrated in Calibrated::all() {
        let mut chip = calibrated.fresh.clone();
        chip.set_mode(ArrayMode::SynapticLine).unwrap();
        chip.write_register(Register::IBiasSyninExcTau, &[0; 512])
            .unwrap();
        chip.settle().unwrap();
        assert!(missed(Group::Lines, &mut chip, None).is_empty());
    }
}
