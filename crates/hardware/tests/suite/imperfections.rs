//! Each imperfection by itself, and all of them together.

use bss2_hardware::{ChipConfig, Drawn, Imperfection};
use ndarray::Array2;
use toml::{Table, Value};

use crate::config::{response, small};
use crate::support::{
    chip, column_means, geometry, load_random, median, random_activations, run, sized, to_f64,
    whole,
};

/// The small chip with so many failures that some element fails, and cells that settle slowly.
fn imperfect() -> ChipConfig {
    let mut config = small();
    config.driver.failure_rate = 0.1;
    config.synapse.stuck_rate = 0.02;
    config.cadc.failure_rate = 0.1;
    config.capmem.settling_tau_ms = 10.0;
    config
}

/// A configuration between two others.
fn between(a: &ChipConfig, b: &ChipConfig, share: f64) -> ChipConfig {
    let [mut a, b] = [a, b].map(|config| Table::try_from(config).expect("plain data"));
    for (section, values) in &mut a {
        for (name, value) in values.as_table_mut().expect("a section") {
            if let (Value::Float(a), Value::Float(b)) = (value, &b[section][name]) {
                *a += share * (b - *a);
            }
        }
    }
    a.try_into().expect("known keys")
}

#[test]
fn each_can_be_switched_off_alone_and_moves_no_other_draw() {
    let with = imperfect();
    let typical = response(&with, 1);
    for &imperfection in Imperfection::ALL {
        let without = with.clone().without(imperfection);
        let off = response(&without, 1);
        assert!(off != typical, "{imperfection:?} is inert");
        // All but off: every draw takes place, and hardly counts.
        let nearly = response(&between(&without, &with, 1e-5), 1);
        let moved = off.iter().zip(&nearly).filter(|(a, b)| a != b);
        assert!(
            moved.clone().all(|(a, b)| a.abs_diff(*b) <= 1),
            "{imperfection:?}"
        );
        let moved = moved.count();
        assert!(moved * 100 < off.len(), "{imperfection:?}: {moved}");
    }
}

#[test]
fn a_larger_spread_keeps_its_pattern() {
    // Columns' offsets at three times the spread are three times as large.
    let offsets = |spread: f32| {
        let mut config = sized(crate::support::linear(), geometry(1, 1, 64));
        config.cadc.channel_offset_spread_lsb = spread;
        let mut chip = chip(config, 1);
        let request = whole(geometry(1, 1, 64), 0);
        to_f64(&run(&mut chip, &request, Array2::zeros((1, 1)).view()))
    };
    let deviation = 3.0 * offsets(10.0) - offsets(30.0);
    assert!(deviation.iter().all(|d| d.abs() <= 2.0), "{deviation}");
}

#[test]
fn noise_and_mismatch_are_told_apart_as_the_parameters_tell() {
    let drawn = |config: &ChipConfig, drawn: Drawn| -> Vec<f64> {
        let table = Table::try_from(config).expect("plain data");
        ChipConfig::parameters()
            .filter(|parameter| parameter.drawn == drawn)
            .map(|parameter| {
                let value = &table[parameter.section][parameter.name];
                value.as_float().expect("a parameter")
            })
            .collect()
    };
    let typical = ChipConfig::typical();
    let silent = typical.clone().without_noise();
    assert!(drawn(&silent, Drawn::PerTrial).iter().all(|v| *v == 0.0));
    assert_eq!(
        drawn(&silent, Drawn::PerChip),
        drawn(&typical, Drawn::PerChip)
    );
    let equal = typical.clone().without_mismatch();
    assert!(drawn(&equal, Drawn::PerChip).iter().all(|v| *v == 0.0));
    assert_eq!(
        drawn(&equal, Drawn::PerTrial),
        drawn(&typical, Drawn::PerTrial)
    );
}

#[test]
fn a_process_scales_all_that_is_drawn_per_chip_and_nothing_else() {
    let [better, typical, worse] = [
        ChipConfig::better_process(),
        ChipConfig::typical(),
        ChipConfig::worse_process(),
    ]
    .map(|config| {
        assert!(config.clone().check().is_ok());
        Table::try_from(config).expect("plain data")
    });
    for parameter in ChipConfig::parameters() {
        let of = |table: &Table| table[parameter.section][parameter.name].as_float();
        let [better, typical, worse] = [&better, &typical, &worse].map(|table| of(table).unwrap());
        let scales = parameter.drawn == Drawn::PerChip && parameter.section != "drift";
        let factor = if scales { 1.5 } else { 1.0 };
        let name = parameter.name;
        assert!((worse / typical / factor - 1.0).abs() < 1e-5, "{name}");
        assert!((typical / better / factor - 1.0).abs() < 1e-5, "{name}");
    }
}

#[test]
fn outputs_spread_more_the_worse_the_process() {
    let spread = |config: ChipConfig| {
        let deviations = (0..5).map(|seed| {
            let geometry = geometry(1, 64, 128);
            let mut chip = chip(sized(config.clone().without_noise(), geometry), seed);
            load_random(&mut chip, 1);
            let activations = random_activations((40, 64), 1);
            let outputs = to_f64(&run(&mut chip, &whole(geometry, 0), activations.view()));
            column_means(&outputs).std(1.0)
        });
        median(deviations.collect())
    };
    let [better, typical, worse] = [
        ChipConfig::better_process(),
        ChipConfig::typical(),
        ChipConfig::worse_process(),
    ]
    .map(spread);
    assert!(1.2 * better < typical, "{better} {typical}");
    assert!(1.2 * typical < worse, "{typical} {worse}");
}
