//! What pulses bring onto lines and membranes, and when.

use std::iter::zip;

use bss2_core::{
    ArrayMode, CadcChannel, ChipControl, MacArray, PulseRequest, Region, Register, RunRequest,
    RunSettings, Trial,
};
use bss2_hardware::{Fidelity, Imperfection, SimulatedChip};
use ndarray::Array2;

use crate::support::{
    chip, clean, codes, geometry, linear, load, load_random, settings, sized, small_geometry,
    write_all,
};

use super::{causal, noiseless, pulsed, request, worst};

/// Compares pulses of each of some inputs with a multiplication in which that input alone is sent at
/// the longest activation, in both hemispheres.
fn assert_pulses_multiply(chip: &mut SimulatedChip, sends: u32, wait: u32) {
    let geometry = chip.mode().probe_geometry(chip.control_geometry());
    let most = match chip.fidelity() {
        Fidelity::Transient => 0,
        Fidelity::Lumped => 1,
    };
    let longest = Array2::from_elem((1, 1), 31_u8);
    for hemisphere in 0..geometry.hemispheres() {
        for first_input in [0, geometry.inputs() / 2 - 1, geometry.inputs() - 1] {
            let region = Region {
                hemisphere,
                first_input,
                inputs: 1,
                first_column: 3,
                columns: geometry.columns() - 5,
            };
            let both = pulsed(
                chip,
                &PulseRequest {
                    region,
                    events: sends,
                    interval_cycles: wait,
                    ..request(geometry, 0)
                },
                1,
            );
            let run_request = RunRequest {
                region,
                settings: settings(sends, wait),
                trial: Trial::new(1),
            };
            for (channel, found) in zip(CadcChannel::BOTH, both) {
                let expected = codes(chip, &run_request, channel, longest.view());
                let largest = zip(&found, &expected).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(
                    largest <= Some(most),
                    "{:?}, {channel:?}, {region}: {found} {expected}",
                    chip.mode()
                );
                // The pulses did something.
                let silent = codes(chip, &run_request, channel, Array2::zeros((1, 1)).view());
                let moved = zip(&found, &silent).filter(|(a, b)| a.abs_diff(**b) > 10);
                assert!(moved.count() > 20, "{found} {silent}");
            }
        }
    }
}

#[test]
fn pulses_of_one_input_are_a_multiplication_at_the_ceiling() {
    for fidelity in [Fidelity::Transient, Fidelity::Lumped] {
        for mode in [
            ArrayMode::Membrane,
            ArrayMode::Unsigned,
            ArrayMode::SynapticLine,
        ] {
            let mut chip = chip(sized(noiseless(), small_geometry()), 5).with_fidelity(fidelity);
            chip.set_mode(mode).unwrap();
            // As steep as can be, and early: every pulse of 31 reaches its ceiling.
            write_all(&mut chip, Register::StpIRamp, 1022);
            write_all(&mut chip, Register::HagenDacOffset, 63);
            let (sends, wait) = match mode {
                ArrayMode::SynapticLine => {
                    write_all(&mut chip, Register::IBiasSyninExcTau, 0);
                    (10, 7)
                }
                _ => (30, 20),
            };
            chip.settle().unwrap();
            let array = chip.geometry();
            // Weights of both signs where there are any, different in every row.
            let weights = Array2::from_shape_fn((array.inputs(), array.columns()), |(i, c)| {
                let weight = ((11 * i + 5 * c) % 127) as i8 - 63;
                weight.max(*mode.weights().start())
            });
            for hemisphere in 0..array.hemispheres() {
                load(&mut chip, Region::whole(array, hemisphere), weights.view());
            }
            assert_pulses_multiply(&mut chip, sends, wait);
        }
    }
}

#[test]
fn nothing_modulates_pulses() {
    let geometry = small_geometry();
    let mut config = sized(noiseless(), geometry);
    config.driver.jitter_activations = 3.0;
    let mut chip = chip(config, 1);
    load_random(&mut chip, 1);
    let request = request(geometry, 2);
    let before = pulsed(&mut chip, &request, 4);
    for channel in &before {
        assert!(channel.rows().into_iter().all(|row| row == channel.row(0)));
    }
    for (register, value) in [
        (Register::HagenDacOffset, 0),
        (Register::StpOffset, 15),
        (Register::StpIRamp, 50),
        (Register::StpICalib, 1022),
    ] {
        write_all(&mut chip, register, value);
    }
    // As far as these cells do not disturb others.
    chip.settle().unwrap();
    for (before, after) in zip(before, pulsed(&mut chip, &request, 4)) {
        let largest = zip(&before, &after).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(largest <= Some(1), "{before} {after}");
    }
}

#[test]
fn pulses_at_once_are_the_sum_of_their_charges() {
    let geometry = geometry(1, 32, 64);
    let mut config = sized(linear(), geometry);
    config.driver.ceiling_spread_activations = 3.0;
    config.synapse.smallest_bit_mismatch = 0.3;
    config.ota.gain_spread = 0.12;
    let mut chip = chip(config, 2);
    let weights = Array2::from_shape_fn((32, 64), |(i, c)| ((7 * i + 3 * c) % 81) as i8 - 40);
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    let of_inputs = |first_input: usize, inputs: usize| PulseRequest {
        region: Region {
            first_input,
            inputs,
            ..Region::whole(geometry, 0)
        },
        ..request(geometry, 9)
    };
    for first in [0, 5, 28] {
        let together = causal(&mut chip, &of_inputs(first, 4));
        let mut sum = vec![128.0; 64];
        for input in first..first + 4 {
            for (sum, code) in zip(&mut sum, causal(&mut chip, &of_inputs(input, 1))) {
                *sum += code - 128.0;
            }
        }
        // Five roundings.
        let worst = worst(zip(&together, &sum).map(|(a, b)| a - b));
        assert!(worst <= 2.5, "{worst}: {together:?} {sum:?}");
        let swing = worst_distance(&together, 128.0);
        assert!(swing > 50.0, "{swing}");
    }
}

fn worst_distance(codes: &[f64], from: f64) -> f64 {
    worst(codes.iter().map(|code| code - from))
}

#[test]
fn many_strong_pulses_at_once_saturate_the_otas() {
    let geometry = geometry(1, 128, 64);
    let config = sized(
        clean()
            .without(Imperfection::SoftEnds)
            .without(Imperfection::ResidualLeak),
        geometry,
    );
    let (line, ota) = (config.line.clone(), config.ota.clone());
    let ceiling = f64::from(config.driver.ceiling_activations);
    let mut chip = chip(config, 1);
    // The gain does not move the saturation, and keeps the results in range.
    let gain = 0.4;
    for register in [Register::IBiasSyninExcGm, Register::IBiasSyninInhGm] {
        write_all(&mut chip, register, (450.0 * gain) as i32);
    }
    chip.settle().unwrap();
    // Excitatory in the one half, inhibitory in the other.
    let weight = |c: usize| 2 * (c as i8 % 32) + if c < 32 { 1 } else { -63 };
    let weights = Array2::from_shape_fn((128, 64), |(_, c)| weight(c));
    load(&mut chip, Region::whole(geometry, 0), weights.view());

    let found = causal(&mut chip, &request(geometry, 2));
    let decay = 1.0 / f64::from(line.tau_syn_us) + 1.0 / f64::from(line.longest_tau_syn_us);
    let linear_range = f64::from(ota.linear_range_lsb) / f64::from(line.lsb_per_charge);
    let mut least = 1.0_f64;
    for (c, &code) in found.iter().enumerate() {
        let ratio = if c < 32 {
            1.0
        } else {
            -f64::from(ota.inhibitory_ratio)
        };
        let slope = ratio * gain * f64::from(ota.gain_lsb) / f64::from(line.tau_syn_us);
        let pulses = 128.0 * ceiling * f64::from(weight(c)).abs();
        // dq/dt = −q/τ and dV/dt = s·q_lin·tanh(q/q_lin), in steps of a nanosecond; events after 0.4
        // and 0.8 µs, the readout 1 µs later.
        let (mut charge, mut collected, mut unsaturated) = (0.0_f64, 0.0, 0.0);
        for ns in 0..1800 {
            if ns == 400 || ns == 800 {
                charge += pulses;
            }
            let middle = charge * (-0.0005 * decay).exp();
            collected += 0.001 * slope * linear_range * (middle / linear_range).tanh();
            unsaturated += 0.001 * slope * middle;
            charge *= (-0.001 * decay).exp();
        }
        assert!(
            (code - 128.0 - collected).abs() < 1.5,
            "{c}: {code} {collected}"
        );
        least = least.min(collected / unsaturated);
    }
    assert!(least < 0.5, "far in saturation: {least}");
}

/// A chip whose membranes leak with a τ of 60 µs from −29 LSB to 34 LSB, and nothing else happens.
fn leaking() -> SimulatedChip {
    let mut chip = chip(sized(linear(), geometry(2, 4, 8)), 1);
    write_all(&mut chip, Register::EnableLeak, 1);
    write_all(&mut chip, Register::VReset, 290);
    write_all(&mut chip, Register::VLeak, 400);
    chip.settle().unwrap();
    chip
}

#[test]
fn without_events_the_membranes_follow_the_leak() {
    let mut chip = leaking();
    let watched = PulseRequest {
        events: 0,
        region: Region::whole(chip.geometry(), 1),
        ..request(chip.geometry(), 0)
    };
    let (reset, leak) = (-50.0 / 1.75, 60.0 / 1.75);
    for cycles in (0..=75_000).step_by(2500).chain([1, 10, 100, 1_000_000]) {
        let time_us = f64::from(cycles) * RunSettings::CYCLE_US;
        let expected = 128.0 + leak + (reset - leak) * (-time_us / 60.0).exp();
        for interval_cycles in [1, 1000] {
            let found = causal(
                &mut chip,
                &PulseRequest {
                    interval_cycles,
                    readout_delay_cycles: cycles,
                    ..watched
                },
            );
            assert!(
                worst_distance(&found, expected) < 0.51,
                "{cycles}: {found:?} {expected}"
            );
        }
    }
}

#[test]
fn events_without_weight_are_nothing_but_time() {
    // In many steps what one step does.
    let mut chip = leaking();
    let geometry = chip.geometry();
    for (events, interval_cycles, readout_delay_cycles) in
        [(1, 1, 0), (10, 125, 125), (100, 100, 0), (1000, 10, 2500)]
    {
        let sent = PulseRequest {
            events,
            interval_cycles,
            readout_delay_cycles,
            ..request(geometry, 0)
        };
        let watched = PulseRequest {
            events: 0,
            readout_delay_cycles: events * interval_cycles + readout_delay_cycles,
            ..sent
        };
        assert_eq!(pulsed(&mut chip, &sent, 1), pulsed(&mut chip, &watched, 1));
    }
}

#[test]
fn membranes_that_leak_faster_than_their_lines_can_be_watched_for_long() {
    let mut chip = leaking();
    for (register, value) in [
        (Register::ReducedCapacitance, 1),
        (Register::IBiasLeak, 1022),
        (Register::IBiasSyninExcTau, 0),
        (Register::IBiasSyninInhTau, 0),
    ] {
        write_all(&mut chip, register, value);
    }
    chip.settle().unwrap();
    let geometry = chip.geometry();
    for readout_delay_cycles in [10_000, 100_000, PulseRequest::READOUT_DELAY_MAX] {
        let watched = PulseRequest {
            readout_delay_cycles,
            ..request(geometry, 0)
        };
        assert_eq!(causal(&mut chip, &watched), [162.0; 8]);
    }
}
