//! Failed drivers, and the noise of pulses.

use std::iter::zip;

use bss2_core::{
    ArrayGeometry, CadcChannel, ChipControl, ChipProbe, PulseRequest, ReadoutSource, Region,
    Register, RunRequest, Trial,
};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::{Array2, s};

use crate::support::{
    chip, codes, column_deviations, column_means, correlation_of, geometry, linear, load_random,
    sized, small_geometry, timed, write_all,
};

use super::{noiseless, pulsed, request};

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

/// Noise of a conversion is noise of the voltage: each channel shows it at its own gain, whatever the
/// other one has.
#[test]
fn each_channel_has_the_noise_of_its_own_gain() {
    let geometry = small_geometry();
    let shown = |column_noise_lsb: f32| {
        let mut config = sized(linear(), geometry);
        config.cadc.channel_gain_spread = 0.2;
        config.noise.read_lsb = column_noise_lsb;
        chip(config, 1)
    };
    // Gains are told by what a rise of the membranes' potential becomes.
    let rise = |chip: &mut SimulatedChip| {
        let request = request(geometry, 0);
        let reset = Register::VReset.spec().reset;
        let [low, high] = [reset, reset + 40].map(|potential| {
            write_all(chip, Register::VReset, potential);
            chip.settle().unwrap();
            pulsed(chip, &request, 1)
        });
        [0, 1].map(|channel| {
            let codes = high[channel].iter().zip(&low[channel]);
            codes
                .map(|(high, low)| f64::from(*high) - f64::from(*low))
                .collect::<Vec<_>>()
        })
    };
    let rises = rise(&mut shown(0.0));
    let all = rises.iter().flatten();
    let usual = all.clone().sum::<f64>() / all.count() as f64;
    let found = pulsed(&mut shown(4.0), &request(geometry, 0), REPETITIONS);
    for (rises, codes) in zip(rises, found) {
        let deviations = column_deviations(&codes.mapv(f64::from));
        for (rise, deviation) in zip(rises, deviations) {
            let expected = 4.0 * rise / usual;
            assert!(
                (deviation / expected - 1.0).abs() < 0.1,
                "{deviation}, {expected}"
            );
        }
    }
}

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
    // More than are converted at once.
    let whole = pulsed(&mut chip, &first, 700);
    assert_eq!(whole, pulsed(&mut chip, &first, 700));

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
    for (start, count) in [(0, 1), (7, 20), (320, 20), (650, 50)] {
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
