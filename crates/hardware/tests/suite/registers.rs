//! Registers act, when and as they should.

use bss2_core::{ChipControl, ControlError, Region, Register};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::Array2;

use crate::support::{
    BSS2, chip, load, load_random, random_activations, random_weights, run, whole,
};

fn loaded() -> SimulatedChip {
    let mut chip = chip(ChipConfig::typical(), 8);
    load_random(&mut chip, 1);
    chip
}

/// Outputs of both hemispheres.
fn outputs(chip: &mut SimulatedChip) -> [Array2<i8>; 2] {
    let activations = random_activations((10, 128), 1);
    [0, 1].map(|hemisphere| run(chip, &whole(BSS2, hemisphere), activations.view()))
}

fn all(register: Register, value: i32) -> Vec<i32> {
    vec![value; register.instances(BSS2)]
}

/// Values other than the reset value: both ends of the range and one within.
fn other_values(register: Register) -> Vec<i32> {
    let spec = register.spec();
    let mut values = vec![spec.min, i32::midpoint(spec.reset, spec.min), spec.max];
    values.retain(|&v| v != spec.reset);
    values
}

#[test]
fn every_register_acts() {
    let mut chip = loaded();
    let reset = outputs(&mut chip);
    for &register in Register::ALL {
        for value in other_values(register) {
            chip.write_register(register, &all(register, value))
                .unwrap();
            chip.settle().unwrap();
            let changed = outputs(&mut chip);
            for hemisphere in 0..2 {
                assert_ne!(
                    changed[hemisphere], reset[hemisphere],
                    "{register} = {value}"
                );
            }
        }
        chip.reset_registers().unwrap();
    }
}

#[test]
fn every_instance_acts_where_it_belongs_and_nowhere_else() {
    let mut chip = loaded();
    let reset = outputs(&mut chip);
    for &register in Register::ALL {
        let count = register.instances(BSS2);
        for instance in [0, count / 2 - 1, count / 2, count - 1] {
            let mut values = all(register, register.spec().reset);
            values[instance] = register.spec().min;
            chip.write_register(register, &values).unwrap();
            chip.settle().unwrap();
            let changed = outputs(&mut chip);
            let hemisphere = instance / (count / 2);
            assert_ne!(
                changed[hemisphere], reset[hemisphere],
                "{register} {instance}"
            );
            assert_eq!(
                changed[1 - hemisphere],
                reset[1 - hemisphere],
                "{register} {instance}"
            );
            let columns = differing_columns(&changed[hemisphere], &reset[hemisphere]);
            let index = instance % (count / 2);
            match register {
                Register::CadcOffset | Register::IBiasSyninExcGm | Register::IBiasSyninInhGm => {
                    assert_eq!(columns, [index], "{register}");
                }
                Register::CadcVRampOffset | Register::CadcIRampSlope | Register::SynIBiasDac => {
                    assert!(columns.iter().all(|c| c / 128 == index), "{register}");
                    assert!(columns.len() > 120, "{register}");
                }
                _ => assert!(columns.len() > 60, "{register}: drivers reach all columns"),
            }
        }
        chip.reset_registers().unwrap();
    }
}

fn differing_columns(a: &Array2<i8>, b: &Array2<i8>) -> Vec<usize> {
    (0..a.ncols())
        .filter(|&c| a.column(c) != b.column(c))
        .collect()
}

#[test]
fn capmem_cells_act_after_they_settled_and_digital_registers_at_once() {
    let mut chip = loaded();
    let reset = outputs(&mut chip);
    for &register in Register::ALL {
        let values = all(register, register.spec().min);
        chip.write_register(register, &values).unwrap();
        assert_eq!(
            chip.register_values(register).unwrap(),
            values,
            "reads what was asked for"
        );
        let before = outputs(&mut chip);
        assert_eq!(before == reset, register.spec().capmem, "{register}");
        chip.settle().unwrap();
        let settled = outputs(&mut chip);
        assert_ne!(settled, reset, "{register}");
        assert_eq!(settled == before, !register.spec().capmem, "{register}");
        chip.reset_registers().unwrap();
    }
}

#[test]
fn a_digital_write_does_not_settle_the_capmem() {
    let mut chip = loaded();
    let reset = outputs(&mut chip);
    let slope = Register::CadcIRampSlope;
    chip.write_register(slope, &all(slope, 300)).unwrap();
    let offset = Register::CadcOffset;
    chip.write_register(offset, &all(offset, 0)).unwrap();
    load(
        &mut chip,
        Region::whole(BSS2, 0),
        random_weights((128, 256), 1).view(),
    );
    assert_eq!(outputs(&mut chip), reset);
}

#[test]
fn settling_without_writes_and_rewriting_the_same_change_nothing() {
    let mut chip = loaded();
    let reset = outputs(&mut chip);
    chip.settle().unwrap();
    assert_eq!(outputs(&mut chip), reset);
    for &register in Register::ALL {
        let values = chip.register_values(register).unwrap();
        chip.write_register(register, &values).unwrap();
    }
    chip.settle().unwrap();
    assert_eq!(outputs(&mut chip), reset);
}

#[test]
fn weights_may_be_loaded_before_or_after_registers_are_written() {
    let other = random_weights((128, 256), 55);
    let region = Region::whole(BSS2, 0);
    let write = |chip: &mut SimulatedChip| {
        for &register in Register::ALL {
            let value = other_values(register)[0].max(register.spec().reset / 2);
            chip.write_register(register, &all(register, value))
                .unwrap();
        }
        chip.settle().unwrap();
    };
    let mut weights_first = loaded();
    load(&mut weights_first, region, other.view());
    write(&mut weights_first);
    let mut registers_first = loaded();
    write(&mut registers_first);
    load(&mut registers_first, region, other.view());
    let mut between = loaded();
    write(&mut between);
    outputs(&mut between);
    load(&mut between, region, other.view());

    let expected = outputs(&mut weights_first);
    assert_eq!(outputs(&mut registers_first), expected);
    assert_eq!(outputs(&mut between), expected);
}

#[test]
fn bad_writes_are_refused_and_change_nothing() {
    let mut chip = loaded();
    let reset = outputs(&mut chip);
    for &register in Register::ALL {
        let spec = register.spec();
        let good = all(register, spec.min);
        let count = good.len();
        for short_or_long in [&good[1..], &[], &[good.as_slice(), &[spec.min]].concat()] {
            assert_eq!(
                chip.write_register(register, short_or_long),
                Err(ControlError::InstanceCount {
                    register,
                    expected: count,
                    found: short_or_long.len()
                })
            );
        }
        for value in [spec.min - 1, spec.max + 1, i32::MIN, i32::MAX] {
            let mut values = good.clone();
            values[count - 1] = value;
            assert_eq!(
                chip.write_register(register, &values),
                Err(ControlError::ValueOutOfRange {
                    register,
                    instance: count - 1,
                    value,
                    min: spec.min,
                    max: spec.max
                })
            );
        }
        assert_eq!(
            chip.register_values(register).unwrap(),
            all(register, spec.reset)
        );
    }
    chip.settle().unwrap();
    assert_eq!(outputs(&mut chip), reset);
}

#[test]
fn a_reset_restores_every_bit() {
    let mut chip = loaded();
    let reset = outputs(&mut chip);
    for &register in Register::ALL {
        chip.write_register(register, &all(register, other_values(register)[0]))
            .unwrap();
    }
    chip.settle().unwrap();
    assert_ne!(outputs(&mut chip), reset);
    // Also a write that has not settled yet is forgotten.
    let ramp = Register::StpIRamp;
    chip.write_register(ramp, &all(ramp, 7)).unwrap();
    chip.reset_registers().unwrap();
    for &register in Register::ALL {
        assert_eq!(
            chip.register_values(register).unwrap(),
            all(register, register.spec().reset)
        );
    }
    assert_eq!(outputs(&mut chip), reset);
    chip.settle().unwrap();
    assert_eq!(outputs(&mut chip), reset);
}

/// Mean output of both hemispheres under one value of a register, without noise or mismatch.
fn mean_under(register: Register, value: i32, weight: i8) -> f64 {
    let mut chip = chip(ChipConfig::typical().without_noise().without_mismatch(), 1);
    let weights = Array2::from_elem((128, 256), weight);
    load(&mut chip, Region::whole(BSS2, 0), weights.view());
    chip.write_register(register, &all(register, value))
        .expect("a value in range");
    chip.settle().unwrap();
    let activations = Array2::from_elem((1, 128), 10_u8);
    let outputs = run(&mut chip, &whole(BSS2, 0), activations.view());
    outputs.mapv(f64::from).mean().expect("columns")
}

#[test]
fn registers_act_in_the_documented_direction() {
    // (register, weight, smaller value, larger value, whether outputs grow with the register)
    for (register, weight, low, high, grows) in [
        (Register::CadcVRampOffset, 0, 300, 400, false),
        (Register::CadcIRampSlope, 20, 200, 300, false),
        (Register::SynIBiasDac, 20, 500, 1022, true),
        (Register::StpIRamp, 20, 400, 600, true),
        (Register::HagenDacOffset, 20, 16, 48, true),
        (Register::CadcOffset, 0, -20, 20, true),
        (Register::IBiasSyninExcGm, 20, 300, 600, true),
        (Register::IBiasSyninInhGm, -20, 300, 600, false),
    ] {
        let (at_low, at_high) = (
            mean_under(register, low, weight),
            mean_under(register, high, weight),
        );
        assert!(
            (at_high - at_low).abs() > 2.0,
            "{register}: {at_low} {at_high}"
        );
        assert_eq!(at_high > at_low, grows, "{register}: {at_low} {at_high}");
    }
    let inert = Register::IBiasSyninInhGm;
    assert_eq!(mean_under(inert, 300, 20), mean_under(inert, 600, 20));
}
