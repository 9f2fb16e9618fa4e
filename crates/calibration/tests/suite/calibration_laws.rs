//! Calibrations obey their laws, and each law is seen to be broken by one that breaks it.

use std::cell::Cell;

use bss2_calibration::testing::{CALIBRATION_LAWS, CalibrationSubject};
use bss2_calibration::{CalibrationResult, MembraneTargets, Procedure};
use bss2_core::testing::hold_all;
use bss2_core::{ArrayGeometry, Chip, ChipControl, Register};
use bss2_hardware::{ChipConfig, SimulatedChip};

use crate::linear_chip::LinearChip;
use crate::support::for_membranes;

fn small_chip() -> SimulatedChip {
    let config = ChipConfig {
        geometry: ArrayGeometry::new(2, 12, 16).unwrap(),
        ..ChipConfig::typical()
    };
    SimulatedChip::new(&config.check().unwrap(), 4)
}

#[test]
fn every_procedure_obeys_them() {
    let procedures = [
        Procedure::joint(),
        for_membranes(MembraneTargets::default())[0],
        Procedure::synaptic_line(),
    ];
    for procedure in procedures {
        let name = format!("{procedure:?}");
        let subject = CalibrationSubject {
            chip: Box::new(|| -> Box<dyn Chip> { Box::new(small_chip()) }),
            calibrate: Box::new(move |chip| procedure.run(chip, 1, &mut |_| {})),
        };
        if let Err(violations) = hold_all(CALIBRATION_LAWS, &subject) {
            panic!("{name}: {violations:#?}");
        }
    }
}

/// What is wrong with a calibration, or with the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    WritesAfterwards,
    CountsCalibrations,
    ForgetsTheOffsets,
    ChipChangesWithEachWait,
    TemperatureIsNoNumber,
}

fn broken_laws(defect: Defect) -> Vec<&'static str> {
    let calibrations = Cell::new(1);
    let joint = for_membranes(MembraneTargets::default())[1];
    let chip = move || -> Box<dyn Chip> {
        let mut chip = LinearChip::new(53, 8);
        chip.settling_raises_codes = defect == Defect::ChipChangesWithEachWait;
        Box::new(chip)
    };
    let calibrate = move |chip: &mut dyn Chip| {
        let seed = calibrations.get();
        if defect == Defect::CountsCalibrations {
            calibrations.set(seed + 1);
        }
        let mut result: CalibrationResult = joint.run(chip, seed, &mut |_| {})?;
        match defect {
            Defect::WritesAfterwards => {
                let switches = Register::ReducedCapacitance.instances(chip.control_geometry());
                chip.write_register(Register::ReducedCapacitance, &vec![1; switches])?;
            }
            Defect::ForgetsTheOffsets => {
                let registers = &mut result.registers;
                registers.retain(|(register, _)| *register != Register::CadcOffset);
            }
            Defect::TemperatureIsNoNumber => result.temperature_celsius = Some(f64::NAN),
            _ => {}
        }
        Ok(result)
    };
    let subject = CalibrationSubject {
        chip: Box::new(chip),
        calibrate: Box::new(calibrate),
    };
    let laws = CALIBRATION_LAWS.iter();
    let broken = laws.filter(|law| law.hold(&subject).is_err());
    broken.map(|law| law.name).collect()
}

#[test]
fn each_law_is_broken_by_a_calibration_that_breaks_it() {
    assert_eq!(broken_laws(Defect::None), [""; 0]);
    let cases = [
        (Defect::WritesAfterwards, "a result is what the chip holds"),
        (Defect::CountsCalibrations, "equal chips get equal results"),
        (
            Defect::ForgetsTheOffsets,
            "applied, it answers like the calibrated chip",
        ),
        (Defect::ChipChangesWithEachWait, "applied twice equals once"),
        (
            Defect::TemperatureIsNoNumber,
            "what is loaded is what was saved",
        ),
    ];
    for (defect, law) in cases {
        let found = broken_laws(defect);
        assert!(found.contains(&law), "{defect:?} breaks {found:?}");
    }
    for law in CALIBRATION_LAWS {
        let breaks = cases.iter().filter(|(_, name)| *name == law.name);
        assert_eq!(breaks.count(), 1, "{}", law.name);
    }
}
