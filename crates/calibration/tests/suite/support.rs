//! What several topics need.

use bss2_calibration::CadcRange;
use bss2_calibration::{
    CadcProcedure, CalibrationResult, JointOptions, JointProcedure, MembraneOptions,
    MembraneProcedure, MembraneTargets, Procedure, RoutineResult,
};
use bss2_core::{Chip, ChipControl, Register};

/// Runs a procedure with trial seed 1.
pub(crate) fn calibrate(procedure: Procedure, chip: &mut dyn Chip) -> CalibrationResult {
    procedure
        .run(chip, 1, &mut |_| {})
        .expect("the chip refuses nothing")
}

/// Both procedures for membranes, with some targets.
pub(crate) fn for_membranes(targets: MembraneTargets) -> [Procedure; 2] {
    [
        Procedure::Membrane(MembraneProcedure {
            targets,
            options: MembraneOptions::default(),
        }),
        Procedure::Joint(JointProcedure {
            targets,
            options: JointOptions::default(),
        }),
    ]
}

/// The same procedure with other options at its end.
pub(crate) fn ending_with(mut procedure: Procedure, keep: bool, baseline_too: bool) -> Procedure {
    match &mut procedure {
        Procedure::Membrane(MembraneProcedure { options, .. }) => {
            options.keep_leak = keep;
            options.baseline = baseline_too;
        }
        Procedure::Joint(JointProcedure { options, .. }) => {
            options.keep_leak = keep;
            options.baseline = baseline_too;
        }
        Procedure::SynapticLine(_) | Procedure::Cadc(_) => {}
    }
    procedure
}

/// Every kind of procedure with its default targets.
pub(crate) fn every_procedure() -> [Procedure; 4] {
    let [membrane, joint] = for_membranes(MembraneTargets::default());
    let range = CadcRange::FULL;
    [
        membrane,
        joint,
        Procedure::synaptic_line(),
        Procedure::Cadc(CadcProcedure { range }),
    ]
}

/// What every register holds.
pub(crate) fn registers(chip: &mut dyn ChipControl) -> Vec<(Register, Vec<i32>)> {
    let read = |&register| (register, chip.register_values(register).unwrap());
    Register::ALL.iter().map(read).collect()
}

/// The last routine of a name.
pub(crate) fn routine<'r>(result: &'r CalibrationResult, name: &str) -> &'r RoutineResult {
    let mut routines = result.routines.iter().rev();
    routines
        .find(|routine| routine.name == name)
        .unwrap_or_else(|| panic!("there is no routine {name}"))
}

/// Indices of what is false.
pub(crate) fn failures(success: &[bool]) -> Vec<usize> {
    let marked = success.iter().enumerate().filter(|(_, success)| !**success);
    marked.map(|(index, _)| index).collect()
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation from the mean.
pub(crate) fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares / values.len() as f64).sqrt()
}

/// The value in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
