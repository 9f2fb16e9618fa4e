//! The procedure on a chip whose hidden values the test can look up afterwards.

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::{CadcChannel, Chip};
use proptest::prelude::*;

use crate::linear_chip::LinearChip;

/// Largest relative distance of a column's gain from the median: the routine's tolerance of 3 LSB
/// at 0.75…1.25 times 58 LSB, and the rounding of the codes.
const GAIN_TOLERANCE: f64 = 0.07;

/// Largest offset of a driver in activation units: the tolerance of 0.02 in the ratio, over its slope
/// of 0.0375 per unit.
const DRIVER_TOLERANCE: f64 = 0.55;

/// Asserts on the hidden values, not on what the result claims.
fn assert_calibrated(chip: &LinearChip) {
    for column in 0..chip.offsets.len() {
        for channel in CadcChannel::BOTH {
            let offset = chip.shifted_offset(column, channel);
            assert!(
                offset.abs() <= 1.0,
                "column {column}, {channel:?}: baseline {offset}"
            );
        }
    }
    for sign in [0, 1] {
        let gains: Vec<f64> = (0..chip.gains.len())
            .map(|c| chip.biased_gain(c, sign))
            .collect();
        let mut sorted = gains.clone();
        sorted.sort_by(f64::total_cmp);
        let median = sorted[sorted.len() / 2];
        for (column, gain) in gains.iter().enumerate() {
            assert!(
                (gain / median - 1.0).abs() < GAIN_TOLERANCE,
                "column {column}, input {sign}: gain {gain}, median {median}"
            );
        }
    }
    for driver in 0..chip.driver_offsets.len() {
        let offset = chip.trimmed_offset(driver);
        assert!(
            offset.abs() <= DRIVER_TOLERANCE,
            "driver {driver}: offset {offset}"
        );
    }
}

fn calibrate(chip: &mut LinearChip) -> CalibrationResult {
    Procedure::default()
        .run(chip, 1, &mut |_| {})
        .expect("the chip refuses nothing")
}

#[test]
fn a_chip_that_calibration_never_saw_ends_calibrated_in_truth() {
    let mut chip = LinearChip::new("linear", 2, 16);
    let result = calibrate(&mut chip);
    assert_calibrated(&chip);
    for routine in &result.routines {
        assert!(routine.success.iter().all(|&s| s), "{}", routine.name);
    }
}

#[test]
fn a_chip_of_one_hemisphere_and_odd_width_is_a_chip() {
    let mut chip = LinearChip::new("odd", 1, 7);
    calibrate(&mut chip);
    assert_calibrated(&chip);
}

#[test]
fn a_chip_behind_a_trait_object_is_calibrated_alike() {
    let mut plain = LinearChip::new("linear", 2, 5);
    let mut hidden = plain.clone();
    let expected = calibrate(&mut plain);
    let object: &mut dyn Chip = &mut hidden;
    let found = Procedure::default().run(object, 1, &mut |_| {}).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn calibrating_twice_changes_nothing_that_matters() {
    let mut chip = LinearChip::new("linear", 2, 9);
    let first = calibrate(&mut chip);
    let second = calibrate(&mut chip);
    assert_calibrated(&chip);
    for (first, second) in first.routines.iter().zip(&second.routines).skip(1) {
        for (a, b) in first.values.iter().zip(&second.values) {
            // Gains have steps of 0.1 LSB, whose codes cannot be told apart.
            let steps = if first.register.spec().capmem { 30 } else { 2 };
            assert!(a.abs_diff(*b) <= steps, "{}: {a}, then {b}", first.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_hidden_values_within_reach_are_found(
        offsets in prop::collection::vec(-100.0_f64..100.0, 6),
        gains in prop::collection::vec([0.75_f64..1.25, 0.75_f64..1.25], 6),
        driver_offsets in prop::collection::vec(-3.0_f64..3.0, 128),
    ) {
        let mut chip = LinearChip::new("any", 1, 6);
        chip.offsets = offsets;
        chip.gains = gains;
        chip.driver_offsets = driver_offsets;
        let result = calibrate(&mut chip);
        assert_calibrated(&chip);
        for routine in &result.routines {
            prop_assert!(routine.success.iter().all(|&s| s), "{}", routine.name);
        }
    }
}
