//! What is shown of them, and what is refused.

use std::iter::zip;

use bss2_core::{
    ArrayError, ArrayMode, ChipControl, ChipProbe, MacArray, PulseRequest, ReadoutSource, Region,
    Register, RunRequest,
};
use bss2_hardware::{ChipConfig, Fidelity, SimulatedChip};
use ndarray::Array2;

use crate::support::{
    chip, clean, geometry, load, random_activations, run, sized, small_geometry, whole, write_all,
};

use super::{causal, pulsed, request};

/// A ramp that takes CapMem values of 70…550 in.
fn wide_ramp(chip: &mut SimulatedChip) {
    write_all(chip, Register::CadcIRampSlope, 240);
    write_all(chip, Register::CadcVRampOffset, 270);
}

#[test]
fn the_debug_line_is_straight_and_the_membrane_bends() {
    let geometry = geometry(1, 4, 8);
    let mut chip = chip(sized(clean(), geometry), 1);
    wide_ramp(&mut chip);
    let at_once = PulseRequest {
        readout_delay_cycles: 0,
        ..request(geometry, 0)
    };
    let values: Vec<i32> = (70..=550).step_by(20).collect();
    let mut read = |source: ReadoutSource, register: Register| -> Vec<f64> {
        write_all(&mut chip, Register::ReadoutSource, source.register_value());
        values
            .iter()
            .map(|&value| {
                write_all(&mut chip, register, value);
                chip.settle().unwrap();
                let codes = causal(&mut chip, &at_once);
                assert!(codes.iter().all(|code| *code == codes[0]));
                codes[0]
            })
            .collect()
    };
    // A code is worth 1.75 · 1.2 cells; 340 is 40 LSB above the ramp's start of 270.
    let straight = |value: i32| (f64::from(value - 270) / 1.75 + 128.0) / 1.2;
    let debug = read(ReadoutSource::DebugLine, Register::StpVCharge0);
    for (&value, code) in zip(&values, &debug) {
        assert!((code - straight(value)).abs() < 0.51, "{value}: {code}");
    }
    assert!(
        debug[0] > 5.0 && debug[24] < 250.0,
        "the ramp fits: {debug:?}"
    );

    let membrane = read(ReadoutSource::Membrane, Register::VReset);
    let bend = |value: i32| membrane[(value as usize - 70) / 20] - straight(value);
    assert!(bend(70) > 20.0 && bend(550) < -2.0, "{membrane:?}");
    assert!(bend(330).abs() < 1.0, "{membrane:?}");
}

#[test]
fn lines_do_not_bend_either() {
    let geometry = geometry(1, 32, 8);
    let mut chip = chip(sized(clean(), geometry), 1);
    let slow = [Register::IBiasSyninExcTau, Register::IBiasSyninInhTau];
    for register in slow {
        write_all(&mut chip, register, 0);
    }
    wide_ramp(&mut chip);
    chip.settle().unwrap();
    // Both lines of every column fill up.
    for (source, sign) in [
        (ReadoutSource::ExcitatoryLine, 1),
        (ReadoutSource::InhibitoryLine, -1),
    ] {
        write_all(&mut chip, Register::ReadoutSource, source.register_value());
        let weights = Array2::from_shape_fn((32, 8), |(_, c)| sign * 5 * c as i8);
        load(&mut chip, Region::whole(geometry, 0), weights.view());
        let at_once = PulseRequest {
            readout_delay_cycles: 0,
            ..request(geometry, 1)
        };
        for (c, code) in causal(&mut chip, &at_once).iter().enumerate() {
            let voltage = -6.0 - 0.0036 * 32.0 * 33.0 * 5.0 * c as f64;
            let expected = (voltage + 40.0 + 128.0) / 1.2;
            assert!((code - expected).abs() < 0.51, "{c}: {code} {expected}");
        }
    }
}

#[test]
fn bad_pulses_are_refused_and_leave_the_codes() {
    let physical = geometry(1, 4, 8);
    let mut chip = chip(sized(clean(), physical), 1);
    // As many inputs and columns as the mode's, which are not the chip's.
    chip.set_mode(ArrayMode::SynapticLine).unwrap();
    let geometry = chip.mode().probe_geometry(physical);
    let good = request(geometry, 1);
    let mut refused = |request: PulseRequest, shapes: [(usize, usize); 2]| {
        let [mut causal, mut acausal] = shapes.map(|shape| Array2::from_elem(shape, 9));
        let result = chip.read_pulses(&request, [causal.view_mut(), acausal.view_mut()]);
        let unchanged = causal.iter().chain(&acausal).all(|code| *code == 9);
        assert_eq!(unchanged, result.is_err());
        result.err()
    };
    let shapes = [(2, 8); 2];
    assert_eq!(refused(good, shapes), None);
    let longest = PulseRequest {
        events: 1000,
        interval_cycles: 1000,
        ..good
    };
    assert_eq!(refused(longest, shapes), None);

    let whole = good.region;
    for region in [
        Region { inputs: 9, ..whole },
        Region {
            first_column: 1,
            ..whole
        },
        Region {
            columns: 0,
            ..whole
        },
        Region {
            hemisphere: 1,
            ..whole
        },
        Region {
            first_input: usize::MAX,
            ..whole
        },
    ] {
        let expected = ArrayError::RegionOutside { region, geometry };
        assert_eq!(
            refused(PulseRequest { region, ..good }, shapes),
            Some(expected)
        );
    }
    for (shapes, which) in [
        ([(2, 7), (2, 8)], "codes"),
        ([(2, 8), (2, 7)], "acausal codes"),
        ([(2, 8), (3, 8)], "acausal codes"),
    ] {
        let refused = refused(good, shapes);
        assert!(
            matches!(refused, Some(ArrayError::Shape { what, .. }) if what == which),
            "{refused:?}"
        );
    }
    let setting = |name, value, min, max| {
        Some(ArrayError::SettingOutOfRange {
            name,
            value,
            min,
            max,
        })
    };
    let of = |events, interval_cycles, readout_delay_cycles| PulseRequest {
        events,
        interval_cycles,
        readout_delay_cycles,
        ..good
    };
    assert_eq!(
        refused(of(1001, 1, 0), shapes),
        setting("events", 1001, 0, 1000)
    );
    for interval in [0, 1001] {
        assert_eq!(
            refused(of(0, interval, 0), shapes),
            setting("interval_cycles", interval, 1, 1000)
        );
    }
    assert_eq!(
        refused(of(1, 1, 1_000_001), shapes),
        setting("readout_delay_cycles", 1_000_001, 0, 1_000_000)
    );
}

#[test]
fn the_sensor_shows_the_temperature() {
    fn sensed(chip: &mut impl ChipProbe) -> Option<f64> {
        chip.temperature_celsius()
    }
    let config = ChipConfig::typical();
    let reference = config.temperature.reference_celsius;
    let mut chip = chip(sized(config, small_geometry()), 1);
    assert_eq!(sensed(&mut chip), Some(f64::from(reference)));
    for celsius in [-40.0, 36.6, 125.0_f32] {
        chip.set_temperature_celsius(celsius).unwrap();
        assert_eq!(sensed(&mut chip), Some(f64::from(celsius)));
    }
    assert!(chip.set_temperature_celsius(200.0).is_err());
    assert_eq!(sensed(&mut chip), Some(125.0));
}

#[test]
fn pulses_do_not_depend_on_the_fidelity_and_leave_the_chip_as_it_was() {
    let geometry = small_geometry();
    let vectors = random_activations((5, 32), 1);
    for mode in [
        ArrayMode::Membrane,
        ArrayMode::Unsigned,
        ArrayMode::SynapticLine,
    ] {
        let fresh = chip(sized(ChipConfig::typical(), geometry), 4);
        let mut chips =
            [Fidelity::Lumped, Fidelity::Transient].map(|f| fresh.clone().with_fidelity(f));
        for chip in &mut chips {
            chip.set_mode(mode).unwrap();
            let array = chip.geometry();
            for hemisphere in [0, 1] {
                let weights = crate::support::random_weights((array.inputs(), array.columns()), 1);
                let weights = weights.mapv(|weight| weight.max(*mode.weights().start()));
                load(chip, Region::whole(array, hemisphere), weights.view());
            }
        }
        let array = mode.probe_geometry(geometry);
        for hemisphere in [0, 1] {
            let request = PulseRequest {
                region: Region::whole(array, hemisphere),
                ..request(array, 3)
            };
            // Registers and conditions that change between a run and pulses.
            for (step, register) in [Register::SynIBiasDac, Register::VReset].iter().enumerate() {
                let all = chips.each_mut().map(|chip| {
                    write_all(chip, *register, 300);
                    chip.settle().unwrap();
                    chip.let_pass_s(1000.0).unwrap();
                    chip.set_temperature_celsius(60.0).unwrap();
                    // Pulses fold the circuit anew; a run afterwards has to notice.
                    let mut without = chip.clone();
                    let pulses = pulsed(chip, &request, 5);
                    let run_request = RunRequest {
                        region: Region {
                            inputs: 32,
                            ..Region::whole(chip.geometry(), hemisphere)
                        },
                        ..whole(geometry, hemisphere)
                    };
                    let after = run(chip, &run_request, vectors.view());
                    let expected = run(&mut without, &run_request, vectors.view());
                    assert_eq!(after, expected, "{mode:?}, {step}");
                    assert_eq!(pulses, pulsed(chip, &request, 5));
                    pulses
                });
                assert_eq!(all[0], all[1], "{mode:?}, {register}");
            }
        }
    }
}
