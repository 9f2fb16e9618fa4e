//! Row 14: a fresh chip fails the real chip's own tests, a calibrated one passes.

use bss2_calibration::acceptance::{Criterion, Group};
use bss2_calibration::{CadcProcedure, CadcRange, LineProcedure, Procedure};

use super::Measured;
use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::acceptance::{Calibrated, State};

const fn count(quantity: &'static str, band: Band) -> Check {
    Check::shown(14, quantity, "of 24", 0, "calix, acceptance tests")
        .within(band)
        .departing(
            "limits are the source's; registers of the CADC are read back to see boundaries; up to 32 \
             drivers are measured at a time instead of 8; baselines come from the calibration, where \
             excitatory and inhibitory means may then lie 10 LSB apart instead of 20; on synaptic \
             lines events are 5 cycles apart, columns in which two vectors both reach the CADC's end \
             are left out of their comparison, and an overwritten chip has fast lines, where the \
             source has none",
        )
}

pub(super) const CHECKS: &[Check] = &[
    count("criteria that a calibrated chip fails", Band::at_most(0.0)),
    count("criteria that a fresh chip fails", Band::at_least(1.0)),
    count(
        "criteria that a calibrated chip fails once overwritten",
        Band::at_least(1.0),
    ),
    count(
        "criteria that a chip fails once its calibration is applied again",
        Band::at_most(0.0),
    ),
];

/// The states in which a chip is tested, in the order of the checks.
pub(super) const STATES: [State; 4] = State::ALL;

/// All criteria, with the group to which each belongs.
pub(super) fn criteria() -> impl Iterator<Item = (Group, &'static Criterion)> {
    let groups = Group::ALL.into_iter();
    groups.flat_map(|group| group.criteria().iter().map(move |c| (group, c)))
}

/// For every state, by criterion: whether the chip fails it.
pub(super) type Failures = [Vec<bool>; STATES.len()];

pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    let seed = lab.tests_seed();
    let fresh = lab.fresh_chip();
    let membrane = lab.calibrated();
    let lines = membrane.converted(LineProcedure::default(), seed)?;
    let range = CadcRange::FULL;
    let cadc = Calibrated::by(Procedure::Cadc(CadcProcedure { range }), &fresh, seed)?;
    let mut failures = Failures::default();
    for (state, failures) in STATES.into_iter().zip(&mut failures) {
        for group in Group::ALL {
            let calibrated = match group {
                Group::Cadc => &cadc,
                Group::Drivers | Group::Lines => &lines,
                Group::Membrane => &membrane,
            };
            let verdicts = calibrated.judge(group, state, &fresh, seed)?;
            failures.extend(verdicts.iter().map(|verdict| !verdict.is_met()));
        }
    }
    let count = |failures: &Vec<bool>| failures.iter().filter(|failed| **failed).count();
    Ok(Measured {
        values: failures.iter().map(|f| count(f) as f64).collect(),
        failures: Some(failures),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_unit_counts_all_criteria() {
        let unit = format!("of {}", criteria().count());
        assert!(CHECKS.iter().all(|check| check.unit == unit));
        assert_eq!(CHECKS.len(), STATES.len());
    }
}
