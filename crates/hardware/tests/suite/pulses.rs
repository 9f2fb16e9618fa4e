//! Simultaneous pulses, what both channels of a column see of them, and the temperature sensor.

use std::iter::zip;

use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, CadcChannel, ChipControl, ChipProbe, MacArray,
    PulseRequest, ReadoutSource, Region, Register, RunRequest, RunSettings, Trial,
};
use bss2_hardware::{ChipConfig, Fidelity, Imperfection, SimulatedChip};
use ndarray::{Array2, s};

use crate::support::{
    chip, clean, codes, column_deviations, column_means, correlation_of, geometry, linear, load,
    load_random, random_activations, run, settings, sized, small_geometry, timed, whole, write_all,
};

/// The usual readout after some events, 0.4 µs apart, on a whole hemisphere.
fn request(geometry: ArrayGeometry, events: u32) -> PulseRequest {
    PulseRequest {
        region: Region::whole(geometry, 0),
        trial: Trial::new(1),
        events,
        interval_cycles: 50,
        readout_delay_cycles: PulseRequest::USUAL_READOUT_DELAY,
    }
}

/// Codes of both channels of a good request.
fn pulsed(
    chip: &mut impl ChipProbe,
    request: &PulseRequest,
    repetitions: usize,
) -> [Array2<u8>; 2] {
    let shape = (repetitions, request.region.columns);
    let [mut causal, mut acausal] = [Array2::zeros(shape), Array2::zeros(shape)];
    chip.read_pulses(request, [causal.view_mut(), acausal.view_mut()])
        .expect("a good request");
    [causal, acausal]
}

/// Codes of the causal channels of one repetition.
fn causal(chip: &mut impl ChipProbe, request: &PulseRequest) -> Vec<f64> {
    let [causal, _] = pulsed(chip, request, 1);
    causal.iter().map(|code| f64::from(*code)).collect()
}

/// A chip with mismatch, without noise.
fn noiseless() -> ChipConfig {
    ChipConfig::preset("noiseless")
        .expect("a preset")
        .without(Imperfection::StuckChannels)
        .without(Imperfection::FailedDrivers)
}

fn worst(found: impl IntoIterator<Item = f64>) -> f64 {
    found.into_iter().fold(0.0, |worst, d| worst.max(d.abs()))
}

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

#[test]
fn failed_drivers_send_no_pulses() {
    let geometry = small_geometry();
    let with = |failure_rate: f32| {
        let mut config = sized(noiseless(), geometry);
        config.driver.failure_rate = failure_rate;
        let mut chip = chip(config, 1);
        load_random(&mut chip, 1);
        chip
    };
    let request = PulseRequest {
        interval_cycles: 10,
        ..request(geometry, 12)
    };
    let mut dead = with(1.0);
    let found = pulsed(&mut dead, &request, 1);
    let silent = pulsed(&mut chip(sized(noiseless(), geometry), 1), &request, 1);
    assert_eq!(found, silent);
    assert_ne!(pulsed(&mut with(0.0), &request, 1), silent);

    // Those that send no events.
    let mut some = with(0.3);
    let mut failed = 0;
    for first_input in 0..geometry.inputs() {
        let region = Region {
            first_input,
            inputs: 1,
            ..request.region
        };
        let run_request = RunRequest {
            region,
            ..timed(geometry, 12, 10)
        };
        let [sent, none] = [31_u8, 0].map(|x| {
            let x = Array2::from_elem((1, 1), x);
            codes(&mut some, &run_request, CadcChannel::Causal, x.view())
        });
        let [found, _] = pulsed(&mut some, &PulseRequest { region, ..request }, 1);
        // Time alone drifts by less.
        let differ = |a: &Array2<u8>, b| zip(a, b).any(|(a, b): (&u8, &u8)| a.abs_diff(*b) > 5);
        assert_eq!(
            differ(&found, &silent[0]),
            differ(&sent, &none),
            "{first_input}"
        );
        failed += usize::from(!differ(&sent, &none));
    }
    assert!((3..20).contains(&failed), "{failed}");
}

const REPETITIONS: usize = 2000;

/// Codes of many repetitions of a chip with some noise and nothing else, of both channels.
fn noisy(geometry: ArrayGeometry, set: fn(&mut ChipConfig)) -> [Array2<f64>; 2] {
    let mut config = sized(linear(), geometry);
    set(&mut config);
    let mut chip = chip(config, 1);
    write_all(&mut chip, Register::EnableLeak, 1);
    write_all(&mut chip, Register::IBiasLeak, 1000);
    chip.settle().unwrap();
    pulsed(&mut chip, &request(geometry, 20), REPETITIONS).map(|codes| codes.mapv(f64::from))
}

/// Mean variance of the columns, less that of rounding.
fn mean_variance(codes: &Array2<f64>) -> f64 {
    let variances = column_deviations(codes).mapv(|d| d * d - 1.0 / 12.0);
    variances.mean().expect("columns")
}

/// Mean covariance of both channels of a column.
fn mean_covariance([a, b]: &[Array2<f64>; 2]) -> f64 {
    let centred = |codes: &Array2<f64>| codes - &column_means(codes);
    (centred(a) * centred(b)).sum() / ((a.nrows() - 1) * a.ncols()) as f64
}

#[test]
fn both_channels_share_the_noise_of_what_they_look_at() {
    let geometry = geometry(1, 2, 64);
    // 20 events 0.4 µs apart and 1 µs; τ = 12 µs.
    let (time, rate) = (9.0_f64, 1.0 / 12.0);
    let kept = (-rate * time).exp();
    let remembered = (1.0 - kept * kept) / (2.0 * rate);
    let check = |set: fn(&mut ChipConfig), total: f64, shared: f64, tolerance: f64| {
        let both = noisy(geometry, set);
        let covariance = mean_covariance(&both);
        assert!(
            (covariance - shared).abs() < tolerance,
            "{covariance} {shared}"
        );
        for codes in &both {
            let variance = mean_variance(codes);
            assert!((variance - total).abs() < tolerance, "{variance} {total}");
        }
    };
    let integration = 4.0 * remembered;
    let reset = 36.0 * kept * kept;
    check(
        |config| config.noise.integration_lsb_per_sqrt_us = 2.0,
        integration,
        integration,
        0.5,
    );
    check(|config| config.noise.reset_lsb = 6.0, reset, reset, 0.3);
    // Two quadrants of 2000 draws.
    check(|config| config.noise.ramp_lsb = 4.0, 16.0, 16.0, 1.6);
    check(|config| config.noise.read_lsb = 4.0, 16.0, 0.0, 0.5);
    check(
        |config| {
            config.noise.integration_lsb_per_sqrt_us = 2.0;
            config.noise.reset_lsb = 6.0;
            config.noise.read_lsb = 4.0;
        },
        integration + reset + 16.0,
        integration + reset,
        1.0,
    );
}

#[test]
fn a_line_s_noise_is_shared_and_the_debug_line_has_none_but_that_of_the_conversion() {
    let deviations = |source: ReadoutSource| {
        let mut config = sized(linear(), geometry(1, 2, 64));
        config.noise.line_lsb = 3.0;
        config.noise.read_lsb = 2.0;
        config.noise.reset_lsb = 5.0;
        config.noise.integration_lsb_per_sqrt_us = 5.0;
        let mut chip = chip(config, 1);
        write_all(&mut chip, Register::ReadoutSource, source.register_value());
        let both = pulsed(&mut chip, &request(geometry(1, 2, 64), 3), REPETITIONS);
        let both = both.map(|codes| codes.mapv(f64::from));
        (mean_variance(&both[0]), mean_covariance(&both))
    };
    for (source, total, shared) in [
        (ReadoutSource::ExcitatoryLine, 13.0, 9.0),
        (ReadoutSource::InhibitoryLine, 13.0, 9.0),
        (ReadoutSource::DebugLine, 4.0, 0.0),
    ] {
        let (variance, covariance) = deviations(source);
        assert!((variance - total).abs() < 0.4, "{source:?}: {variance}");
        assert!(
            (covariance - shared).abs() < 0.4,
            "{source:?}: {covariance}"
        );
    }
}

#[test]
fn a_pulse_is_as_noisy_as_a_multiplication_of_the_same_time() {
    let geometry = geometry(1, 4, 128);
    let mut config = sized(linear(), geometry);
    config.noise = ChipConfig::typical().noise;
    config.noise.reset_lsb = 2.0;
    config.noise.integration_lsb_per_sqrt_us = 1.0;
    let mut chip = chip(config, 1);
    write_all(&mut chip, Register::EnableLeak, 1);
    chip.settle().unwrap();
    for (sends, wait) in [(1, 1), (4, 50), (20, 50)] {
        let sent = PulseRequest {
            events: 4 * sends,
            interval_cycles: wait,
            ..request(geometry, 0)
        };
        let both = pulsed(&mut chip, &sent, REPETITIONS);
        let vectors = Array2::from_elem((REPETITIONS, 4), 1_u8);
        for (channel, found) in zip(CadcChannel::BOTH, both) {
            let multiplied = codes(
                &mut chip,
                &timed(geometry, sends, wait),
                channel,
                vectors.view(),
            );
            let [found, expected] =
                [found, multiplied].map(|codes| mean_variance(&codes.mapv(f64::from)));
            assert!(
                (found / expected - 1.0).abs() < 0.03,
                "{sends}, {wait}: {found} {expected}"
            );
        }
    }
}

#[test]
fn columns_and_repetitions_have_noise_of_their_own_and_quadrants_a_ramp() {
    let geometry = geometry(2, 2, 64);
    let mean =
        |correlations: Vec<f64>| correlations.iter().sum::<f64>() / correlations.len() as f64;
    // Of neighbouring columns and of those of different quadrants.
    let of_columns = |codes: &Array2<f64>, distance: usize| {
        let pairs = (0..32).map(|c| {
            let [a, b] = [c, c + distance].map(|c| codes.column(c).to_owned());
            correlation_of(&a, &b)
        });
        mean(pairs.collect())
    };
    let of_repetitions = |codes: &Array2<f64>| {
        let columns = (0..64).map(|c| {
            let column = codes.column(c);
            let [earlier, later] = [column.slice(s![..-1]), column.slice(s![1..])];
            correlation_of(&earlier.to_owned(), &later.to_owned())
        });
        mean(columns.collect())
    };
    let read: fn(&mut ChipConfig) = |config| config.noise.read_lsb = 4.0;
    let integrated: fn(&mut ChipConfig) = |config| config.noise.integration_lsb_per_sqrt_us = 2.0;
    for set in [read, integrated] {
        for codes in noisy(geometry, set) {
            assert!(of_repetitions(&codes).abs() < 0.012);
            assert!(of_columns(&codes, 1).abs() < 0.02);
            assert!(of_columns(&codes, 32).abs() < 0.02);
        }
    }
    for codes in noisy(geometry, |config| config.noise.ramp_lsb = 4.0) {
        // One pair of 32 is that of the quadrants' border.
        assert!(of_columns(&codes, 1) > 0.93, "the same ramp");
        assert!(of_columns(&codes, 32).abs() < 0.08, "the other ramp");
        assert!(of_repetitions(&codes).abs() < 0.08);
    }
}

#[test]
fn the_noise_of_a_pulse_is_that_of_its_trial() {
    let geometry = small_geometry();
    let mut chip = chip(sized(ChipConfig::typical(), geometry), 3);
    load_random(&mut chip, 1);
    let first = PulseRequest {
        region: Region {
            hemisphere: 1,
            first_column: 5,
            columns: 50,
            ..Region::whole(geometry, 1)
        },
        ..request(geometry, 2)
    };
    let whole = pulsed(&mut chip, &first, 40);
    assert_eq!(whole, pulsed(&mut chip, &first, 40));

    for trial in [
        Trial::new(2),
        Trial {
            pass: 1,
            ..first.trial
        },
    ] {
        let other = pulsed(&mut chip, &PulseRequest { trial, ..first }, 40);
        for (other, whole) in zip(&other, &whole) {
            let differing = zip(other, whole).filter(|(a, b)| a != b).count();
            assert!(differing > 900, "{trial:?}: {differing} of 2000");
        }
    }

    // A batch in parts, and a part of the columns.
    for (start, count) in [(0, 1), (7, 20), (39, 1)] {
        let trial = Trial {
            first_vector: start as u64,
            ..first.trial
        };
        let region = Region {
            first_column: 25,
            columns: 13,
            ..first.region
        };
        let part = pulsed(
            &mut chip,
            &PulseRequest {
                region,
                trial,
                ..first
            },
            count,
        );
        for (part, whole) in zip(part, &whole) {
            assert_eq!(part, whole.slice(s![start..start + count, 20..33]));
        }
    }
    assert_eq!(pulsed(&mut chip, &first, 0)[1].nrows(), 0);
}

#[test]
fn codes_may_lie_anywhere_in_memory() {
    let geometry = small_geometry();
    let mut chip = chip(sized(ChipConfig::typical(), geometry), 3);
    load_random(&mut chip, 1);
    let request = request(geometry, 2);
    let [causal, acausal] = pulsed(&mut chip, &request, 6);

    // Every other repetition of an array, every third column of it; and one transposed.
    let mut scattered = Array2::from_elem((12, 192), 9_u8);
    let mut transposed = Array2::from_elem((64, 6), 9_u8);
    chip.read_pulses(
        &request,
        [
            scattered.slice_mut(s![..;2, 1..;3]),
            transposed.view_mut().reversed_axes(),
        ],
    )
    .expect("a good request");
    assert_eq!(scattered.slice(s![..;2, 1..;3]), causal);
    assert_eq!(transposed.t(), acausal);
    assert!(scattered.slice(s![1..;2, ..]).iter().all(|code| *code == 9));
    assert!(scattered.slice(s![.., ..;3]).iter().all(|code| *code == 9));
}

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
