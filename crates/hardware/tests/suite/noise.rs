//! Trial-to-trial noise: how much, and what is common to what.

use bss2_core::{ChipControl, ReadoutSource, Region, Register, RunRequest, Trial};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::{Array2, Axis, concatenate};

use crate::support::{
    BSS2, chip, column_deviations, column_means, correlation, geometry, linear, load, load_random,
    median, random_activations, repeat, run, settings, sized, timed, to_f64, whole, write_all,
};

const TRIALS: usize = 500;

/// Outputs of both hemispheres side by side (trials × 512) with strong rows of both signs that
/// cancel in the mean.
fn trials(config: ChipConfig) -> Array2<f64> {
    let mut chip = chip(config, 1);
    let weights = Array2::from_shape_fn((128, 256), |(i, _)| if i % 2 == 0 { 60_i8 } else { -60 });
    let vector = Array2::from_elem((1, 128), 15_u8);
    let batch = repeat(&vector, TRIALS);
    let halves = [0, 1].map(|hemisphere| {
        load(&mut chip, Region::whole(BSS2, hemisphere), weights.view());
        to_f64(&run(&mut chip, &whole(BSS2, hemisphere), batch.view()))
    });
    concatenate(Axis(1), &[halves[0].view(), halves[1].view()]).expect("equal trials")
}

/// Mean correlation over some pairs of columns.
fn mean_correlation(values: &Array2<f64>, pairs: impl Iterator<Item = (usize, usize)>) -> f64 {
    let all: Vec<f64> = pairs.map(|(a, b)| correlation(values, a, b)).collect();
    all.iter().sum::<f64>() / all.len() as f64
}

/// Mean correlations within a quadrant, across the quadrants of a hemisphere, and across
/// hemispheres.
fn correlations(values: &Array2<f64>) -> [f64; 3] {
    let pairs = |distance| (0..100).map(move |c| (c, c + distance));
    [27, 128, 256].map(|distance| mean_correlation(values, pairs(distance)))
}

#[test]
fn a_single_pass_has_the_published_deviation() {
    let deviations: Vec<f64> = (1..=3)
        .map(|seed| {
            let mut chip = chip(ChipConfig::typical(), seed);
            load_random(&mut chip, seed);
            let batch = repeat(&random_activations((1, 128), seed), TRIALS);
            let outputs = to_f64(&run(&mut chip, &whole(BSS2, 0), batch.view()));
            column_deviations(&outputs).mean().expect("256 columns")
        })
        .collect();
    assert!(
        (1.2..=2.0).contains(&median(deviations.clone())),
        "{deviations:?}"
    );
}

#[test]
fn a_chip_without_noise_repeats_itself() {
    let mut chip = chip(ChipConfig::typical().without_noise(), 1);
    load_random(&mut chip, 1);
    let batch = repeat(&random_activations((1, 128), 1), 20);
    let outputs = run(&mut chip, &whole(BSS2, 0), batch.view());
    assert!(outputs.rows().into_iter().all(|row| row == outputs.row(0)));
}

#[test]
fn jitter_is_common_to_the_columns_of_a_hemisphere() {
    let mut config = linear();
    config.driver.jitter_activations = 3.0;
    let [within, across, hemispheres] = correlations(&trials(config));
    assert!(within > 0.95 && across > 0.95, "{within} {across}");
    assert!(hemispheres.abs() < 0.2, "{hemispheres}");
}

#[test]
fn jitter_grows_with_the_root_of_the_sends() {
    let mut config = linear();
    config.driver.jitter_activations = 3.0;
    let deviation = |sends| {
        let mut chip = chip(config.clone(), 1);
        let weights = Array2::from_elem((128, 256), 63_i8);
        load(&mut chip, Region::whole(BSS2, 0), weights.view());
        // One row that is far enough from a zero amplitude and from the ceiling.
        let mut vector = Array2::zeros((1, 128));
        vector[[0, 0]] = 16_u8;
        let request = RunRequest {
            settings: settings(sends, 5),
            ..whole(BSS2, 0)
        };
        let outputs = to_f64(&run(&mut chip, &request, repeat(&vector, 2000).view()));
        column_deviations(&outputs)[0]
    };
    let (few, many) = (deviation(9), deviation(36));
    assert!((many / few - 2.0).abs() < 0.15, "{few} {many}");
}

#[test]
fn zeros_have_no_jitter() {
    let mut config = linear();
    config.driver.jitter_activations = 10.0;
    let mut chip = chip(config, 1);
    load_random(&mut chip, 1);
    let outputs = run(&mut chip, &whole(BSS2, 0), Array2::zeros((50, 128)).view());
    assert!(outputs.iter().all(|&out| out == 0));
}

#[test]
fn ramp_noise_is_common_to_a_quadrant_only() {
    let mut config = linear();
    config.noise.ramp_lsb = 4.0;
    let [within, across, hemispheres] = correlations(&trials(config));
    assert!(within > 0.97, "{within}");
    assert!(
        across.abs() < 0.2 && hemispheres.abs() < 0.2,
        "{across} {hemispheres}"
    );
}

#[test]
fn column_noise_is_independent() {
    for source in 0..3 {
        let mut config = linear();
        match source {
            0 => config.noise.read_lsb = 4.0,
            1 => config.noise.reset_lsb = 4.0,
            _ => config.noise.integration_lsb_per_sqrt_us = 2.0,
        }
        let values = trials(config);
        assert!(column_deviations(&values).iter().all(|&d| d > 3.0));
        for mean in correlations(&values) {
            // Of 100 pairs of 500 trials: 0.0045.
            assert!(mean.abs() < 0.02, "{mean}");
        }
        let neighbours = mean_correlation(&values, (0..255).map(|c| (c, c + 1)));
        assert!(neighbours.abs() < 0.015, "{neighbours}");
    }
}

#[test]
fn constant_noises_have_their_configured_deviation() {
    for source in 0..3 {
        let mut config = linear();
        match source {
            0 => config.noise.read_lsb = 3.0,
            1 => config.noise.reset_lsb = 3.0,
            _ => config.noise.ramp_lsb = 3.0,
        }
        let values = trials(config);
        let variances = column_deviations(&values).mapv(|d| d * d);
        let variance = variances.mean().expect("columns");
        // A quadrant has one draw per trial: 4 · 500 draws, 2.2 % of the deviation, four of them.
        assert!((variance.sqrt() - 3.0).abs() < 0.2, "{}", variance.sqrt());
        assert!(column_means(&values).mean().expect("columns").abs() < 0.3);
    }
}

#[test]
fn integration_noise_grows_with_the_root_of_the_time() {
    let mut config = linear();
    config.noise.integration_lsb_per_sqrt_us = 1.0;
    let deviation = |wait| {
        let mut chip = chip(config.clone(), 1);
        let batch = Array2::from_elem((TRIALS, 128), 1_u8);
        let request = RunRequest {
            settings: settings(1, wait),
            trial: Trial::new(3),
            ..whole(BSS2, 0)
        };
        let outputs = to_f64(&run(&mut chip, &request, batch.view()));
        let variances = column_deviations(&outputs).mapv(|d| d * d - 1.0 / 12.0);
        variances.mean().expect("columns")
    };
    for wait in [1, 5, 40] {
        let expected = f64::from(wait) * 0.008 * 128.0 + 1.0;
        let found = deviation(wait);
        assert!((found / expected - 1.0).abs() < 0.05, "{found} {expected}");
    }
}

#[test]
fn a_source_switched_off_leaves_the_others() {
    // In a linear chip the noises add up: all together are the sum of each alone.
    let switch: [fn(&mut ChipConfig); 3] = [
        |config| config.driver.jitter_activations = 3.0,
        |config| config.noise.read_lsb = 4.0,
        |config| config.noise.ramp_lsb = 4.0,
    ];
    let with = |on: [bool; 3]| {
        let mut config = linear();
        for (set, on) in switch.iter().zip(on) {
            if on {
                set(&mut config);
            }
        }
        trials(config)
    };
    let silent = with([false; 3]);
    let alone: Vec<Array2<f64>> = (0..3)
        .map(|source| with(std::array::from_fn(|i| i == source)) - &silent)
        .collect();
    for noise in &alone {
        assert!(column_deviations(noise).iter().all(|&d| d > 2.0));
    }
    for on in [
        [true, true, true],
        [true, true, false],
        [true, false, true],
        [false, true, true],
    ] {
        let mut expected = silent.clone();
        for (noise, on) in alone.iter().zip(on) {
            if on {
                expected += noise;
            }
        }
        let worst = (with(on) - expected)
            .iter()
            .fold(0.0_f64, |worst, d| worst.max(d.abs()));
        // Four roundings of at most half an LSB each, and one of the silent chip.
        assert!(worst <= 2.5, "{on:?}: {worst}");
    }
}

#[test]
fn the_deviations_of_the_independent_sources_share_their_draws() {
    let mut alone = linear();
    alone.noise.read_lsb = 3.0;
    let mut both = linear();
    both.noise.read_lsb = 2.0;
    both.noise.reset_lsb = 5.0_f32.sqrt();
    let (alone, both) = (trials(alone), trials(both));
    let worst = (&alone - &both)
        .iter()
        .fold(0.0_f64, |worst, d| worst.max(d.abs()));
    assert!(worst <= 1.0, "{worst}");
}

/// Variance of the outputs of a chip whose only noise is that of integration, less rounding's.
fn integration_variance(registers: &[(Register, i32)], wait: u32) -> f64 {
    let geometry = geometry(1, 32, 64);
    let mut config = sized(linear(), geometry);
    config.noise.integration_lsb_per_sqrt_us = 1.0;
    let mut chip = chip(config, 1);
    for &(register, value) in registers {
        write_all(&mut chip, register, value);
    }
    chip.settle().unwrap();
    let batch = Array2::from_elem((TRIALS, 32), 1_u8);
    let outputs = to_f64(&run(&mut chip, &timed(geometry, 1, wait), batch.view()));
    let variances = column_deviations(&outputs).mapv(|d| d * d - 1.0 / 12.0);
    variances.mean().expect("columns")
}

#[test]
fn integration_noise_grows_with_the_bias_and_with_less_capacitance_and_is_forgotten_by_a_leak() {
    use Register as R;
    // 32 · 50 · 8 ns and the delay.
    let time = 13.8;
    let near = |found: f64, expected: f64| {
        assert!((found / expected - 1.0).abs() < 0.05, "{found} {expected}");
    };
    near(integration_variance(&[], 50), time);
    let doubled = [(R::IBiasSyninExcGm, 900), (R::IBiasSyninInhGm, 900)];
    near(integration_variance(&doubled, 50), 2.0 * time);
    near(
        integration_variance(&[(R::ReducedCapacitance, 1)], 50),
        4.0 * time,
    );
    // τ = 30 µs: σ²·τ/2·(1 − exp(−2T/τ)).
    let leaking = [(R::EnableLeak, 1), (R::IBiasLeak, 400)];
    let expected = 15.0 * (1.0 - (-2.0 * time / 30.0_f64).exp());
    near(integration_variance(&leaking, 50), expected);
}

#[test]
fn line_noise_is_of_the_lines_and_reset_and_integration_noise_of_the_membranes() {
    let variance = |set: fn(&mut ChipConfig), source: ReadoutSource| {
        let geometry = geometry(1, 2, 64);
        let mut config = sized(linear(), geometry);
        set(&mut config);
        let mut chip = chip(config, 1);
        write_all(&mut chip, Register::ReadoutSource, source.register_value());
        let batch = Array2::zeros((TRIALS, 2));
        let outputs = to_f64(&run(&mut chip, &whole(geometry, 0), batch.view()));
        column_deviations(&outputs).mapv(|d| d * d).mean().unwrap()
    };
    let line = |config: &mut ChipConfig| config.noise.line_lsb = 3.0;
    let reset = |config: &mut ChipConfig| config.noise.reset_lsb = 3.0;
    let integration = |config: &mut ChipConfig| config.noise.integration_lsb_per_sqrt_us = 3.0;
    for (set, sources) in [
        (
            line as fn(&mut ChipConfig),
            [ReadoutSource::ExcitatoryLine, ReadoutSource::InhibitoryLine].as_slice(),
        ),
        (reset, &[ReadoutSource::Membrane]),
        (integration, &[ReadoutSource::Membrane]),
    ] {
        for source in ReadoutSource::ALL {
            let found = variance(set, source);
            let expected = if sources.contains(&source) { 9.08 } else { 0.0 };
            assert!((found - expected).abs() < 0.4, "{source:?}: {found}");
        }
    }
}

#[test]
fn the_reset_is_quieter_the_stronger_it_is() {
    let variance = |bias: i32| {
        let geometry = geometry(1, 1, 64);
        let mut config = sized(linear(), geometry);
        config.noise.reset_lsb = 4.0;
        let mut chip = chip(config, 1);
        write_all(&mut chip, Register::IBiasReset, bias);
        chip.settle().unwrap();
        let batch = Array2::zeros((TRIALS, 1));
        let outputs = to_f64(&run(&mut chip, &whole(geometry, 0), batch.view()));
        column_deviations(&outputs).mapv(|d| d * d).mean().unwrap()
    };
    let ratio = variance(250) / variance(1000);
    assert!((ratio / 4.0 - 1.0).abs() < 0.08, "{ratio}");
}

/// Standard deviation of the outputs of events without weight, less what rounding adds.
fn deviation_after(chip: &mut SimulatedChip, num_sends: u32) -> f64 {
    let activations = Array2::from_elem((300, 128), 1_u8);
    let outputs = to_f64(&run(chip, &timed(BSS2, num_sends, 5), activations.view()));
    let variances = outputs.var_axis(Axis(0), 1.0);
    (variances.mean().unwrap() - 1.0 / 12.0).max(0.0).sqrt()
}

#[test]
fn noise_of_integration_and_reset_forget_with_the_leak() {
    for (integration, reset) in [(2.0, 0.0), (0.0, 5.0)] {
        let mut config = linear();
        config.noise = ChipConfig::typical().without_noise().noise;
        config.noise.integration_lsb_per_sqrt_us = integration;
        config.noise.reset_lsb = reset;
        let mut chip = chip(config, 1);
        write_all(&mut chip, Register::EnableLeak, 1);
        for (leak, num_sends) in [(20, 1), (200, 10), (200, 100), (1000, 100)] {
            write_all(&mut chip, Register::IBiasLeak, leak);
            chip.settle().unwrap();
            let rate = f64::from(leak) / 200.0 / 60.0;
            let time = 128.0 * f64::from(num_sends) * 0.04 + 1.0;
            let grown = (1.0 - (-2.0 * rate * time).exp()) / (2.0 * rate);
            let integrated = f64::from(integration).powi(2) * grown;
            let kept = (f64::from(reset) * (-rate * time).exp()).powi(2);
            let expected = (integrated + kept).sqrt();
            let found = deviation_after(&mut chip, num_sends);
            assert!(
                (found - expected).abs() < 0.03 * expected + 0.2,
                "{leak}, {num_sends}: {found}, {expected}"
            );
        }
    }
}
