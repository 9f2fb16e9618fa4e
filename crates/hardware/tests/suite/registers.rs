//! Registers act, when, where and as they should.

use bss2_core::{
    CadcChannel, ChipControl, ControlError, ReadoutSource, Region, Register, RunRequest, Scope,
};
use bss2_hardware::{ChipConfig, Fidelity, Imperfection, SimulatedChip};
use ndarray::{Array2, ArrayView1, Axis, concatenate};

use crate::support::{
    BSS2, chip, clean, codes, load, load_random, random_activations, random_weights, run, settings,
    sized, small_geometry, timed, to_f64, whole, write_all,
};

fn loaded() -> SimulatedChip {
    let config = ChipConfig::typical()
        .without(Imperfection::CapMemCrosstalk)
        .without(Imperfection::CapMemSettling)
        .without(Imperfection::StuckChannels);
    let mut chip = chip(sized(config, small_geometry()), 8);
    load_random(&mut chip, 1);
    chip
}

/// Registers under which a register shows.
fn prelude(register: Register) -> Option<(Register, i32)> {
    match register {
        Register::StpVCharge0 => Some((
            Register::ReadoutSource,
            ReadoutSource::DebugLine.register_value(),
        )),
        Register::StpICalib => Some((Register::StpOffset, 14)),
        Register::IBiasLeak | Register::VLeak => Some((Register::EnableLeak, 1)),
        _ => None,
    }
}

/// A chip on which a register shows.
fn prepared(register: Register) -> SimulatedChip {
    let mut chip = loaded();
    if let Some((other, value)) = prelude(register) {
        write_all(&mut chip, other, value);
        chip.settle().unwrap();
    }
    chip
}

/// Codes of both hemispheres, both channels side by side.
fn response(chip: &mut SimulatedChip) -> [Array2<u8>; 2] {
    let geometry = chip.control_geometry();
    let activations = random_activations((20, geometry.inputs()), 1);
    [0, 1].map(|hemisphere| {
        let request = RunRequest {
            settings: settings(2, 50),
            ..whole(geometry, hemisphere)
        };
        let both =
            CadcChannel::BOTH.map(|channel| codes(chip, &request, channel, activations.view()));
        concatenate(Axis(1), &[both[0].view(), both[1].view()]).expect("equal vectors")
    })
}

fn all(register: Register, value: i32) -> Vec<i32> {
    vec![value; register.instances(small_geometry())]
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
    for &register in Register::ALL {
        let mut chip = prepared(register);
        let before = response(&mut chip);
        for value in other_values(register) {
            write_all(&mut chip, register, value);
            chip.settle().unwrap();
            for (before, after) in before.iter().zip(response(&mut chip)) {
                assert_ne!(*before, after, "{register} = {value}");
            }
        }
    }
}

#[test]
fn every_instance_acts_where_it_belongs_and_nowhere_else() {
    let geometry = small_geometry();
    let columns = geometry.columns();
    for &register in Register::ALL {
        // The lumped model rounds elsewhere too: it works with means over all columns.
        let mut chip = prepared(register).with_fidelity(Fidelity::Transient);
        let before = response(&mut chip);
        let count = register.instances(geometry);
        let other = other_values(register)[0];
        for instance in [0, count / 4, count / 2 - 1, count / 2, count - 1] {
            let mut values = all(register, register.spec().reset);
            values[instance] = other;
            chip.write_register(register, &values).unwrap();
            chip.settle().unwrap();
            let after = response(&mut chip);
            let (hemisphere, index) = (instance / (count / 2), instance % (count / 2));
            assert_eq!(after[1 - hemisphere], before[1 - hemisphere], "{register}");
            // Columns 0…63 are those of the causal channels, 64…127 of the acausal ones.
            let moved = differing_columns(&after[hemisphere], &before[hemisphere]);
            let of_quadrant = |c: &usize| (c % columns) / (columns / 2) == index;
            match register.spec().scope {
                Scope::Channel => assert_eq!(moved, [index], "{register}"),
                Scope::Column => assert_eq!(moved, [index, index + columns], "{register}"),
                // The drivers of a quadrant reach all columns.
                Scope::Driver => assert!(moved.len() > columns, "{register}: {moved:?}"),
                Scope::Quadrant if matches!(register, Register::StpIRamp | Register::StpICalib) => {
                    assert!(moved.len() > columns, "{register}: {moved:?}");
                }
                Scope::Quadrant => {
                    assert!(moved.iter().all(of_quadrant), "{register}: {moved:?}");
                    assert!(moved.len() > columns * 9 / 10, "{register}: {moved:?}");
                }
            }
        }
    }
}

fn differing_columns(a: &Array2<u8>, b: &Array2<u8>) -> Vec<usize> {
    (0..a.ncols())
        .filter(|&c| a.column(c) != b.column(c))
        .collect()
}

#[test]
fn capmem_cells_act_after_they_settled_and_digital_registers_at_once() {
    for &register in Register::ALL {
        let mut chip = prepared(register);
        let before = response(&mut chip);
        let values = all(register, other_values(register)[0]);
        chip.write_register(register, &values).unwrap();
        assert_eq!(
            chip.register_values(register).unwrap(),
            values,
            "reads what was asked for"
        );
        let written = response(&mut chip);
        assert_eq!(written == before, register.spec().capmem, "{register}");
        chip.settle().unwrap();
        let settled = response(&mut chip);
        assert_ne!(settled, before, "{register}");
        assert_eq!(settled == written, !register.spec().capmem, "{register}");
    }
}

#[test]
fn a_digital_write_does_not_settle_the_capmem() {
    let mut chip = loaded();
    let reset = response(&mut chip);
    write_all(&mut chip, Register::CadcIRampSlope, 300);
    write_all(&mut chip, Register::CadcOffset, 0);
    load_random(&mut chip, 1);
    assert_eq!(response(&mut chip), reset);
}

#[test]
fn settling_without_writes_and_rewriting_the_same_change_nothing() {
    let mut chip = loaded();
    let reset = response(&mut chip);
    chip.settle().unwrap();
    assert_eq!(response(&mut chip), reset);
    for &register in Register::ALL {
        let values = chip.register_values(register).unwrap();
        chip.write_register(register, &values).unwrap();
    }
    chip.settle().unwrap();
    assert_eq!(response(&mut chip), reset);
}

#[test]
fn weights_may_be_loaded_before_or_after_registers_are_written() {
    let geometry = small_geometry();
    let other = random_weights((geometry.inputs(), geometry.columns()), 55);
    let region = Region::whole(geometry, 0);
    let write = |chip: &mut SimulatedChip| {
        for &register in Register::ALL {
            let reset = register.spec().reset;
            write_all(chip, register, if reset == 0 { 0 } else { reset * 5 / 6 });
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
    response(&mut between);
    load(&mut between, region, other.view());

    let expected = response(&mut weights_first);
    assert_eq!(response(&mut registers_first), expected);
    assert_eq!(response(&mut between), expected);
}

#[test]
fn bad_writes_are_refused_and_change_nothing() {
    let mut chip = loaded();
    let reset = response(&mut chip);
    for &register in Register::ALL {
        let spec = register.spec();
        let good = all(register, spec.min);
        let count = good.len();
        for short_or_long in [&good[1..], &[], &[good.as_slice(), &[spec.min]].concat()] {
            let expected = ControlError::InstanceCount {
                register,
                expected: count,
                found: short_or_long.len(),
            };
            assert_eq!(
                chip.write_register(register, short_or_long),
                Err(expected.clone())
            );
            let mut values = short_or_long.to_vec();
            assert_eq!(chip.read_register(register, &mut values), Err(expected));
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
    assert_eq!(response(&mut chip), reset);
}

#[test]
fn a_reset_restores_every_bit() {
    let mut chip = loaded();
    let reset = response(&mut chip);
    for &register in Register::ALL {
        // The readout source belongs to the mode.
        if register != Register::ReadoutSource {
            write_all(&mut chip, register, other_values(register)[0]);
        }
    }
    chip.settle().unwrap();
    assert_ne!(response(&mut chip), reset);
    // Also a write that has not settled yet is forgotten.
    write_all(&mut chip, Register::StpIRamp, 7);
    chip.reset_registers().unwrap();
    for &register in Register::ALL {
        assert_eq!(
            chip.register_values(register).unwrap(),
            all(register, register.spec().reset)
        );
    }
    assert_eq!(response(&mut chip), reset);
    chip.settle().unwrap();
    assert_eq!(response(&mut chip), reset);
}

/// Mean output under some values of registers, without noise or mismatch.
fn mean_under(values: &[(Register, i32)], weight: i8, wait: u32) -> f64 {
    let mut chip = chip(sized(clean(), small_geometry()), 1);
    let geometry = small_geometry();
    let shape = (geometry.inputs(), geometry.columns());
    load(
        &mut chip,
        Region::whole(geometry, 0),
        Array2::from_elem(shape, weight).view(),
    );
    for &(register, value) in values {
        write_all(&mut chip, register, value);
    }
    chip.settle().unwrap();
    let activations = Array2::from_elem((1, geometry.inputs()), 10_u8);
    let outputs = run(&mut chip, &timed(geometry, 4, wait), activations.view());
    to_f64(&outputs).mean().expect("columns")
}

#[test]
fn registers_act_in_the_documented_direction() {
    use Register as R;
    let leaking = Some((R::EnableLeak, 1));
    let debug = Some((R::ReadoutSource, ReadoutSource::DebugLine.register_value()));
    // (register, other register, weight, wait, smaller and larger value, whether outputs grow)
    for (register, other, weight, wait, low, high, grows) in [
        (R::CadcVRampOffset, None, 0, 5, 300, 400, false),
        (R::CadcIRampSlope, None, 20, 5, 200, 300, false),
        (R::SynIBiasDac, None, 20, 5, 500, 1022, true),
        (R::StpIRamp, None, 20, 5, 400, 600, true),
        (
            R::StpICalib,
            Some((R::StpOffset, 12)),
            20,
            5,
            200,
            800,
            true,
        ),
        (R::StpVCharge0, debug, 0, 5, 300, 400, true),
        (R::HagenDacOffset, None, 20, 5, 16, 48, true),
        (R::StpOffset, None, 20, 5, 4, 12, true),
        (R::CadcOffset, None, 0, 5, -20, 20, true),
        (R::VLeak, leaking, 0, 200, 300, 400, true),
        (R::VReset, None, 0, 5, 300, 400, true),
        (R::IBiasLeak, leaking, 20, 100, 100, 400, false),
        (R::IBiasSyninExcGm, None, 20, 5, 300, 600, true),
        (R::IBiasSyninInhGm, None, -20, 5, 300, 600, false),
        // A slower line loses less of its charge before it has become membrane signal.
        (R::IBiasSyninExcTau, None, 10, 5, 300, 600, false),
        (R::IBiasSyninInhTau, None, -10, 5, 300, 600, true),
        (R::IBiasSyninExcShift, None, 0, 25, 450, 550, true),
        (R::IBiasSyninInhShift, None, 0, 25, 450, 550, false),
        (R::EnableLeak, None, 20, 100, 0, 1, false),
        (R::ReducedCapacitance, None, 20, 5, 0, 1, true),
    ] {
        let [at_low, at_high] = [low, high].map(|value| {
            let values: Vec<_> = other.into_iter().chain([(register, value)]).collect();
            mean_under(&values, weight, wait)
        });
        assert!(
            (at_high - at_low).abs() > 2.0,
            "{register}: {at_low} {at_high}"
        );
        assert_eq!(at_high > at_low, grows, "{register}: {at_low} {at_high}");
    }
    let inert = |value| mean_under(&[(R::IBiasSyninInhGm, value)], 20, 5);
    assert_eq!(inert(300), inert(600));
}

#[test]
fn the_reset_loses_against_offset_currents_as_its_bias_falls() {
    let drifting = (Register::IBiasSyninExcShift, 700);
    let at = |bias| mean_under(&[drifting, (Register::IBiasReset, bias)], 0, 1);
    let (strong, weak) = (at(500), at(5));
    assert!(weak > strong + 3.0, "{strong} {weak}");
}

#[test]
fn full_size_quadrants_meet_in_the_middle() {
    let mut chip = chip(ChipConfig::typical().without_noise(), 8);
    load_random(&mut chip, 1);
    let activations = random_activations((20, 128), 1);
    let before = run(&mut chip, &whole(BSS2, 1), activations.view());
    let ramp = Register::CadcVRampOffset;
    chip.write_register(ramp, &[340, 340, 340, 400]).unwrap();
    chip.settle().unwrap();
    let after = run(&mut chip, &whole(BSS2, 1), activations.view());
    for c in 0..256 {
        let fell = difference(after.column(c), before.column(c));
        // Crosstalk moves the other quadrant by less than an LSB.
        assert!(c < 128 || fell < -20 * 15, "{c}: {fell}");
        assert!(c >= 128 || fell.abs() <= 20, "{c}: {fell}");
    }
}

/// Sum of the differences.
fn difference(a: ArrayView1<'_, i8>, b: ArrayView1<'_, i8>) -> i32 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| i32::from(a) - i32::from(b))
        .sum()
}
