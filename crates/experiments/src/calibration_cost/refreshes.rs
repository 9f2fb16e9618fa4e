//! A calibration some time later, and what doing a part of it anew is worth.

use bss2_calibration::{CalibrationResult, LineProcedure, Procedure, Refresh};
use bss2_core::CostLedger;
use bss2_core::random::derive_seed;
use bss2_hardware::SimulatedChip;
use serde::{Deserialize, Serialize};

use super::Parameters;
use super::residual::Residual;
use crate::ExperimentError;

/// What was done to a chip that has drifted and is warmer than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    Nothing,
    Baseline,
    References,
    Everything,
}

impl Remedy {
    pub(super) const ALL: [Self; 4] = [
        Self::Nothing,
        Self::Baseline,
        Self::References,
        Self::Everything,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Baseline => "baselines anew",
            Self::References => "references and baselines anew",
            Self::Everything => "joint procedure anew",
        }
    }
}

/// A chip after a remedy.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Remedied {
    pub(super) residual: Residual,
    pub(super) measurements: u64,
    pub(super) cost: CostLedger,
}

/// Purposes of the seeds that are derived from a calibration's.
const REFRESH: u64 = 1;
const CONVERSION: u64 = 2;

/// Lets a calibrated chip drift and warm up, then tries every remedy, in the order of
/// [`Remedy::ALL`].
pub(super) fn measure(
    calibrated: &SimulatedChip,
    result: &CalibrationResult,
    seeds: [u64; 2],
    parameters: &Parameters,
) -> Result<Vec<Remedied>, ExperimentError> {
    let [calibration_seed, trial_seed] = seeds;
    // Noise of its own, not that of the calibration.
    let calibration_seed = derive_seed(calibration_seed, REFRESH);
    let mut later = calibrated.clone();
    later.let_pass_s(parameters.pause_s)?;
    later.set_temperature_celsius(parameters.refresh_celsius)?;
    let remedies = Remedy::ALL.into_iter();
    remedies
        .map(|remedy| {
            let mut chip = later.clone();
            let refresh = |part, chip: &mut SimulatedChip| {
                result.refresh(part, chip, calibration_seed, &mut |_| {})
            };
            let fresh = match remedy {
                Remedy::Nothing => None,
                Remedy::Baseline => Some(refresh(Refresh::Baseline, &mut chip)?),
                Remedy::References => Some(refresh(Refresh::References, &mut chip)?),
                Remedy::Everything => {
                    Some(Procedure::joint().run(&mut chip, calibration_seed, &mut |_| {})?)
                }
            };
            Ok(Remedied {
                residual: Residual::of(chip, trial_seed, parameters)?,
                measurements: fresh.as_ref().map_or(0, measurements),
                cost: fresh.map_or_else(CostLedger::default, |result| result.cost),
            })
        })
        .collect()
}

/// Measurements of all routines of a result.
pub(super) fn measurements(result: &CalibrationResult) -> u64 {
    result
        .routines
        .iter()
        .map(|routine| routine.measurements)
        .sum()
}

/// Results of a calibration for synaptic lines from the beginning, and of one that was converted.
pub(super) fn on_lines(
    fresh: &SimulatedChip,
    membrane: &CalibrationResult,
    calibration_seed: u64,
) -> Result<[CalibrationResult; 2], ExperimentError> {
    let direct =
        Procedure::synaptic_line().run(&mut fresh.clone(), calibration_seed, &mut |_| {})?;
    let converted = LineProcedure::default().convert(
        membrane,
        &mut fresh.clone(),
        derive_seed(calibration_seed, CONVERSION),
        &mut |_| {},
    )?;
    Ok([direct, converted])
}
