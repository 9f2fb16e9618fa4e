//! Whole procedures on a chip whose hidden values the test can look up afterwards.

use bss2_calibration::{CadcRange, LineTargets, MembraneTargets, Procedure};
use bss2_core::{ArrayMode, Register, Scope};
use proptest::prelude::*;

use crate::checks::{
    assert_everything_works, assert_gains, assert_left_behind, assert_neurons, assert_proportional,
    assert_range, assert_synapses,
};
use crate::linear_chip::LinearChip;
use crate::support::{calibrate, ending_with, every_procedure, for_membranes, median};

/// Columns per hemisphere.
const COLUMNS: usize = 64;

#[test]
fn procedures_for_membranes_find_what_is_hidden() {
    for targets in [
        MembraneTargets::default(),
        MembraneTargets {
            leak_lsb: 130.0,
            tau_mem_us: 30.0,
            tau_syn_us: 1.0,
            i_synin_gm: 300,
            synapse_dac_bias: 700,
            cadc: CadcRange {
                upper: 450,
                upper_lsb: 200.0,
                ..CadcRange::MEMBRANE
            },
            ..MembraneTargets::default()
        },
    ] {
        for procedure in for_membranes(targets) {
            let mut chip = LinearChip::new(1, COLUMNS);
            let result = calibrate(ending_with(procedure, false, false), &mut chip);
            assert_everything_works(&result);
            assert_left_behind(&mut chip, &result, ArrayMode::Membrane);
            assert_range(&chip, targets.cadc);
            assert_synapses(&chip, targets.synapse_dac_bias);
            assert_proportional(&chip, &[]);
            assert_neurons(&chip, &targets, &[]);
            assert_gains(&chip, &[]);
            for gm in [Register::IBiasSyninExcGm, Register::IBiasSyninInhGm] {
                let biases = result.values(gm).iter().map(|&bias| f64::from(bias));
                let typical = median(biases.collect());
                let share = typical / f64::from(targets.i_synin_gm);
                assert!((share - 1.0).abs() < 0.06, "{gm}: {typical}");
            }
        }
    }
}

#[test]
fn baselines_end_at_128_for_both_channels() {
    for procedure in for_membranes(MembraneTargets::default()) {
        let mut chip = LinearChip::new(2, COLUMNS);
        calibrate(procedure, &mut chip);
        for (column, kind) in chip.columns().flat_map(|c| [(c, 0), (c, 1)]) {
            // A multiplication is read 1 µs after its last event.
            let code = chip.code_after(column, kind, 1.0);
            assert!(
                (code - 128.0).abs() < 1.0,
                "column {column}, channel {kind}: {code}"
            );
        }
    }
}

#[test]
fn the_procedure_on_lines_finds_what_is_hidden() {
    let mut chip = LinearChip::new(3, COLUMNS);
    let result = calibrate(Procedure::synaptic_line(), &mut chip);
    assert_everything_works(&result);
    assert_left_behind(&mut chip, &result, ArrayMode::SynapticLine);
    let targets = LineTargets::default();
    assert_range(&chip, targets.cadc);
    assert_synapses(&chip, targets.synapse_dac_bias);
    assert_proportional(&chip, &[]);
    let slowest = result.values(Register::IBiasSyninExcTau);
    assert!(slowest.iter().all(|&bias| bias == 0));
}

#[test]
fn the_procedure_of_the_cadc_touches_nothing_else() {
    let mut chip = LinearChip::new(4, COLUMNS);
    let result = calibrate(every_procedure()[3], &mut chip);
    assert_everything_works(&result);
    assert_left_behind(&mut chip, &result, ArrayMode::Membrane);
    assert_range(&chip, CadcRange::FULL);
    for &register in Register::ALL {
        let spec = register.spec();
        let own = register.name().starts_with("cadc");
        let moved = result.values(register).iter().any(|&v| v != spec.reset);
        assert_eq!(moved, own, "{register}");
    }
    assert_eq!(
        result.values(Register::CadcOffset).len(),
        Scope::Channel.instances(bss2_core::ChipControl::control_geometry(&chip))
    );
}

#[test]
fn narrow_chips_are_calibrated_as_well() {
    for procedure in every_procedure() {
        let mut chip = LinearChip::new(5, 16);
        let result = calibrate(procedure, &mut chip);
        assert_everything_works(&result);
        if !matches!(procedure, Procedure::Cadc(_)) {
            assert_proportional(&chip, &[]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_hidden_values_within_reach_are_found(seed: u64, joint: bool) {
        let targets = MembraneTargets::default();
        let procedure = for_membranes(targets)[usize::from(joint)];
        let mut chip = LinearChip::new(seed, 16);
        let result = calibrate(ending_with(procedure, false, false), &mut chip);
        assert_everything_works(&result);
        assert_proportional(&chip, &[]);
        assert_neurons(&chip, &targets, &[]);
        assert_gains(&chip, &[]);
    }
}
