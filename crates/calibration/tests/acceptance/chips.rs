//! A few default chips, calibrated once for all tests.

use std::sync::OnceLock;

use bss2_calibration::acceptance::{Group, Verdict};
use bss2_calibration::{CadcProcedure, CadcRange, CalibrationResult, LineProcedure, Procedure};
use bss2_hardware::{ChipConfig, SimulatedChip};

/// Seeds of the chips.
pub(crate) const SEEDS: [u64; 3] = [1, 2, 3];

/// A chip with its calibrations; copies of it are judged.
pub(crate) struct Calibrated {
    pub(crate) fresh: SimulatedChip,
    pub(crate) cadc: CalibrationResult,
    pub(crate) membrane: CalibrationResult,
    pub(crate) joint: CalibrationResult,
    /// Made from the one for membranes.
    pub(crate) converted: CalibrationResult,
    pub(crate) synaptic_line: CalibrationResult,
}

impl Calibrated {
    fn new(seed: u64) -> Self {
        let fresh = SimulatedChip::new(&ChipConfig::typical().check().unwrap(), seed);
        let run = |procedure: Procedure| {
            let mut chip = fresh.clone();
            let result = procedure.run(&mut chip, seed, &mut |_| {}).unwrap();
            (result, chip)
        };
        let range = CadcRange::FULL;
        let (membrane, mut chip) = run(Procedure::default());
        Self {
            cadc: run(Procedure::Cadc(CadcProcedure { range })).0,
            joint: run(Procedure::joint()).0,
            synaptic_line: run(Procedure::synaptic_line()).0,
            converted: LineProcedure::default()
                .convert(&membrane, &mut chip, seed, &mut |_| {})
                .unwrap(),
            membrane,
            fresh,
        }
    }

    /// All chips.
    pub(crate) fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Calibrated>> = OnceLock::new();
        ALL.get_or_init(|| SEEDS.map(Self::new).into())
    }

    /// The calibration that brings what a group asks for.
    pub(crate) fn result(&self, group: Group) -> &CalibrationResult {
        match group {
            Group::Cadc => &self.cadc,
            Group::Drivers | Group::Lines => &self.converted,
            Group::Membrane => &self.membrane,
        }
    }

    /// The chip with a calibration applied.
    pub(crate) fn with(&self, result: &CalibrationResult) -> SimulatedChip {
        let mut chip = self.fresh.clone();
        result.apply(&mut chip).unwrap();
        chip
    }
}

/// What a chip misses of a group: names and values.
pub(crate) fn missed(
    group: Group,
    chip: &mut SimulatedChip,
    result: Option<&CalibrationResult>,
) -> Vec<(&'static str, f64)> {
    let working = result.map(|result| result.working_columns.as_slice());
    let verdicts = group.judge(chip, working, 77).unwrap();
    assert!(
        verdicts
            .iter()
            .map(|verdict| verdict.criterion)
            .eq(group.criteria())
    );
    let missed = verdicts.iter().filter(|verdict| !verdict.is_met());
    missed
        .map(|&Verdict { criterion, value }| (criterion.name, value))
        .collect()
}
