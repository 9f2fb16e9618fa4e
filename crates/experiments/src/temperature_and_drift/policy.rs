//! What can be done to a chip, or to its networks, some time after the calibration.

use bss2_calibration::{CalibrationResult, Refresh};
use bss2_core::random::derive_seed;
use bss2_core::{CostLedger, Metered};
use bss2_hardware::SimulatedChip;
use bss2_training::{
    Adam, CrossEntropy, Examples, Network, RateSchedule, Schedule, Session, train,
};
use serde::{Deserialize, Serialize};

use super::bench::Bench;
use crate::ExperimentError;

/// What is done at every age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Policy {
    Nothing,
    Baseline,
    References,
    Everything,
    TouchUp,
}

/// Purposes of the seeds that are derived from that of the trials.
const REFRESH: u64 = 10;
const TOUCH_UP: u64 = 11;

impl Policy {
    pub(super) const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Baseline,
        Self::References,
        Self::Everything,
        Self::TouchUp,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Baseline => "baselines anew",
            Self::References => "references and baselines anew",
            Self::Everything => "calibration anew",
            Self::TouchUp => "network touched up in the loop",
        }
    }
}

impl Bench<'_> {
    /// Refreshes the chip's calibration as far as a policy says so; what that costs.
    pub(super) fn refresh(
        &self,
        policy: Policy,
        chip: &mut SimulatedChip,
        calibration: &mut CalibrationResult,
        number: usize,
    ) -> Result<CostLedger, ExperimentError> {
        let seed = derive_seed(derive_seed(self.trial_seed(), REFRESH), number as u64);
        let part =
            |part, chip: &mut SimulatedChip| calibration.refresh(part, chip, seed, &mut |_| {});
        *calibration = match policy {
            Policy::Nothing | Policy::TouchUp => return Ok(CostLedger::default()),
            Policy::Baseline => part(Refresh::Baseline, chip)?,
            Policy::References => part(Refresh::References, chip)?,
            Policy::Everything => self.parameters.calibration.run(chip, seed, &mut |_| {})?,
        };
        Ok(calibration.cost)
    }

    /// Trains a network on a part of the samples with the chip in the loop; what that costs.
    pub(super) fn touch_up(
        &self,
        network: &mut Network,
        chip: &SimulatedChip,
        number: usize,
    ) -> Result<CostLedger, ExperimentError> {
        let touch_up = self.parameters.drift.touch_up;
        let labels = self.data.training_labels();
        let samples = labels.len().min(touch_up.samples);
        let inputs = self.data.first_training_inputs(samples);
        let seed = derive_seed(derive_seed(self.trial_seed(), TOUCH_UP), number as u64);
        let mut chip = Metered::new(chip.clone());
        train(
            network,
            &mut Session::on(&mut chip, seed),
            Examples::new(inputs, &labels[..samples])?,
            Schedule {
                epochs: touch_up.epochs,
                batch: touch_up.batch,
                seed,
                rate: RateSchedule::Constant,
            },
            &CrossEntropy {
                logits_per_unit: self.parameters.logits_per_lsb,
            },
            &mut Adam::new(touch_up.rate)?,
            &mut |_| {},
        )?;
        Ok(chip.take_ledger())
    }
}
