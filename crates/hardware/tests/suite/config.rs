//! Laws over all parameters: the list of them and the serialised configuration agree, so that none
//! can be forgotten.

use bss2_core::{
    ArrayMode, Baseline, CadcChannel, ChipControl, ChipProbe, MacArray, ReadoutSource, Region,
    Register, RunRequest, TraceRequest, Trial,
};
use bss2_hardware::{ChipConfig, ConfigError, Fidelity, Parameter, SimulatedChip};
use ndarray::Array2;
use toml::{Table, Value};

use crate::support::{
    chip, codes, geometry, load, load_random, random_activations, random_weights, run, settings,
    sized, timed, whole, write_all,
};

/// The typical configuration on a small array, so that chips are drawn quickly.
pub(crate) fn small() -> ChipConfig {
    sized(ChipConfig::typical(), geometry(1, 8, 16))
}

fn to_table(config: &ChipConfig) -> Table {
    Table::try_from(config).expect("plain data")
}

fn from_table(table: Table) -> ChipConfig {
    table.try_into().expect("known keys")
}

fn with(config: &ChipConfig, parameter: &Parameter, value: f64) -> ChipConfig {
    let mut table = to_table(config);
    table[parameter.section][parameter.name] = Value::Float(value);
    from_table(table)
}

fn range(parameter: &Parameter) -> [f64; 2] {
    [parameter.min, parameter.max].map(|end| end.to_string().parse().unwrap())
}

/// What a chip shows under everything that can be done to it.
pub(crate) fn response(config: &ChipConfig, seed: u64) -> Vec<u8> {
    let mut chip = chip(config.clone(), seed);
    let mut found = Vec::new();
    found.extend(membrane_response(&mut chip, seed));
    found.extend(traces(&mut chip));
    // Registers off their reset values, and not quite settled; leak and half the capacitance.
    for &register in Register::ALL {
        let spec = register.spec();
        if spec.capmem {
            write_all(&mut chip, register, spec.reset * 15 / 16);
        }
    }
    write_all(&mut chip, Register::StpOffset, 10);
    write_all(&mut chip, Register::HagenDacOffset, 40);
    write_all(&mut chip, Register::IBiasReset, 50);
    chip.settle().unwrap();
    found.extend(membrane_response(&mut chip, seed));
    write_all(&mut chip, Register::EnableLeak, 1);
    write_all(&mut chip, Register::ReducedCapacitance, 1);
    found.extend(membrane_response(&mut chip, seed));
    chip.set_temperature_celsius(60.0).unwrap();
    found.extend(membrane_response(&mut chip, seed));
    chip.set_temperature_celsius(40.0).unwrap();
    chip.let_pass_s(2000.0).unwrap();
    found.extend(membrane_response(&mut chip, seed));
    for mode in [ArrayMode::SynapticLine, ArrayMode::Unsigned] {
        chip.set_mode(mode).unwrap();
        write_all(&mut chip, Register::IBiasSyninExcTau, 60);
        chip.settle().unwrap();
        found.extend(mode_response(&mut chip, mode, seed));
    }
    let debug = ReadoutSource::DebugLine.register_value();
    write_all(&mut chip, Register::ReadoutSource, debug);
    found.extend(mode_response(&mut chip, ArrayMode::Unsigned, seed));
    found
}

/// Codes from baselines, single rows up to both ends, dense vectors, long integration.
fn membrane_response(chip: &mut SimulatedChip, seed: u64) -> Vec<u8> {
    let geometry = chip.geometry();
    let region = Region::whole(geometry, 0);
    let shape = (region.inputs, region.columns);
    let mut found = Vec::new();
    for (divisor, sends, wait) in [(1, 1, 1), (1, 8, 5), (4, 20, 200)] {
        let weights = random_weights(shape, seed) / divisor;
        load(chip, region, weights.view());
        let mut activations = random_activations((12, region.inputs), seed);
        activations.row_mut(0).fill(0);
        activations.row_mut(1).fill(31);
        for channel in CadcChannel::BOTH {
            let request = timed(geometry, sends, wait);
            found.extend(codes(chip, &request, channel, activations.view()));
        }
    }
    // One row alone, with all weights, to both ends of the range.
    let weights = Array2::from_shape_fn(shape, |(_, c)| (-63 + c as i32 * 126 / 15) as i8);
    load(chip, region, weights.view());
    let mut one_row = Array2::zeros((4, region.inputs));
    one_row.column_mut(1).fill(31_u8);
    let request = timed(geometry, 60, 5);
    found.extend(codes(chip, &request, CadcChannel::Causal, one_row.view()));
    found
}

/// Results over a measured baseline, in a mode.
fn mode_response(chip: &mut SimulatedChip, mode: ArrayMode, seed: u64) -> Vec<u8> {
    let geometry = chip.geometry();
    let region = Region::whole(geometry, 0);
    let weights = random_weights((region.inputs, region.columns), seed);
    let weights = weights.mapv(|w| w.max(*mode.weights().start()));
    load(chip, region, weights.view());
    let activations = random_activations((12, region.inputs), seed);
    let mut found = Vec::new();
    for baseline in [Baseline::Constant, Baseline::Measured] {
        let request = RunRequest {
            settings: settings(4, 2).with_baseline(baseline),
            ..whole(geometry, 0)
        };
        let outputs = run(chip, &request, activations.view());
        found.extend(outputs.iter().map(|&out| out as u8));
    }
    found
}

/// Samples of all sources, in steps of an eighth of an LSB.
fn traces(chip: &mut SimulatedChip) -> Vec<u8> {
    let geometry = chip.geometry();
    let run = RunRequest {
        trial: Trial::new(1),
        ..timed(geometry, 2, 5)
    };
    let activations = random_activations((1, geometry.inputs()), 1);
    let mut found = Vec::new();
    for source in ReadoutSource::ALL {
        let request = TraceRequest {
            run,
            column: 3,
            source,
            sample_interval_cycles: 10,
        };
        let mut samples = vec![0.0; 30];
        chip.record_trace(&request, activations.row(0), &mut samples)
            .expect("a good request");
        found.extend(samples.iter().map(|lsb| (lsb * 8.0) as i32 as u8));
    }
    found
}

/// Field named when a value is refused, and the range that is told.
fn refusal(config: ChipConfig) -> Option<(String, [f64; 2])> {
    match config.check() {
        Ok(_) => None,
        Err(ConfigError::OutOfRange {
            field, min, max, ..
        }) => Some((field.to_owned(), [min, max])),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_list_of_parameters_is_complete_and_true() {
    let table = to_table(&small());
    let mut serialised = Vec::new();
    for (section, values) in &table {
        for (name, value) in values.as_table().expect("sections only") {
            match value {
                Value::Float(value) => serialised.push((section.as_str(), name.as_str(), *value)),
                Value::Integer(_) => assert_eq!(section, "geometry"),
                other => panic!("{section}.{name}: no law covers {other:?}"),
            }
        }
    }
    let mut listed: Vec<_> = ChipConfig::parameters()
        .map(|p| (p.section, p.name, f64::from(p.default)))
        .collect();
    serialised.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    listed.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    assert_eq!(listed, serialised);
    for parameter in ChipConfig::parameters() {
        let Parameter { name, min, max, .. } = parameter;
        assert!(min < max, "{name}");
        assert!((*min..=*max).contains(&parameter.default), "{name}");
        assert!(!parameter.source.is_empty() && !parameter.about.is_empty());
    }
}

#[test]
fn every_parameter_acts() {
    let typical = response(&small(), 1);
    for parameter in ChipConfig::parameters() {
        // A rate must be large to hit one of few elements, everything else acts by a quarter.
        let [min, max] = range(parameter);
        let value = if parameter.name.ends_with("_rate") {
            0.5
        } else {
            (f64::from(parameter.default) * 1.25).clamp(min, max)
        };
        let (section, name) = (parameter.section, parameter.name);
        assert_ne!(value as f32, parameter.default, "{section}.{name}");
        let changed = response(&with(&small(), parameter, value), 1);
        assert!(changed != typical, "{section}.{name} is inert");
    }
}

#[test]
fn the_geometry_acts() {
    let sizes = geometry(3, 5, 7);
    let mut chip = chip(sized(small(), sizes), 1);
    assert_eq!(chip.geometry(), sizes);
    assert_eq!(chip.control_geometry(), sizes);
    for (register, instances) in [
        (Register::CadcVRampOffset, 3 * 2),
        (Register::HagenDacOffset, 3 * 5),
        (Register::VReset, 3 * 7),
        (Register::CadcOffset, 3 * 2 * 7),
    ] {
        assert_eq!(chip.register_values(register).unwrap().len(), instances);
    }
}

#[test]
fn what_is_no_number_or_out_of_range_is_refused_and_named() {
    for parameter in ChipConfig::parameters() {
        let [min, max] = range(parameter);
        let step = |end: f64| (end.abs() * 1e-3).max(1e-3);
        for value in [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            max + step(max),
            min - step(min),
        ] {
            let refused = refusal(with(&small(), parameter, value));
            let field = format!("{}.{}", parameter.section, parameter.name);
            assert_eq!(refused, Some((field, [min, max])), "{value}");
        }
    }
}

#[test]
fn chips_at_both_ends_of_every_range_can_be_drawn_and_read() {
    let length = response(&small(), 1).len();
    for parameter in ChipConfig::parameters() {
        for end in range(parameter) {
            // Every code is a number; what matters is that there is one for each column.
            let config = with(&small(), parameter, end);
            let name = parameter.name;
            assert_eq!(response(&config, 1).len(), length, "{name} = {end}");
        }
    }
}

#[test]
fn traces_and_both_models_bear_both_ends_of_every_range() {
    for parameter in ChipConfig::parameters() {
        for end in range(parameter) {
            let geometry = geometry(1, 3, 4);
            let config = sized(with(&small(), parameter, end), geometry);
            let mut chip = chip(config, 1).with_fidelity(Fidelity::Transient);
            load_random(&mut chip, 1);
            let activations = random_activations((2, 3), 1);
            run(&mut chip, &timed(geometry, 1, 5), activations.view());
            let request = TraceRequest {
                run: whole(geometry, 0),
                column: 3,
                source: ReadoutSource::Membrane,
                sample_interval_cycles: 10,
            };
            let mut samples = [0.0; 8];
            chip.record_trace(&request, activations.row(0), &mut samples)
                .unwrap();
            let name = parameter.name;
            assert!(
                samples.iter().all(|lsb| lsb.is_finite()),
                "{name} = {end}: {samples:?}"
            );
        }
    }
}

#[test]
fn unknown_keys_are_refused_in_every_section() {
    let mut table = to_table(&small());
    let sections: Vec<String> = table.keys().cloned().collect();
    assert_eq!(sections.len(), 11);
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
        ChipConfig::better_process(),
        ChipConfig::worse_process(),
        small(),
    ] {
        let text = config.to_toml().unwrap();
        assert_eq!(ChipConfig::from_toml(&text).unwrap(), config);
        let checked = config.clone().check().unwrap();
        assert_eq!(*checked.get(), config);
        let plain = toml::to_string(&checked).unwrap();
        assert_eq!(ChipConfig::from_toml(&plain).unwrap(), config);
    }
}

#[test]
fn the_text_explains_every_parameter() {
    let text = ChipConfig::typical().to_toml().unwrap();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = words(&text.replace("\n#", " "));
    for parameter in ChipConfig::parameters() {
        for part in [parameter.about, parameter.source, parameter.drawn.name()] {
            assert!(text.contains(&words(part)), "{}: {part}", parameter.name);
        }
    }
}

#[test]
fn missing_keys_take_the_typical_value() {
    let config = ChipConfig::from_toml("[noise]\nread_lsb = 3.0").unwrap();
    let mut expected = ChipConfig::typical();
    expected.noise.read_lsb = 3.0;
    assert_eq!(config, expected);
    assert_eq!(ChipConfig::from_toml("").unwrap(), ChipConfig::typical());
}

#[test]
fn text_that_is_no_configuration_is_refused_with_its_place() {
    for (text, hint) in [
        ("[noise", "line 1"),
        ("[noise]\nread_lsb = \"loud\"", "line 2"),
        ("[noise]\n\nraed_lsb = 1.0", "raed_lsb"),
        (
            "[geometry]\nhemispheres = 2\ninputs = 0\ncolumns = 1",
            "inputs = 0",
        ),
    ] {
        let error = ChipConfig::from_toml(text).unwrap_err();
        assert!(
            matches!(&error, ConfigError::Toml { reason } if reason.contains(hint)),
            "{error}"
        );
    }
}
