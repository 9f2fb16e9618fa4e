//! How good the procedures make simulated chips.

use bss2_calibration::CalibrationResult;
use bss2_hardware::{ChipConfig, SimulatedChip};

use crate::simulated::{
    Calibrated, TYPICAL, both_ways, column_amplitudes, driver_amplitudes, fresh_chip, of_working,
};
use crate::support::{deviation, mean, routine};

/// To which share of the spread before each routine has to bring it: in the nested procedure, and in
/// the joint one. Those without a number have little to do where they run.
const SHARES: [(&str, Option<f64>, Option<f64>); 10] = [
    ("CADC offset", None, Some(0.12)),
    ("driver offset", None, Some(0.25)),
    ("excitatory time constant", Some(0.2), Some(0.2)),
    ("inhibitory time constant", Some(0.2), Some(0.2)),
    ("membrane time constant", Some(0.12), Some(0.4)),
    ("excitatory gain", Some(0.18), Some(0.15)),
    ("inhibitory gain", Some(0.18), Some(0.15)),
    ("excitatory reference", None, Some(0.15)),
    ("leak potential", None, Some(0.12)),
    ("reset potential", Some(0.2), Some(0.12)),
];

fn assert_shrunk([nested, joint]: &[Calibrated; 2], what: &str) {
    for (name, share_of_nested, share_of_joint) in SHARES {
        for ((_, result), share) in [(nested, share_of_nested), (joint, share_of_joint)] {
            let Some(share) = share else { continue };
            let found = routine(result, name);
            let shrunk = found.spread_after() / found.spread_before();
            let procedure = result.procedure.name();
            assert!(
                shrunk <= share,
                "{what}, {procedure}, {name}: spread falls to {shrunk} of it only"
            );
        }
    }
    for (_, result) in [nested, joint] {
        let what = format!("{what}, {}", result.procedure.name());
        // Channels agree with the code of baselines to within rounding and noise.
        let baseline = routine(result, "baseline");
        assert!(
            baseline.spread_after() < 0.8,
            "{what}: {}",
            baseline.spread_after()
        );
        for name in ["CADC ramp offset", "CADC ramp slope", "synapse DAC bias"] {
            assert_eq!(routine(result, name).success_rate(), 1.0, "{what}: {name}");
        }
        assert_eq!(result.report.doubtful_outputs, 0, "{what}");
    }
}

fn share(working: &[bool]) -> f64 {
    working.iter().filter(|works| **works).count() as f64 / working.len() as f64
}

#[test]
fn spreads_shrink_on_typical_chips_and_nearly_everything_works() {
    for (seed, both) in TYPICAL.iter().enumerate() {
        let what = format!("seed {}", seed + 1);
        assert_shrunk(both, &what);
        for (_, result) in both.iter() {
            let columns = share(&result.working_columns);
            let drivers = share(&result.working_drivers);
            assert!(
                columns > 0.9 && drivers > 0.9,
                "{what}: {columns}, {drivers}"
            );
        }
    }
}

#[test]
fn spreads_shrink_on_a_chip_of_a_worse_process() {
    let config = ChipConfig::worse_process().check().unwrap();
    let both = both_ways(&SimulatedChip::new(&config, 1));
    assert_shrunk(&both, "worse");
    for (_, result) in &both {
        assert!(share(&result.working_columns) > 0.75);
        assert!(share(&result.working_drivers) > 0.8);
    }
}

/// Relative spread of the working columns' amplitudes, of both signs.
fn column_spreads(chip: &mut SimulatedChip, working: &[bool]) -> [f64; 2] {
    [1, -1].map(|sign| {
        let amplitudes = of_working(&column_amplitudes(chip, sign), working);
        deviation(&amplitudes) / mean(&amplitudes)
    })
}

/// Spread of the working drivers' amplitudes, in activation units.
fn driver_spread(chip: &mut SimulatedChip, working: &[bool]) -> f64 {
    let activations = [6, 16, 26];
    let amplitudes = of_working(&driver_amplitudes(chip, &activations), working);
    let spreads: Vec<f64> = (0..activations.len())
        .map(|place| {
            let at: Vec<f64> = amplitudes
                .iter()
                .map(|of_driver| of_driver[place])
                .collect();
            deviation(&at) * f64::from(activations[activations.len() - 1])
        })
        .collect();
    mean(&spreads)
}

/// Columns and drivers that work according to both results.
fn working(results: [&CalibrationResult; 2]) -> [Vec<bool>; 2] {
    let both = |a: &[bool], b: &[bool]| a.iter().zip(b).map(|(a, b)| *a && *b).collect();
    let [a, b] = results;
    [
        both(&a.working_columns, &b.working_columns),
        both(&a.working_drivers, &b.working_drivers),
    ]
}

#[test]
fn columns_and_drivers_agree_at_least_as_well_by_the_joint_procedure_as_by_the_nested_one() {
    let mut spreads: [Vec<[f64; 3]>; 2] = Default::default();
    for (seed, both) in (1..).zip(TYPICAL.iter()) {
        let [columns, drivers] = working([&both[0].1, &both[1].1]);
        let mut fresh = fresh_chip(seed);
        let before = column_spreads(&mut fresh, &columns);
        let drivers_before = driver_spread(&mut fresh, &drivers);
        for ((chip, _), spreads) in both.iter().zip(&mut spreads) {
            let mut chip = chip.clone();
            let [exc, inh] = column_spreads(&mut chip, &columns);
            let of_drivers = driver_spread(&mut chip, &drivers);
            assert!(
                exc < 0.45 * before[0] && inh < 0.45 * before[1],
                "{exc}, {inh}, {before:?}"
            );
            assert!(
                of_drivers < 0.25 * drivers_before,
                "{of_drivers}, {drivers_before}"
            );
            spreads.push([exc, inh, of_drivers]);
        }
    }
    let [nested, joint] = spreads.map(|of_chips| {
        [0, 1, 2].map(|what| mean(&of_chips.iter().map(|s| s[what]).collect::<Vec<_>>()))
    });
    for (nested, joint) in nested.iter().zip(joint) {
        // The standard error of a spread over the drivers of three chips is 3 %.
        assert!(joint <= 1.06 * nested, "joint {joint}, nested {nested}");
    }
}

#[test]
fn other_noise_leads_to_the_same_place() {
    let procedure = TYPICAL[0][1].1.procedure;
    let other = procedure.run(&mut fresh_chip(1), 2, &mut |_| {}).unwrap();
    let first = &TYPICAL[0][1].1;
    assert_ne!(first.registers, other.registers, "noise does show");
    let routines = first.routines.iter().zip(&other.routines);
    for (a, b) in routines.filter(|(a, _)| a.success.len() > 4) {
        let differ = a.success.iter().zip(&b.success).filter(|(a, b)| a != b);
        let share = differ.count() as f64 / a.success.len() as f64;
        assert!(
            share < 0.1,
            "{}: success depends on the noise: {share}",
            a.name
        );
    }
    let again = procedure.run(&mut fresh_chip(1), 1, &mut |_| {}).unwrap();
    assert_eq!(*first, again);
}
