//! Targets other than the defaults, on a simulated chip: measured anew with other noise.

use bss2_calibration::routine::{
    CadcRamp, DriverOffset, InputSign, LeakPotential, MembraneTau, RangeEnd, SynapticTau,
};
use bss2_calibration::{Bench, CadcRange, MembraneTargets, Procedure, Routine};
use bss2_core::{ArrayGeometry, Register};
use bss2_hardware::{ChipConfig, SimulatedChip};

use crate::simulated::{Calibrated, of_working};
use crate::support::{deviation, ending_with, for_membranes, mean, median};

/// A small chip, so that this is fast.
fn chip() -> SimulatedChip {
    let config = ChipConfig {
        geometry: ArrayGeometry::new(2, 128, 64).unwrap(),
        ..ChipConfig::typical()
    };
    SimulatedChip::new(&config.check().unwrap(), 91)
}

/// The chip calibrated by both procedures, without baselines, which move codes.
fn both(targets: MembraneTargets) -> [Calibrated; 2] {
    for_membranes(targets).map(by)
}

/// One draw of noise in 200 takes a quadrant's ramp beyond its tolerance, three standard deviations; that of this
/// seed does not.
fn by(procedure: Procedure) -> Calibrated {
    let mut chip = chip();
    let procedure = ending_with(procedure, false, false);
    let result = procedure.run(&mut chip, 2, &mut |_| {}).unwrap();
    (chip, result)
}

/// What a routine measures, nothing being searched.
fn measured(chip: &SimulatedChip, mut routine: impl Routine) -> Vec<f64> {
    let mut chip = chip.clone();
    let mut bench = Bench::new(&mut chip, 55);
    routine.prepare(&mut bench).unwrap();
    let mut responses = vec![0.0; bench.instances(routine.register())];
    routine.measure(&mut bench, &mut responses).unwrap();
    responses
}

/// The median is on target, and what works spreads by no more than it may.
fn assert_reached(found: &[f64], working: &[bool], target: f64, by: f64, spread: f64) {
    let found = of_working(found, working);
    assert!(found.len() * 10 > working.len() * 8, "{} work", found.len());
    let typical = median(found.clone());
    assert!((typical - target).abs() < by, "{typical}, not {target}");
    assert!(deviation(&found) < spread, "spread {}", deviation(&found));
}

#[test]
fn time_constants_of_membranes() {
    for tau_mem_us in [30.0, 90.0] {
        for (chip, result) in both(MembraneTargets {
            tau_mem_us,
            ..MembraneTargets::default()
        }) {
            let found = measured(&chip, MembraneTau::new(tau_mem_us));
            let working = &result.working_columns;
            assert_reached(
                &found,
                working,
                tau_mem_us,
                0.04 * tau_mem_us,
                0.08 * tau_mem_us,
            );
        }
    }
}

#[test]
fn time_constants_of_lines() {
    for (chip, result) in both(MembraneTargets {
        tau_syn_us: 1.0,
        ..MembraneTargets::default()
    }) {
        for sign in InputSign::BOTH {
            let found = measured(&chip, SynapticTau::new(sign, 1.0));
            assert_reached(&found, &result.working_columns, 1.0, 0.03, 0.05);
        }
    }
}

#[test]
fn resting_codes() {
    for (chip, result) in both(MembraneTargets {
        leak_lsb: 110.0,
        ..MembraneTargets::default()
    }) {
        let found = measured(&chip, LeakPotential::new(110.0, 60.0));
        assert_reached(&found, &result.working_columns, 110.0, 1.0, 1.5);
    }
}

#[test]
fn biases_of_otas_and_synapses() {
    let targets = MembraneTargets::default();
    let weaker = MembraneTargets {
        i_synin_gm: 200,
        synapse_dac_bias: 400,
        ..targets
    };
    for (usual, weaker) in both(targets).iter().zip(&both(weaker)) {
        let of = |(_, result): &Calibrated, register| {
            let values = result.values(register).iter().map(|&v| f64::from(v));
            values.collect::<Vec<f64>>()
        };
        for sign in InputSign::BOTH {
            let ratio = median(of(weaker, sign.gm())) / median(of(usual, sign.gm()));
            assert!((ratio * 450.0 / 200.0 - 1.0).abs() < 0.05, "{ratio}");
        }
        // The weakest quadrant has the bias.
        let biases = of(weaker, Register::SynIBiasDac);
        let largest = biases.iter().fold(0.0_f64, |a, b| a.max(*b));
        assert!((largest - 400.0).abs() <= 12.0, "{biases:?}");
        let spread = deviation(&biases) / mean(&biases);
        assert!(spread < 0.1, "{biases:?}");
    }
}

#[test]
fn ranges_of_the_cadc() {
    let cadc = CadcRange {
        lower: 200,
        upper: 450,
        ..CadcRange::MEMBRANE
    };
    for (chip, result) in both(MembraneTargets {
        cadc,
        ..MembraneTargets::default()
    }) {
        for (end, code) in [(RangeEnd::Lower, 20.0), (RangeEnd::Upper, 220.0)] {
            for found in measured(&chip, CadcRamp::new(cadc, end)) {
                let name = result.procedure.name();
                assert!((found - code).abs() < 3.5, "{name}: {found}, not {code}");
            }
        }
    }
}

#[test]
fn test_activations_of_drivers() {
    for driver_test_activation in [5, 8] {
        for (chip, result) in both(MembraneTargets {
            driver_test_activation,
            ..MembraneTargets::default()
        }) {
            let found = measured(&chip, DriverOffset::new(driver_test_activation, 40));
            let target = 0.9 * f64::from(driver_test_activation) / 31.0;
            assert_reached(&found, &result.working_drivers, target, 0.015, 0.03);
        }
    }
}
