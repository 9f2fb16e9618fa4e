//! CADC: from voltages to codes.

use bss2_core::{CadcChannel, ChipControl, ReadoutSource, Register};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::{Array1, Array2};

use crate::support::{chip, codes, geometry, linear, sized, whole, write_all};

const COLUMNS: usize = 32;

/// A linear chip whose channels read the debug line.
fn debugged(change: impl FnOnce(&mut ChipConfig)) -> SimulatedChip {
    let mut config = sized(linear(), geometry(2, 1, COLUMNS));
    change(&mut config);
    let mut chip = chip(config, 1);
    let debug = ReadoutSource::DebugLine.register_value();
    write_all(&mut chip, Register::ReadoutSource, debug);
    chip
}

/// Codes of hemisphere 0 at a voltage `lsb` above the nominal reset potential, as a whole number of
/// CapMem codes allows.
fn at(chip: &mut SimulatedChip, lsb: i32, channel: CadcChannel) -> Vec<f64> {
    write_all(chip, Register::StpVCharge0, 340 + lsb * 7 / 4);
    chip.settle().unwrap();
    let zeros = Array2::zeros((1, 1));
    let request = whole(chip.control_geometry(), 0);
    let codes = codes(chip, &request, channel, zeros.view());
    codes.iter().map(|&code| f64::from(code)).collect()
}

#[test]
fn a_code_is_the_voltage_above_the_ramp_s_start_and_ends_at_both_ends() {
    let mut chip = debugged(|_| ());
    for (lsb, code) in [
        (-160, 0.0),
        (-100, 28.0),
        (0, 128.0),
        (100, 228.0),
        (160, 255.0),
    ] {
        for channel in CadcChannel::BOTH {
            assert_eq!(at(&mut chip, lsb, channel), vec![code; COLUMNS]);
        }
    }
}

#[test]
fn a_higher_start_lowers_and_a_steeper_ramp_compresses_the_codes() {
    let mut chip = debugged(|_| ());
    let ramp = Register::CadcVRampOffset;
    chip.write_register(ramp, &[340 + 35, 340, 340, 340])
        .unwrap();
    let slope = Register::CadcIRampSlope;
    chip.write_register(slope, &[200, 250, 200, 200]).unwrap();
    let codes = at(&mut chip, 100, CadcChannel::Causal);
    // 228 less 20; 228 · 200 / 250.
    assert!(codes[..16].iter().all(|code| (code - 208.0).abs() <= 1.0));
    assert!(codes[16..].iter().all(|code| (code - 182.0).abs() <= 1.0));
}

#[test]
fn digital_offsets_belong_to_one_channel() {
    let mut chip = debugged(|_| ());
    let mut offsets = vec![0; 4 * COLUMNS];
    offsets[3] = 17;
    offsets[COLUMNS + 5] = -9;
    chip.write_register(Register::CadcOffset, &offsets).unwrap();
    let [causal, acausal] = CadcChannel::BOTH.map(|channel| at(&mut chip, 0, channel));
    for c in 0..COLUMNS {
        assert_eq!(causal[c], if c == 3 { 145.0 } else { 128.0 });
        assert_eq!(acausal[c], if c == 5 { 119.0 } else { 128.0 });
    }
}

#[test]
fn every_channel_has_an_offset_a_gain_and_a_bend_of_its_own() {
    let spread = |values: Vec<f64>| Array1::from_vec(values).std(1.0);
    for channel in CadcChannel::BOTH {
        let mut offset = debugged(|config| config.cadc.channel_offset_spread_lsb = 10.0);
        let found = spread(at(&mut offset, 0, channel));
        assert!((found / 10.0 - 1.0).abs() < 0.35, "{found}");

        let mut gain = debugged(|config| config.cadc.channel_gain_spread = 0.05);
        let at_zero = at(&mut gain, 0, channel);
        assert!(
            spread(at_zero) < 0.1,
            "gains turn about the reset potential"
        );
        let found = spread(at(&mut gain, 100, channel));
        assert!((found / 5.0 - 1.0).abs() < 0.35, "{found}");

        // A bow and an S: on both sides their sum and difference.
        let mut bend = debugged(|config| config.cadc.non_linearity_lsb = 5.0);
        let [low, middle, high] =
            [-60, 0, 60].map(|lsb| Array1::from_vec(at(&mut bend, lsb, channel)));
        assert!((spread(middle.to_vec()) / 2.5 - 1.0).abs() < 0.4);
        let bow = &low + &high - 2.0 * &middle;
        let s_shape = &high - &low;
        for part in [bow, s_shape] {
            assert!(part.std(1.0) > 2.0, "{part}");
        }
    }
    let mut offset = debugged(|config| config.cadc.channel_offset_spread_lsb = 10.0);
    let [causal, acausal] =
        CadcChannel::BOTH.map(|channel| Array1::from_vec(at(&mut offset, 0, channel)));
    let correlation = crate::support::correlation_of(&causal, &acausal);
    assert!(correlation.abs() < 0.5, "{correlation}");
}

#[test]
fn ramps_differ_between_quadrants_only() {
    let mut chip = debugged(|config| {
        config.cadc.ramp_offset_spread_lsb = 20.0;
        config.cadc.ramp_slope_spread = 0.1;
    });
    for lsb in [0, 60] {
        let codes = at(&mut chip, lsb, CadcChannel::Causal);
        assert!(codes[..16].iter().all(|code| *code == codes[0]));
        assert!(codes[16..].iter().all(|code| *code == codes[16]));
        assert!((codes[0] - codes[16]).abs() > 2.0, "{codes:?}");
    }
}

#[test]
fn stuck_channels_deliver_the_same_code_always() {
    let mut chip = debugged(|config| config.cadc.failure_rate = 0.3);
    for channel in CadcChannel::BOTH {
        let [low, high] = [-100, 100].map(|lsb| at(&mut chip, lsb, channel));
        let stuck = low.iter().zip(&high).filter(|(a, b)| a == b).count();
        assert!((4..=16).contains(&stuck), "{stuck} of 32");
    }
}
