//! Chips at the ends of what there is: a result or a typed error, and never a panic.

use bss2_calibration::bench::{Pulses, Reading};
use bss2_calibration::routine::{LeakPotential, Routine};
use bss2_calibration::{Bench, CalibrationError, Procedure, Refresh};
use bss2_core::{ArrayGeometry, RunSettings};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::Array2;

#[test]
fn tiny_and_broken_chips() {
    let procedures = || {
        [
            Procedure::default(),
            Procedure::joint(),
            Procedure::synaptic_line(),
        ]
    };
    let mut broken = [(); 4].map(|()| ChipConfig::typical());
    broken[1].driver.failure_rate = 1.0;
    broken[2].cadc.failure_rate = 1.0;
    broken[3].synapse.stuck_rate = 1.0;
    for (hemispheres, inputs, columns) in [(1, 1, 1), (1, 1, 4), (2, 4, 1), (1, 3, 8)] {
        for config in &broken {
            let config = ChipConfig {
                geometry: ArrayGeometry::new(hemispheres, inputs, columns).unwrap(),
                ..config.clone()
            };
            for procedure in procedures() {
                let mut chip = SimulatedChip::new(&config.clone().check().unwrap(), 1);
                let before = procedure.run(&mut chip, 1, &mut |_| {});
                let mut again = SimulatedChip::new(&config.clone().check().unwrap(), 1);
                assert_eq!(procedure.run(&mut again, 1, &mut |_| {}), before);
            }
        }
    }
}

fn small_chip() -> SimulatedChip {
    let config = ChipConfig {
        geometry: ArrayGeometry::new(1, 4, 8).unwrap(),
        ..ChipConfig::typical()
    };
    SimulatedChip::new(&config.check().unwrap(), 1)
}

#[test]
fn measurements_without_end_are_refused() {
    let mut chip = small_chip();
    let mut bench = Bench::new(&mut chip, 1);
    let activations = Array2::zeros((2, 4));
    for runs in [usize::MAX, Bench::VECTORS_MAX] {
        let refused = bench.multiply(0, RunSettings::default(), activations.view(), runs);
        assert!(matches!(
            refused,
            Err(CalibrationError::OptionOutOfRange { .. })
        ));
    }
    let refused = bench.pulses(Pulses::none(0.0), usize::MAX);
    assert!(matches!(
        refused,
        Err(CalibrationError::OptionOutOfRange { .. })
    ));
}

#[test]
fn responses_of_another_number_are_refused() {
    let mut chip = small_chip();
    let mut bench = Bench::new(&mut chip, 1);
    let mut routine = LeakPotential::new(120.0, 60.0);
    routine.prepare(&mut bench).unwrap();
    let refused = routine.measure(&mut bench, &mut []);
    let expected = CalibrationError::InstanceCount {
        measured: 8,
        room: 0,
    };
    assert_eq!(refused, Err(expected));
    assert_eq!(Reading::default().by_channel(0), [0.0; 0]);
}

#[test]
fn results_of_impossible_procedures_are_not_refreshed() {
    let mut chip = small_chip();
    let mut result = Procedure::joint().run(&mut chip, 1, &mut |_| {}).unwrap();
    if let Procedure::Joint(procedure) = &mut result.procedure {
        (procedure.targets.cadc.lower, procedure.targets.cadc.upper) = (-1, i32::MAX);
    }
    let refreshed = result.refresh(Refresh::References, &mut chip, 1, &mut |_| {});
    assert!(matches!(
        refreshed,
        Err(CalibrationError::TargetOutOfRange { .. })
    ));
}
