//! The experiment with few values, which takes seconds.

use std::collections::BTreeSet;

use super::knob::Knob;
use super::*;
use crate::jobs::Jobs;

/// Both ends of a few knobs; one value of the others.
fn small() -> Parameters {
    let mut parameters = Parameters::resolve(&Settings {
        chips: Some(1),
        ..Settings::default()
    });
    parameters.grids = Grids {
        ota_biases: vec![200, 450],
        dac_biases: vec![1022],
        noises_lsb: vec![2.0],
        membrane_taus_us: vec![40.0],
        synaptic_taus_us: vec![0.4],
        cadc_ranges: vec![[150, 500], [70, 550]],
        waits: vec![2],
        sends: vec![1, 2],
    };
    parameters.stimuli = Stimuli {
        layer_vectors: 16,
        layer_repeats: 3,
        ramp_steps: 9,
        ramp_repeats: 2,
        load_vectors: 8,
        load_repeats: 2,
        single_rows: 4,
        single_repeats: 3,
        long_wait: 20,
        memory_waits_us: vec![0.0, 20.0],
        memory_repeats: 3,
        ..Stimuli::default()
    };
    parameters
}

fn on_threads(threads: usize) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.build().unwrap();
    let configuration = crate::configuration::to_toml(&small()).unwrap();
    pool.install(|| run_with(&small(), configuration, &Jobs::here()).unwrap())
}

#[test]
fn results_are_the_same_bit_for_bit_on_one_and_three_threads() {
    let (one, three) = (on_threads(1), on_threads(3));
    assert_eq!(one.records, three.records);
    assert_eq!(one.further_tables, three.further_tables);
    assert_eq!(one.summary, three.summary);
    assert_eq!(one.section, three.section);
}

#[test]
fn points_that_share_a_calibration_are_measured_together() {
    let points = small().points().unwrap();
    let setups = Setup::of_all(&points);
    let knobs: BTreeSet<&str> = points.iter().map(|point| point.knob.name()).collect();
    assert_eq!(knobs.len(), Knob::ALL.len());
    // The default calibration serves a bias of 450, a DAC bias of 1022, a range of 350, and all runs.
    assert_eq!(points.len(), 13);
    assert_eq!(setups.len(), points.len() - 5);
}

#[test]
fn every_value_of_a_knob_changes_what_it_names() {
    let parameters = Parameters::resolve(&Settings::default());
    let points = parameters.points().unwrap();
    for (number, point) in points.iter().enumerate() {
        for other in &points[..number] {
            if other.knob == point.knob {
                assert!(other.value < point.value, "{}", point.knob.name());
                let same = other.calibration == point.calibration;
                assert_eq!(same, !point.knob.is_target(), "{}", point.knob.name());
                assert_eq!(other.settings == point.settings, point.knob.is_target());
            }
        }
        let procedure = bss2_calibration::Procedure::Joint(point.calibration);
        assert!(procedure.check().is_ok(), "{}", point.text());
    }
}
