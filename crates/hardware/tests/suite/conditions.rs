//! What temperature and age do to a chip.

use bss2_core::{ChipControl, Region, Register};
use bss2_hardware::drift::AGE_MAX_S;
use bss2_hardware::temperature::TEMPERATURE_RANGE_CELSIUS;
use bss2_hardware::{ChipConfig, ConfigError, Fidelity, Imperfection, SimulatedChip};
use ndarray::{Array1, Array2};

use crate::support::{
    chip, clean, column_deviations, column_means, geometry, linear, load, load_random,
    random_activations, repeat, run, sized, timed, to_f64, write_all,
};

const COLUMNS: usize = 128;

fn loaded(config: ChipConfig) -> SimulatedChip {
    let geometry = geometry(1, 16, COLUMNS);
    let mut chip = chip(sized(config, geometry), 5);
    let weights = Array2::from_elem((16, COLUMNS), 40_i8);
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    chip
}

/// Outputs (vectors × columns) of the same vector many times, about 60 LSB at the reference.
fn outputs(chip: &mut SimulatedChip, activation: u8, times: usize) -> Array2<f64> {
    let batch = repeat(&Array2::from_elem((1, 16), activation), times);
    let request = timed(chip.control_geometry(), 5, 5);
    to_f64(&run(chip, &request, batch.view()))
}

#[test]
fn gain_and_noise_fall_with_temperature_and_noise_falls_less() {
    let mut chip = loaded(ChipConfig::typical().without(Imperfection::StuckChannels));
    let [cold, hot] = [40.0, 90.0].map(|celsius| {
        chip.set_temperature_celsius(celsius).unwrap();
        // Less what zeros show, which moves as well.
        let signal = outputs(&mut chip, 10, 400);
        let offset = outputs(&mut chip, 0, 400);
        let gain = (column_means(&signal) - column_means(&offset))
            .mean()
            .unwrap();
        let noise = column_deviations(&signal).mean().unwrap();
        (gain, noise)
    });
    let (gain, noise) = (hot.0 / cold.0, hot.1 / cold.1);
    // −0.15 % and −0.1 % per kelvin.
    assert!((gain - 0.925).abs() < 0.02, "{gain}");
    assert!((0.92..0.98).contains(&noise), "{noise}");
    assert!(noise > gain, "noise to signal rises");
}

#[test]
fn offsets_move_with_both_signs_and_least_near_the_reference() {
    let mut chip = loaded(ChipConfig::typical().without_noise());
    let mut offsets = |celsius: f32| {
        chip.set_temperature_celsius(celsius).unwrap();
        column_means(&outputs(&mut chip, 0, 1))
    };
    let reference = offsets(40.0);
    let moved: Vec<Array1<f64>> = [60.0, 90.0].map(|t| offsets(t) - &reference).into();
    let spreads = [moved[0].std(1.0), moved[1].std(1.0)];
    // 0.1 LSB per kelvin.
    assert!((spreads[1] / 5.0 - 1.0).abs() < 0.25, "{spreads:?}");
    assert!((spreads[0] / 2.0 - 1.0).abs() < 0.3, "{spreads:?}");
    let up = moved[1].iter().filter(|d| **d > 1.0).count();
    let down = moved[1].iter().filter(|d| **d < -1.0).count();
    assert!(up > COLUMNS / 4 && down > COLUMNS / 4, "{up} {down}");
    assert_eq!(offsets(40.0), reference, "back to the bit");
}

#[test]
fn drivers_leak_and_gains_change_with_temperature() {
    let relative_change = |change: fn(&mut ChipConfig), leak: i32, wait: u32| {
        let mut config = linear().without(Imperfection::Temperature);
        change(&mut config);
        let mut chip = loaded(config);
        write_all(&mut chip, Register::EnableLeak, leak);
        let batch = Array2::from_elem((1, 16), 10_u8);
        let request = timed(chip.control_geometry(), 5, wait);
        let [cold, hot] = [40.0, 80.0].map(|celsius| {
            chip.set_temperature_celsius(celsius).unwrap();
            to_f64(&run(&mut chip, &request, batch.view()))
        });
        (&hot - &cold) / &cold
    };
    let inert = relative_change(|_| (), 1, 5);
    assert!(inert.iter().all(|change| *change == 0.0));
    let gain = relative_change(|config| config.temperature.gain_per_kelvin = 0.002, 0, 5);
    assert!((gain.mean().unwrap() - 0.08).abs() < 0.01, "{gain}");
    let spread = relative_change(
        |config| config.temperature.gain_spread_per_kelvin = 0.002,
        0,
        5,
    );
    assert!((spread.std(1.0) / 0.08 - 1.0).abs() < 0.3, "{spread}");
    let leak = relative_change(|config| config.temperature.leak_per_kelvin = 0.02, 1, 100);
    assert!(leak.iter().all(|change| *change < -0.1), "{leak}");
    let drivers = relative_change(
        |config| {
            config
                .temperature
                .driver_offset_spread_activations_per_kelvin = 0.1;
        },
        0,
        5,
    );
    // Common to all columns: 16 drivers' offsets of 4 activation units each.
    assert!(
        drivers.std(1.0) < 0.02 && drivers.mean().unwrap().abs() > 0.02,
        "{drivers}"
    );
}

#[test]
fn temperatures_out_of_range_are_refused_and_change_nothing() {
    let mut chip = loaded(clean());
    for celsius in [f32::NAN, f32::INFINITY, -40.5, 125.5] {
        let refused = chip.set_temperature_celsius(celsius);
        assert!(
            matches!(
                refused,
                Err(ConfigError::OutOfRange { field: "temperature_celsius", min, max, .. })
                    if min == -40.0 && max == 125.0
            ),
            "{refused:?}"
        );
        assert_eq!(chip.temperature_celsius(), 40.0);
    }
    for celsius in [
        *TEMPERATURE_RANGE_CELSIUS.start(),
        *TEMPERATURE_RANGE_CELSIUS.end(),
    ] {
        chip.set_temperature_celsius(celsius).unwrap();
        assert_eq!(chip.temperature_celsius(), celsius);
    }
}

#[test]
fn a_chip_starts_without_drift_and_wanders_from_there() {
    let config = ChipConfig {
        drift: ChipConfig::typical().drift,
        ..clean()
    };
    let mut drifting = loaded(config.clone());
    let mut steady = loaded(config.without(Imperfection::Drift));
    let mut moved = |seconds: f64| {
        drifting.let_pass_s(seconds).unwrap();
        steady.let_pass_s(seconds).unwrap();
        let [a, b] = [&mut drifting, &mut steady].map(|chip| outputs(chip, 0, 1));
        (a - b).std(1.0)
    };
    assert_eq!(moved(0.0), 0.0);
    let early = moved(360.0);
    let late = moved(36_000.0);
    // 1 LSB · √(1 − e^(−0.2)), then 1 LSB; rounding adds a third.
    assert!((0.25..0.75).contains(&early), "{early}");
    assert!((0.85..1.25).contains(&late), "{late}");
}

#[test]
fn each_drift_acts_on_its_stage() {
    // Changes of each column's output under each driver alone (drivers × columns).
    let moved = |change: fn(&mut ChipConfig), activation: u8| {
        let mut config = linear().without(Imperfection::Drift);
        config.drift.tau_s = 100.0;
        change(&mut config);
        let mut chip = loaded(config);
        let each_driver = Array2::from_diag_elem(16, activation);
        let request = timed(chip.control_geometry(), 80, 5);
        let before = to_f64(&run(&mut chip, &request, each_driver.view()));
        chip.let_pass_s(1000.0).unwrap();
        to_f64(&run(&mut chip, &request, each_driver.view())) - before
    };
    let columns = |moved: &Array2<f64>| moved.row(0).std(1.0);
    let drivers = |moved: &Array2<f64>| moved.column(0).std(1.0);
    assert!(moved(|_| (), 10).iter().all(|d| *d == 0.0));

    let offset = moved(|config| config.drift.offset_lsb = 5.0, 0);
    assert!((columns(&offset) / 5.0 - 1.0).abs() < 0.25, "{offset}");
    assert_eq!(drivers(&offset), 0.0);

    let gain = |config: &mut ChipConfig| config.drift.gain = 0.1;
    assert!(moved(gain, 0).iter().all(|d| *d == 0.0));
    // Of 57.6 LSB a tenth.
    let gain = moved(gain, 10);
    assert!((columns(&gain) / 5.76 - 1.0).abs() < 0.25, "{gain}");
    assert!(drivers(&gain) < 0.6, "{gain}");

    // Two OTAs, 0.0035 LSB per µs and code, over 80 events 40 ns apart and the wait for the readout.
    let balance = moved(|config| config.drift.ota_balance_codes = 100.0, 10);
    let drifted = 100.0 * 2.0_f64.sqrt() * 0.0035 * 4.2;
    assert!(
        (columns(&balance) / drifted - 1.0).abs() < 0.25,
        "{balance}"
    );
    assert_eq!(drivers(&balance), 0.0);

    let driver = moved(|config| config.drift.driver_offset_activations = 1.0, 10);
    assert!((drivers(&driver) / 5.76 - 1.0).abs() < 0.5, "{driver}");
    assert_eq!(columns(&driver), 0.0);
}

#[test]
fn the_age_decides_and_not_how_it_came() {
    let config = sized(ChipConfig::typical(), geometry(1, 16, COLUMNS));
    let mut at_once = chip(config.clone(), 5);
    load_random(&mut at_once, 1);
    let mut in_parts = at_once.clone().with_fidelity(Fidelity::Lumped);
    at_once.let_pass_s(5400.0).unwrap();
    for seconds in [0.25, 3000.0, 0.0, 1999.75, 400.0] {
        in_parts.let_pass_s(seconds).unwrap();
        outputs(&mut in_parts, 3, 1);
    }
    assert_eq!(in_parts.age_s(), 5400.0);
    let x = random_activations((5, 16), 1);
    let request = timed(geometry(1, 16, COLUMNS), 1, 5);
    let expected = run(&mut at_once, &request, x.view());
    assert_eq!(run(&mut in_parts, &request, x.view()), expected);
    let mut other = chip(config, 6);
    other.let_pass_s(5400.0).unwrap();
    assert_ne!(run(&mut other, &request, x.view()), expected);
}

#[test]
fn times_out_of_range_are_refused_and_do_not_pass() {
    let mut chip = loaded(clean());
    chip.let_pass_s(10.0).unwrap();
    for seconds in [f64::NAN, f64::INFINITY, -1.0, AGE_MAX_S] {
        assert!(matches!(
            chip.let_pass_s(seconds),
            Err(ConfigError::OutOfRange { field: "seconds", max, .. }) if max == AGE_MAX_S - 10.0
        ));
        assert_eq!(chip.age_s(), 10.0);
    }
    chip.let_pass_s(AGE_MAX_S - 10.0).unwrap();
    assert_eq!(chip.age_s(), AGE_MAX_S);
}

#[test]
fn conditions_registers_and_weights_commute() {
    let build = |order: [usize; 3]| {
        let geometry = geometry(1, 16, COLUMNS);
        let config = sized(ChipConfig::typical().without_noise(), geometry);
        let mut chip = chip(config, 5);
        for step in order {
            match step {
                0 => {
                    chip.set_temperature_celsius(70.0).unwrap();
                    chip.let_pass_s(3000.0).unwrap();
                }
                1 => {
                    write_all(&mut chip, Register::IBiasSyninExcGm, 380);
                    write_all(&mut chip, Register::HagenDacOffset, 38);
                    chip.settle().unwrap();
                }
                _ => load_random(&mut chip, 1),
            }
            outputs(&mut chip, 7, 1);
        }
        let x = random_activations((5, 16), 1);
        run(&mut chip, &timed(geometry, 1, 5), x.view())
    };
    let expected = build([0, 1, 2]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(build(order), expected, "{order:?}");
    }
}
