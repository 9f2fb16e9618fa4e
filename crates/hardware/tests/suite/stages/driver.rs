//! Synapse drivers: trims, soft start, ceiling, jitter.

use bss2_core::{ChipControl, Region, Register};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::Array2;

use crate::support::{
    chip, column_deviations, correlation, geometry, linear, load, repeat, run, sized, timed, to_f64,
};

const INPUTS: usize = 16;

/// A linear chip whose driver 5, or all, are connected with strong weights; one LSB of output is
/// 1 / 11.3 activation units at 100 sends.
fn driven(change: impl FnOnce(&mut ChipConfig)) -> SimulatedChip {
    let mut config = sized(linear(), geometry(1, INPUTS, 8));
    change(&mut config);
    let mut chip = chip(config, 1);
    let region = Region::whole(chip.control_geometry(), 0);
    load(
        &mut chip,
        region,
        Array2::from_elem((INPUTS, 8), 63_i8).view(),
    );
    chip
}

/// Output of one driver alone.
fn output(chip: &mut SimulatedChip, driver: usize, activation: u8) -> f64 {
    let mut vector = Array2::zeros((1, INPUTS));
    vector[[0, driver]] = activation;
    let request = timed(chip.control_geometry(), 30, 25);
    f64::from(run(chip, &request, vector.view())[[0, 0]])
}

/// LSB per activation unit under that stimulus.
const LSB: f64 = 0.0018 * 63.0 * 30.0;

#[test]
fn amplitudes_are_the_activations() {
    let mut chip = driven(|_| ());
    for activation in [0, 1, 7, 20, 31] {
        let expected = LSB * f64::from(activation);
        assert!((output(&mut chip, 3, activation) - expected).abs() < 1.5 + 0.05 * expected);
    }
}

#[test]
fn both_trims_shift_one_driver_by_their_step() {
    for (register, value, steps, step) in [
        (Register::HagenDacOffset, 37, 5.0, 0.45),
        (Register::HagenDacOffset, 12, -20.0, 0.45),
        (Register::StpOffset, 11, 3.0, 0.4),
        (Register::StpOffset, 5, -3.0, 0.4),
    ] {
        let mut chip = driven(|_| ());
        let before = [4, 5].map(|driver| output(&mut chip, driver, 15));
        let mut values = vec![register.spec().reset; INPUTS];
        values[5] = value;
        chip.write_register(register, &values).unwrap();
        let after = [4, 5].map(|driver| output(&mut chip, driver, 15));
        assert_eq!(after[0], before[0], "{register} of a neighbour");
        let expected = LSB * steps * step;
        let moved = after[1] - before[1];
        assert!(
            (moved - expected).abs() < 0.1 * expected.abs() + 1.0,
            "{register} = {value}: {moved} instead of {expected}"
        );
    }
}

#[test]
fn offsets_and_ceilings_spread_as_configured_and_failed_drivers_are_silent() {
    let outputs = |activation, change: fn(&mut ChipConfig)| -> Vec<f64> {
        let mut chip = driven(change);
        (0..INPUTS)
            .map(|driver| output(&mut chip, driver, activation) / LSB)
            .collect()
    };
    let spread = |values: &[f64]| ndarray::Array1::from_vec(values.to_vec()).std(1.0);
    let offsets = outputs(15, |config| config.driver.offset_spread_activations = 1.5);
    assert!((0.8..2.2).contains(&spread(&offsets)), "{offsets:?}");
    let ceilings = outputs(31, |config| {
        config.driver.ceiling_activations = 20.0;
        config.driver.ceiling_spread_activations = 1.5;
    });
    assert!((0.8..2.2).contains(&spread(&ceilings)), "{ceilings:?}");
    assert!(ceilings.iter().all(|amplitude| *amplitude < 25.0));
    let failed = outputs(20, |config| config.driver.failure_rate = 0.4);
    let silent = failed.iter().filter(|amplitude| **amplitude == 0.0).count();
    assert!((2..=11).contains(&silent), "{failed:?}");
    assert!(failed.iter().all(|a| *a == 0.0 || (19.0..21.0).contains(a)));
}

#[test]
fn a_soft_start_weakens_low_activations_most() {
    let mut soft = driven(|config| config.driver.soft_start_activations = 1.0);
    let mut hard = driven(|_| ());
    let share = [2, 5, 20].map(|x| output(&mut soft, 0, x) / output(&mut hard, 0, x));
    for (share, x) in share.iter().zip([2.0, 5.0, 20.0]) {
        assert!((share - x / (x + 1.0)).abs() < 0.1, "{x}: {share}");
    }
}

#[test]
fn jitter_is_common_to_the_columns_and_independent_between_events() {
    let mut chip = driven(|config| config.driver.jitter_activations = 2.0);
    let request = timed(chip.control_geometry(), 30, 25);
    let mut deviations = Vec::new();
    for drivers in [0..1, 1..2, 0..2] {
        let mut vector = Array2::zeros((1, INPUTS));
        vector.slice_mut(ndarray::s![0, drivers]).fill(8_u8);
        let outputs = to_f64(&run(&mut chip, &request, repeat(&vector, 600).view()));
        assert!(correlation(&outputs, 0, 7) > 0.99);
        deviations.push(column_deviations(&outputs)[0]);
    }
    // Per event 2 activation units, 30 events: the root of 30 times that.
    let expected = LSB / 30.0 * 2.0 * 30.0_f64.sqrt();
    assert!(
        (deviations[0] / expected - 1.0).abs() < 0.1,
        "{deviations:?}"
    );
    let both = deviations[0].hypot(deviations[1]);
    assert!((deviations[2] / both - 1.0).abs() < 0.1, "{deviations:?}");
}
