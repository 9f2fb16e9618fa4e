//! Laws over all parameters, found by walking the serialised configuration.

use bss2_core::{ChipControl, ChipProbe, MacArray, Region, Register, RunRequest, Trial};
use bss2_hardware::{ChipConfig, ConfigError};
use ndarray::Array2;
use toml::{Table, Value};

use crate::support::{chip, geometry, load, random_activations, random_weights, settings};

/// The typical configuration on a small array, so that chips are drawn quickly.
fn small() -> ChipConfig {
    ChipConfig {
        geometry: geometry(2, 16, 32),
        ..ChipConfig::typical()
    }
}

fn to_table(config: &ChipConfig) -> Table {
    Table::try_from(config).expect("plain data")
}

fn from_table(table: Table) -> ChipConfig {
    table.try_into().expect("known keys")
}

/// Section and name of every parameter that is not a whole number.
fn parameters() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (section, values) in to_table(&small()) {
        let Value::Table(values) = values else {
            panic!("{section} is not a section");
        };
        for (name, value) in values {
            match value {
                Value::Float(_) => found.push((section.clone(), name)),
                Value::Integer(_) => assert_eq!(section, "geometry"),
                other => panic!("{section}.{name}: no law covers {other:?}"),
            }
        }
    }
    found
}

fn get(config: &ChipConfig, section: &str, name: &str) -> f64 {
    to_table(config)[section][name]
        .as_float()
        .expect("a parameter")
}

fn with(config: &ChipConfig, section: &str, name: &str, value: f64) -> ChipConfig {
    let mut table = to_table(config);
    table[section][name] = Value::Float(value);
    from_table(table)
}

/// Field, smallest and largest value named when a value is refused.
fn refusal(config: ChipConfig) -> Option<(String, f64, f64)> {
    match config.check() {
        Ok(_) => None,
        Err(ConfigError::OutOfRange {
            field, min, max, ..
        }) => Some((field.to_owned(), min, max)),
        Err(other) => panic!("{other}"),
    }
}

/// Range of a parameter, as the error of a huge value tells it.
fn range(section: &str, name: &str) -> (f64, f64) {
    let (_, min, max) =
        refusal(with(&small(), section, name, 1e30)).expect("every parameter has a largest value");
    (min, max)
}

/// Codes under a broad stimulus: baselines, single rows up to both ends, dense vectors, long
/// integration, with registers at and off their reset values.
fn response(config: &ChipConfig, seed: u64) -> Vec<u8> {
    let mut chip = chip(config.clone(), seed);
    let geometry = chip.geometry();
    let mut codes = Vec::new();
    for off_reset in [0, 1] {
        for &register in Register::ALL {
            let spec = register.spec();
            let step = if spec.capmem { 60 } else { 12 };
            let value = (spec.reset + off_reset * step).min(spec.max - 100 * off_reset);
            let value = if register == Register::HagenDacOffset {
                spec.reset + off_reset * 20
            } else {
                value
            };
            chip.write_register(register, &vec![value; register.instances(geometry)])
                .expect("a value in range");
        }
        chip.settle().unwrap();
        for hemisphere in 0..geometry.hemispheres() {
            let region = Region::whole(geometry, hemisphere);
            let shape = (region.inputs, region.columns);
            for (divisor, sends, wait) in [(1, 1, 1), (1, 8, 5), (12, 20, 200)] {
                let weights = random_weights(shape, seed) / divisor;
                load(&mut chip, region, weights.view());
                let mut activations = random_activations((12, region.inputs), seed);
                activations.row_mut(0).fill(0);
                activations.row_mut(1).fill(31);
                let request = RunRequest {
                    region,
                    settings: settings(sends, wait),
                    trial: Trial::new(seed),
                };
                let mut read = Array2::zeros((12, region.columns));
                chip.read_cadc(&request, activations.view(), read.view_mut())
                    .expect("a good request");
                codes.extend(read);
            }
            // One row alone, with all weights, to both ends of the range.
            let weights = Array2::from_shape_fn(shape, |(_, c)| (-63 + c as i32 * 126 / 31) as i8);
            load(&mut chip, region, weights.view());
            let mut one_row = Array2::zeros((1, region.inputs));
            one_row[[0, 1]] = 31_u8;
            let request = RunRequest {
                region,
                settings: settings(60, 5),
                trial: Trial::new(seed),
            };
            let mut read = Array2::zeros((1, region.columns));
            chip.read_cadc(&request, one_row.view(), read.view_mut())
                .expect("a good request");
            codes.extend(read);
        }
    }
    codes
}

#[test]
fn every_parameter_acts() {
    const SEEDS: [u64; 3] = [1, 2, 3];
    let typical = SEEDS.map(|seed| response(&small(), seed));
    let parameters = parameters();
    assert!(parameters.len() > 25, "{parameters:?}");
    for (section, name) in parameters {
        let value = get(&small(), &section, &name);
        let (min, max) = range(&section, &name);
        // A rate must be set large to hit one of few elements, everything else acts by a quarter.
        let changed = if name.ends_with("_rate") {
            0.3
        } else {
            (value * 1.25).clamp(min, max)
        };
        assert_ne!(changed, value, "{section}.{name}");
        let config = with(&small(), &section, &name, changed);
        assert!(
            SEEDS
                .iter()
                .zip(&typical)
                .any(|(&seed, typical)| response(&config, seed) != *typical),
            "{section}.{name} is inert"
        );
    }
}

#[test]
fn the_geometry_acts() {
    let sizes = geometry(3, 5, 7);
    let config = ChipConfig {
        geometry: sizes,
        ..small()
    };
    let mut chip = chip(config, 1);
    assert_eq!(chip.geometry(), sizes);
    assert_eq!(chip.control_geometry(), sizes);
    assert_eq!(
        chip.register_values(Register::HagenDacOffset)
            .unwrap()
            .len(),
        3 * 5
    );
    assert_eq!(
        chip.register_values(Register::CadcOffset).unwrap().len(),
        3 * 7
    );
}

#[test]
fn every_parameter_refuses_what_is_no_number_or_out_of_range_and_is_named() {
    for (section, name) in parameters() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30, -1e30] {
            let refused = refusal(with(&small(), &section, &name, value));
            let field = refused.map(|(field, ..)| field);
            assert_eq!(field, Some(format!("{section}.{name}")), "{value}");
        }
    }
}

#[test]
fn just_beyond_both_ends_is_refused() {
    for (section, name) in parameters() {
        let (min, max) = range(&section, &name);
        for end in [min, max] {
            let step = (end.abs() * 1e-3).max(1e-3) * if end == min { -1.0 } else { 1.0 };
            let refused = refusal(with(&small(), &section, &name, end + step));
            let field = refused.map(|(field, ..)| field);
            assert_eq!(field, Some(format!("{section}.{name}")), "{}", end + step);
        }
    }
}

#[test]
fn both_ends_of_every_range_are_accepted() {
    let mut refused = Vec::new();
    for (section, name) in parameters() {
        let (min, max) = range(&section, &name);
        for end in [min, max] {
            if refusal(with(&small(), &section, &name, end)).is_some() {
                refused.push(format!("{section}.{name} = {end}"));
            }
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn chips_at_both_ends_of_every_range_can_be_drawn_and_read() {
    for (section, name) in parameters() {
        let (min, max) = range(&section, &name);
        for inside in [1e-6, 1.0 - 1e-6] {
            let config = with(&small(), &section, &name, min + (max - min) * inside);
            // Every code is a number; what matters is that there is one for each column.
            assert_eq!(
                response(&config, 1).len(),
                2 * 2 * 32 * 37,
                "{section}.{name}"
            );
        }
    }
}

#[test]
fn unknown_keys_are_refused_in_every_section() {
    let mut table = to_table(&small());
    let sections: Vec<String> = table.keys().cloned().collect();
    assert_eq!(sections.len(), 7);
    table.insert("surprise".to_owned(), Value::Float(1.0));
    let error = table.try_into::<ChipConfig>().unwrap_err().to_string();
    assert!(error.contains("surprise"), "{error}");
    for section in sections {
        let mut table = to_table(&small());
        table[&section]
            .as_table_mut()
            .unwrap()
            .insert("surprise".to_owned(), Value::Float(1.0));
        let error = table.try_into::<ChipConfig>().unwrap_err().to_string();
        assert!(error.contains("surprise"), "{section}: {error}");
    }
}

#[test]
fn text_and_back_is_the_identity() {
    for config in [
        ChipConfig::typical(),
        ChipConfig::typical().without_noise(),
        ChipConfig::typical().without_mismatch(),
        small(),
    ] {
        let text = toml::to_string_pretty(&config).unwrap();
        assert_eq!(toml::from_str::<ChipConfig>(&text).unwrap(), config);
        let checked = config.clone().check().unwrap();
        assert_eq!(*checked.get(), config);
        assert_eq!(toml::to_string_pretty(&checked).unwrap(), text);
    }
}

#[test]
fn missing_keys_take_the_typical_value() {
    let config: ChipConfig = toml::from_str("[noise]\nread_lsb = 3.0").unwrap();
    let mut expected = ChipConfig::typical();
    expected.noise.read_lsb = 3.0;
    assert_eq!(config, expected);
    assert_eq!(
        toml::from_str::<ChipConfig>("").unwrap(),
        ChipConfig::typical()
    );
}
