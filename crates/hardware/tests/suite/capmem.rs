//! CapMem cells: deviation, crosstalk, gradual settling.

use bss2_core::{CadcChannel, ChipControl, ReadoutSource, Register};
use bss2_hardware::{ChipConfig, Imperfection, SimulatedChip};
use ndarray::Array2;

use crate::support::{chip, clean, codes, geometry, linear, sized, whole, write_all};

/// A chip that is linear but for its CapMem, with `columns` neurons in each quadrant.
fn with_capmem(columns: usize, change: impl FnOnce(&mut ChipConfig)) -> SimulatedChip {
    let mut config = sized(linear(), geometry(1, 1, 2 * columns));
    // One code of `v_reset` is four LSB.
    config.capmem.codes_per_lsb = 0.25;
    change(&mut config);
    chip(config, 3)
}

/// Codes of all columns' baselines.
fn baselines(chip: &mut SimulatedChip) -> Vec<f64> {
    let request = whole(chip.control_geometry(), 0);
    let zeros = Array2::zeros((1, 1));
    let codes = codes(chip, &request, CadcChannel::Causal, zeros.view());
    codes.iter().map(|&code| f64::from(code)).collect()
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation within the quadrants, which have a ramp of their own.
fn deviation(values: &[f64]) -> f64 {
    let squares: Vec<f64> = values
        .chunks(values.len() / 2)
        .flat_map(|quadrant| {
            let mean = mean_of(quadrant);
            quadrant.iter().map(move |v| (v - mean).powi(2))
        })
        .collect();
    mean_of(&squares).sqrt()
}

#[test]
fn cells_deviate_from_their_code_as_configured() {
    let mut offset = with_capmem(500, |config| config.capmem.offset_spread_codes = 3.0);
    let found = deviation(&baselines(&mut offset));
    assert!((found / 12.0 - 1.0).abs() < 0.1, "{found}");

    // A slope's error grows with the code: 1 % of 340 codes, then of 350.
    let mut slope = with_capmem(500, |config| config.capmem.slope_spread = 0.01);
    let found = deviation(&baselines(&mut slope));
    assert!((found / 13.6 - 1.0).abs() < 0.1, "{found}");
}

#[test]
fn a_cell_asked_for_nothing_holds_nothing() {
    let mut chip = with_capmem(20, |config| {
        config.capmem.codes_per_lsb = 4.0;
        config.capmem.offset_spread_codes = 50.0;
    });
    write_all(&mut chip, Register::VReset, 0);
    chip.settle().unwrap();
    let found = baselines(&mut chip);
    assert!(deviation(&found) < 1.0, "{found:?}");
}

#[test]
fn equal_codes_in_a_block_disturb_each_other() {
    let crosstalk = |config: &mut ChipConfig| config.capmem.crosstalk_codes = 20.0;
    let mut chip = with_capmem(100, crosstalk);
    // The ramp's cells have a code of their own.
    write_all(&mut chip, Register::CadcVRampOffset, 341);
    chip.settle().unwrap();
    let shared = baselines(&mut chip);
    let spread_out: Vec<i32> = (0..200).map(|c| 330 + c % 100 / 5).collect();
    chip.write_register(Register::VReset, &spread_out).unwrap();
    chip.settle().unwrap();
    let alone = baselines(&mut chip);
    let (mut lost, mut others_lost) = (Vec::new(), Vec::new());
    for (c, &code) in spread_out.iter().enumerate() {
        lost.push(124.0 - shared[c]);
        others_lost.push(124.0 + 4.0 * f64::from(code - 340) - alone[c]);
    }
    // v_reset and v_leak have the same code: 200 of the about 1000 cells of a block.
    let expected = 20.0 * 4.0 * 200.0 / 1005.0;
    assert!((mean_of(&lost) / expected - 1.0).abs() < 0.25, "{lost:?}");
    assert!(
        mean_of(&others_lost) < 0.6 * mean_of(&lost),
        "{others_lost:?}"
    );
    assert!(deviation(&lost) > 0.3 * mean_of(&lost), "cells differ");
}

#[test]
fn cells_approach_their_code_with_each_settle() {
    // A third of the distance is left after each settle.
    let mut chip = with_capmem(2, |config| {
        config.capmem.codes_per_lsb = 1.0;
        config.capmem.settling_tau_ms = 20.0 / 3.0_f32.ln();
    });
    write_all(&mut chip, Register::VReset, 340 + 81);
    for expected in [128, 182, 200, 206, 208] {
        assert_eq!(baselines(&mut chip)[0], f64::from(expected));
        chip.settle().unwrap();
    }
    // Back without ever having arrived, and a reset that waits as long as it takes.
    write_all(&mut chip, Register::VReset, 340);
    chip.settle().unwrap();
    assert!((baselines(&mut chip)[0] - 155.0).abs() <= 1.0);
    chip.reset_registers().unwrap();
    assert_eq!(baselines(&mut chip)[0], 128.0);
}

#[test]
fn settling_switched_off_is_complete() {
    let mut chip = with_capmem(2, |config| {
        config.capmem.settling_tau_ms = 20.0;
        *config = config.clone().without(Imperfection::CapMemSettling);
    });
    write_all(&mut chip, Register::VReset, 350);
    chip.settle().unwrap();
    assert_eq!(baselines(&mut chip)[0], 168.0);
}

#[test]
fn the_debug_line_carries_its_quadrant_s_voltage_to_both_channels() {
    let config = sized(clean(), geometry(2, 2, 8));
    let mut chip = chip(config, 1);
    write_all(
        &mut chip,
        Register::ReadoutSource,
        ReadoutSource::DebugLine.register_value(),
    );
    let geometry = chip.control_geometry();
    let zeros = Array2::zeros((1, 2));
    chip.write_register(Register::StpVCharge0, &[340, 410, 270, 375])
        .unwrap();
    chip.settle().unwrap();
    for (hemisphere, quadrants) in [[128, 168], [88, 148]].into_iter().enumerate() {
        for channel in CadcChannel::BOTH {
            let found = codes(
                &mut chip,
                &whole(geometry, hemisphere),
                channel,
                zeros.view(),
            );
            for (c, &code) in found.iter().enumerate() {
                assert!(code.abs_diff(quadrants[c / 4]) <= 1, "{found}");
            }
        }
    }
}
