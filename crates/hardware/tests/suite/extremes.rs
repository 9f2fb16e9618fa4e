//! Configurations, sizes, runs and conditions at the ends of what is allowed.

use bss2_core::{ArrayGeometry, MacArray, Region, RunRequest, RunSettings, Trial};
use bss2_hardware::{ChipConfig, Fidelity, SimulatedChip};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::support::{
    chip, geometry, load, load_random, random_activations, run, settings, sized, whole,
};

const FIDELITIES: [Fidelity; 2] = [Fidelity::Lumped, Fidelity::Transient];

/// A small chip, some of whose parameters lie at the ends of their ranges.
fn with(values: &[(usize, f32)]) -> ChipConfig {
    let mut config = toml::Table::new();
    for (number, parameter) in ChipConfig::parameters().enumerate() {
        let value = values.iter().find(|(changed, _)| *changed == number);
        let (Some(&(_, value)), section) = (value, parameter.section) else {
            continue;
        };
        let section = config
            .entry(section)
            .or_insert_with(|| toml::Table::new().into());
        let section = section.as_table_mut().unwrap();
        section.insert(parameter.name.to_owned(), f64::from(value).into());
    }
    let config = ChipConfig::from_toml(&config.to_string()).unwrap();
    sized(config, geometry(2, 6, 12))
}

/// Runs of a chip: the same again with the same trials, the same alone as in a batch.
fn hold(chip: SimulatedChip) {
    let geometry = chip.geometry();
    for fidelity in FIDELITIES {
        let mut chip = chip.clone().with_fidelity(fidelity);
        load_random(&mut chip, 1);
        for (num_sends, wait) in [(1, 5), (3, 1), (1, RunSettings::WAIT_BETWEEN_EVENTS_MAX)] {
            let request = RunRequest {
                settings: settings(num_sends, wait),
                ..whole(geometry, geometry.hemispheres() - 1)
            };
            let activations = random_activations((3, geometry.inputs()), 1);
            let batch = run(&mut chip, &request, activations.view());
            assert_eq!(run(&mut chip, &request, activations.view()), batch);
            for (vector, expected) in batch.outer_iter().enumerate() {
                let request = RunRequest {
                    trial: Trial {
                        first_vector: vector as u64,
                        ..request.trial
                    },
                    ..request
                };
                let alone = activations.slice(ndarray::s![vector..=vector, ..]);
                assert_eq!(run(&mut chip, &request, alone).row(0), expected);
            }
        }
    }
}

#[test]
fn every_parameter_at_either_end() {
    for (number, parameter) in ChipConfig::parameters().enumerate() {
        for value in [parameter.min, parameter.max] {
            hold(chip(with(&[(number, value)]), 1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn many_parameters_at_their_ends(
        ends in prop::collection::vec(0_u8..4, ChipConfig::parameters().count()),
        seed in 0_u64..9, celsius in prop_oneof![Just(-40.0_f32), Just(125.0)],
        age_s in prop_oneof![Just(0.0), Just(1e9)],
    ) {
        let ends = ends.into_iter().zip(ChipConfig::parameters()).enumerate();
        let values: Vec<(usize, f32)> = ends.filter_map(|(number, (end, parameter))| match end {
            0 => Some((number, parameter.min)),
            1 => Some((number, parameter.max)),
            _ => None,
        }).collect();
        // Some pairs of parameters exclude each other.
        let config = with(&values).check();
        prop_assume!(config.is_ok());
        let mut chip = SimulatedChip::new(&config.unwrap(), seed);
        chip.set_temperature_celsius(celsius).unwrap();
        chip.let_pass_s(age_s).unwrap();
        hold(chip);
    }
}

#[test]
fn one_input_one_column_one_hemisphere_and_no_vectors() {
    let config = sized(ChipConfig::typical(), geometry(1, 1, 1));
    hold(chip(config.clone(), 1));
    for fidelity in FIDELITIES {
        let mut chip = chip(config.clone(), 1).with_fidelity(fidelity);
        load_random(&mut chip, 1);
        let none = Array2::zeros((0, 1));
        assert_eq!(
            run(&mut chip, &whole(config.geometry, 0), none.view()).dim(),
            (0, 1)
        );
    }
}

/// All drive as hard as they can, in either direction.
#[test]
fn everything_saturated() {
    let config = sized(ChipConfig::typical(), geometry(1, 128, 8));
    for fidelity in FIDELITIES {
        for weight in [-63, 63] {
            let mut chip = chip(config.clone(), 1).with_fidelity(fidelity);
            let region = Region::whole(config.geometry, 0);
            load(
                &mut chip,
                region,
                Array2::from_elem((128, 8), weight).view(),
            );
            let request = RunRequest {
                settings: settings(8, 1),
                ..whole(config.geometry, 0)
            };
            let driven = run(&mut chip, &request, Array2::from_elem((2, 128), 31).view());
            let in_direction = |&output: &i8| i32::from(output) * i32::from(weight) > 63 * 60;
            assert!(
                driven.iter().all(in_direction),
                "{fidelity:?} {weight}: {driven}"
            );
        }
    }
}

#[test]
fn the_most_sends_and_the_longest_waits() {
    let config = sized(ChipConfig::typical(), geometry(1, 2, 4));
    for fidelity in FIDELITIES {
        let mut chip = chip(config.clone(), 1).with_fidelity(fidelity);
        load_random(&mut chip, 1);
        for settings in [
            settings(RunSettings::NUM_SENDS_MAX, 1),
            settings(
                RunSettings::NUM_SENDS_MAX,
                RunSettings::WAIT_BETWEEN_EVENTS_MAX,
            ),
        ] {
            let request = RunRequest {
                settings,
                ..whole(config.geometry, 0)
            };
            let activations = array![[31_u8, 31], [0, 0]];
            let outputs = run(&mut chip, &request, activations.view());
            assert_eq!(run(&mut chip, &request, activations.view()), outputs);
        }
    }
}

/// What is broken passes no signal.
#[test]
fn everything_failed() {
    let size = geometry(1, 16, 16);
    let quiet = || sized(ChipConfig::typical().without_noise(), size);
    let (mut drivers, mut channels, mut synapses) = (quiet(), quiet(), quiet());
    drivers.driver.failure_rate = 1.0;
    channels.cadc.failure_rate = 1.0;
    synapses.synapse.stuck_rate = 1.0;
    let activations = Array2::from_shape_fn((2, 16), |(vector, _)| 31 * vector as u8);
    for fidelity in FIDELITIES {
        for config in [&drivers, &channels] {
            let mut chip = chip(config.clone(), 1).with_fidelity(fidelity);
            load(
                &mut chip,
                Region::whole(size, 0),
                Array2::from_elem((16, 16), 63).view(),
            );
            let outputs = run(&mut chip, &whole(size, 0), activations.view());
            // Events take time, also those that do not come: membranes leak meanwhile.
            let mut pairs = outputs.row(0).into_iter().zip(outputs.row(1));
            assert!(
                pairs.all(|(a, b)| a.abs_diff(*b) <= 1),
                "{fidelity:?} {outputs}"
            );
        }
        // Stuck weights are what they are, whatever is loaded.
        let outputs = [-63, 63].map(|weight| {
            let mut chip = chip(synapses.clone(), 1).with_fidelity(fidelity);
            load(
                &mut chip,
                Region::whole(size, 0),
                Array2::from_elem((16, 16), weight).view(),
            );
            run(&mut chip, &whole(size, 0), activations.view())
        });
        assert_eq!(outputs[0], outputs[1], "{fidelity:?}");
    }
    for config in [drivers, channels, synapses] {
        hold(chip(config, 1));
    }
}

/// The longest run that a test can afford: the statistics of its first and of its last outputs agree.
#[test]
fn a_hundred_million_outputs() {
    const VECTORS: usize = 2048;
    let size = ArrayGeometry::BSS2;
    let mut chip = chip(ChipConfig::typical(), 1);
    load_random(&mut chip, 1);
    let activations = random_activations((VECTORS, size.inputs()), 1);
    let mut outputs = Array2::zeros((VECTORS, size.columns()));
    let batches = 100_000_000 / outputs.len() as u64 + 1;
    let mut sums = Vec::new();
    for batch in 0..batches {
        let request = RunRequest {
            trial: Trial {
                first_vector: batch * VECTORS as u64,
                ..Trial::new(1)
            },
            ..whole(size, 0)
        };
        chip.run(&request, activations.view(), outputs.view_mut())
            .unwrap();
        let sum: i64 = outputs.iter().map(|&output| i64::from(output)).sum();
        let squares: i64 = outputs.iter().map(|&output| i64::from(output).pow(2)).sum();
        sums.push((sum as f64, squares as f64));
    }
    let half = sums.len() / 2;
    let mean = |sums: &[(f64, f64)]| {
        let count = (sums.len() * outputs.len()) as f64;
        let (sum, squares) = sums
            .iter()
            .fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
        (sum / count, squares / count)
    };
    let ((first, first_squares), (last, last_squares)) = (mean(&sums[..half]), mean(&sums[half..]));
    // 5·10⁷ outputs each, with noise of less than 4 LSB around outputs of less than 128.
    assert!(
        (first - last).abs() < 5.0 * 4.0 / 5e7_f64.sqrt(),
        "{first} {last}"
    );
    assert!((first_squares - last_squares).abs() < 5.0 * 2.0 * 128.0 * 4.0 / 5e7_f64.sqrt());
}
