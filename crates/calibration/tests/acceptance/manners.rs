//! How chips are judged: what is left behind, what it depends on, and chips of other sizes.

use bss2_calibration::CalibrationError;
use bss2_calibration::acceptance::Group;
use bss2_core::{ArrayGeometry, ArrayMode, ChipControl, ControlError, Register};
use bss2_hardware::{ChipConfig, SimulatedChip};

use crate::chips::Calibrated;

fn values(group: Group, chip: &mut SimulatedChip, trial_seed: u64) -> Vec<u64> {
    let verdicts = group.judge(chip, None, trial_seed).unwrap();
    verdicts.iter().map(|v| v.value.to_bits()).collect()
}

fn registers(chip: &mut SimulatedChip) -> Vec<Vec<i32>> {
    let registers = Register::ALL.iter();
    registers
        .map(|&register| chip.register_values(register).unwrap())
        .collect()
}

#[test]
fn mode_and_registers_are_left_as_they_were() {
    let calibrated = &Calibrated::all()[0];
    for result in [&calibrated.membrane, &calibrated.converted] {
        let mut chip = calibrated.with(result);
        let before = registers(&mut chip);
        for group in Group::ALL {
            group.judge(&mut chip, None, 1).unwrap();
            assert_eq!(chip.mode(), result.mode, "{group:?}");
            assert!(registers(&mut chip) == before, "{group:?}");
        }
    }
}

#[test]
fn the_seed_alone_decides_over_the_noise() {
    let mut chip = Calibrated::all()[0].fresh.clone();
    for group in Group::ALL {
        let first = values(group, &mut chip, 1);
        assert_eq!(values(group, &mut chip, 1), first, "{group:?}");
        assert_ne!(values(group, &mut chip, 2), first, "{group:?}");
    }
}

#[test]
fn channels_at_boundaries_are_counted_once() {
    let calibrated = &Calibrated::all()[0];
    let mut chip = calibrated.with(&calibrated.cadc);
    let at_boundary = |chip: &mut SimulatedChip| {
        let verdicts = Group::Cadc.judge(chip, None, 1).unwrap();
        assert_eq!(verdicts[0].criterion.name, "channels at a boundary");
        verdicts[0].value
    };
    assert_eq!(at_boundary(&mut chip), 0.0);
    let mut offsets = chip.register_values(Register::CadcOffset).unwrap();
    for (channel, offset) in [(0, 127), (300, -128), (1023, 127)] {
        offsets[channel] = offset;
    }
    chip.write_register(Register::CadcOffset, &offsets).unwrap();
    assert_eq!(at_boundary(&mut chip), 3.0);
    // All of the second quadrant, of which none counted so far: columns 128…255 of the first
    // hemisphere, with two channels each. (Channel 300 is the acausal one of column 44.)
    let mut slopes = chip.register_values(Register::CadcIRampSlope).unwrap();
    slopes[1] = 1022;
    chip.write_register(Register::CadcIRampSlope, &slopes)
        .unwrap();
    chip.settle().unwrap();
    assert_eq!(at_boundary(&mut chip), 3.0 + 256.0);
}

#[test]
fn chips_of_any_size_are_judged() {
    for (hemispheres, inputs, columns) in [(1, 1, 2), (1, 3, 5), (3, 20, 300)] {
        let mut config = ChipConfig::typical();
        config.geometry = ArrayGeometry::new(hemispheres, inputs, columns).unwrap();
        let mut chip = SimulatedChip::new(&config.check().unwrap(), 1);
        for mode in ArrayMode::ALL {
            chip.set_mode(mode).unwrap();
            for group in Group::ALL {
                let verdicts = group.judge(&mut chip, None, 1).unwrap();
                assert_eq!(verdicts.len(), group.criteria().len(), "{group:?}");
                group.overwrite(&mut chip).unwrap();
            }
        }
    }
}

#[test]
fn as_many_columns_are_told_of_as_there_are() {
    let mut chip = SimulatedChip::new(&ChipConfig::typical().check().unwrap(), 1);
    for count in [0, 511, 513] {
        let working = vec![true; count];
        assert!(matches!(
            Group::Membrane.judge(&mut chip, Some(&working), 1),
            Err(CalibrationError::Control(
                ControlError::InstanceCount { .. }
            ))
        ));
    }
}
