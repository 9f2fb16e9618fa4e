//! What cannot be calibrated is marked, and nothing else.

use bss2_calibration::{CalibrationError, Procedure, RoutineResult};
use bss2_core::Register;

use crate::linear_chip::{LinearChip, broken};

const COLUMNS: usize = 16;

fn routines(chip: &mut LinearChip) -> Vec<RoutineResult> {
    Procedure::default()
        .run(chip, 1, &mut |_| {})
        .expect("a chip with faults is measured like any other")
        .routines
}

/// The instances that the routines of a register mark as failed; all of them must agree.
fn failed(routines: &[RoutineResult], register: Register) -> Vec<usize> {
    let masks: Vec<Vec<usize>> = routines
        .iter()
        .filter(|routine| routine.register == register)
        .map(|routine| {
            let marked = routine.success.iter().enumerate();
            marked.filter(|(_, s)| !**s).map(|(i, _)| i).collect()
        })
        .collect();
    assert!(masks.windows(2).all(|pair| pair[0] == pair[1]), "{masks:?}");
    masks.first().cloned().unwrap_or_default()
}

/// Indices of both channels of columns of the chip, in the register's order.
fn channels(columns: &[usize]) -> Vec<usize> {
    let mut channels: Vec<usize> = columns
        .iter()
        .flat_map(|column| {
            let causal = column / COLUMNS * 2 * COLUMNS + column % COLUMNS;
            [causal, causal + COLUMNS]
        })
        .collect();
    channels.sort_unstable();
    channels
}

fn assert_failed(
    chip: &mut LinearChip,
    columns: &[usize],
    drivers: &[usize],
    gains: [&[usize]; 2],
) {
    let routines = routines(chip);
    assert_eq!(failed(&routines, Register::CadcOffset), channels(columns));
    assert_eq!(failed(&routines, Register::HagenDacOffset), drivers);
    assert_eq!(failed(&routines, Register::IBiasSyninExcGm), gains[0]);
    assert_eq!(failed(&routines, Register::IBiasSyninInhGm), gains[1]);
}

#[test]
fn a_stuck_column_fails_as_a_column_and_spoils_no_driver() {
    let mut chip = LinearChip::new("stuck", 2, COLUMNS);
    chip.stuck_columns = vec![(21, 77)];
    assert_failed(&mut chip, &[21], &[], [&[21], &[21]]);
}

#[test]
fn a_column_stuck_at_the_baseline_fails_by_its_gains() {
    let mut chip = LinearChip::new("stuck at 128", 2, COLUMNS);
    chip.stuck_columns = vec![(3, 128)];
    assert_failed(&mut chip, &[], &[], [&[3], &[3]]);
}

#[test]
fn a_silent_driver_fails_as_a_driver_and_spoils_no_column() {
    let mut chip = LinearChip::new("silent", 2, COLUMNS);
    chip.silent_drivers = vec![7, 128 + 100];
    assert_failed(&mut chip, &[], &[7, 228], [&[], &[]]);
}

#[test]
fn a_baseline_out_of_reach_is_marked_on_either_side() {
    let mut chip = LinearChip::new("offset", 2, COLUMNS);
    // 128 − 140 would need the register at 140, 128 + 190 at −190: the range is −128…127.
    chip.offsets[4] = -140.0;
    chip.acausal_offsets[4] = -140.0;
    let low_only = routines(&mut chip);
    assert_eq!(failed(&low_only, Register::CadcOffset), channels(&[4]));

    let mut chip = LinearChip::new("offset", 2, COLUMNS);
    chip.offsets[30] = 190.0;
    chip.acausal_offsets[30] = 190.0;
    let high_only = routines(&mut chip);
    assert_eq!(failed(&high_only, Register::CadcOffset), channels(&[30]));
}

#[test]
fn a_channel_out_of_reach_is_marked_and_its_twin_is_not() {
    let mut chip = LinearChip::new("acausal", 2, COLUMNS);
    chip.acausal_offsets[19] = -150.0;
    let routines = routines(&mut chip);
    assert_eq!(
        failed(&routines, Register::CadcOffset),
        [channels(&[19])[1]]
    );
    assert!(failed(&routines, Register::IBiasSyninExcGm).is_empty());
}

#[test]
fn a_driver_offset_out_of_reach_is_marked_on_either_side() {
    let mut chip = LinearChip::new("driver offset", 2, COLUMNS);
    // The trim reaches −4.65…4.8 activation units.
    chip.driver_offsets[0] = 7.0;
    chip.driver_offsets[255] = -7.0;
    assert_failed(&mut chip, &[], &[0, 255], [&[], &[]]);
}

#[test]
fn a_gain_out_of_reach_is_marked_for_its_sign_alone() {
    let mut chip = LinearChip::new("gain", 2, COLUMNS);
    // The bias can be raised to 1022 / 450 = 2.27 times.
    chip.gains[9][0] = 0.3;
    chip.gains[17][1] = 0.3;
    assert_failed(&mut chip, &[], &[], [&[9], &[17]]);
}

#[test]
fn all_faults_together_are_told_apart() {
    let mut chip = LinearChip::new("worst", 2, COLUMNS);
    chip.stuck_columns = vec![(5, 77)];
    chip.silent_drivers = vec![131];
    chip.offsets[25] = -145.0;
    chip.acausal_offsets[25] = -145.0;
    chip.driver_offsets[64] = 8.0;
    chip.gains[12][0] = 0.25;
    assert_failed(&mut chip, &[5, 25], &[64, 131], [&[5, 12], &[5]]);
}

#[test]
fn a_dead_chip_is_no_success_and_no_panic() {
    let mut chip = LinearChip::new("dead", 2, 4);
    chip.stuck_columns = (0..8).map(|column| (column, 0)).collect();
    for routine in routines(&mut chip) {
        // With no signal anywhere, all gains agree on zero: that alone is no failure of the gains.
        if routine.register.spec().capmem {
            continue;
        }
        assert_eq!(routine.success_rate(), 0.0, "{}", routine.name);
        assert_eq!(routine.spread_after(), 0.0, "no instance, no spread");
    }
}

#[test]
fn rates_and_spreads_count_what_succeeded() {
    let mut chip = LinearChip::new("stuck", 2, COLUMNS);
    chip.stuck_columns = vec![(21, 77)];
    let offsets = &routines(&mut chip)[0];
    assert_eq!(offsets.success_rate(), 62.0 / 64.0);
    // The stuck column's 51 LSB would make a spread of 9 on its own.
    assert!(offsets.spread_after() < 0.5);
    for channel in channels(&[21]) {
        assert_eq!(offsets.after[channel], 77.0 - 128.0);
    }
}

#[test]
fn a_refusal_of_the_chip_comes_out_as_it_is() {
    for measurements in [0, 1, 10, 60] {
        let mut chip = LinearChip::new("broken", 1, 3);
        chip.measurements_left = measurements;
        let refused = Procedure::default().run(&mut chip, 1, &mut |_| {});
        assert_eq!(refused, Err(CalibrationError::Array(broken())));
    }
}
