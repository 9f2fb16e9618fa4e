//! What is measured of a chip once, for all methods that need it.

use std::time::Instant;

use bss2_core::CostLedger;
use bss2_hardware::SimulatedChip;
use bss2_training::{ChipFigures, Lab};

use super::subject::Subject;
use crate::ExperimentError;
use crate::simulated_lab::SimulatedLab;

/// Figures of a chip, and what they cost.
pub(super) struct Known {
    pub(super) figures: ChipFigures,
    pub(super) cost: CostLedger,
    /// Time that the computer took to measure the chip and to fit its twins, in s.
    pub(super) wall_s: f64,
}

impl Known {
    /// Measures a chip as a recipe would.
    pub(super) fn measured(
        subject: &Subject<'_>,
        chip: &SimulatedChip,
        with_twins: bool,
    ) -> Result<Self, ExperimentError> {
        let begin = Instant::now();
        let mut lab = SimulatedLab::new(chip.clone());
        let settings = subject.case.network.settings()?;
        Ok(Self {
            figures: ChipFigures::measure(&mut lab, &settings, with_twins, subject.seed)?,
            cost: lab.take_cost(),
            wall_s: begin.elapsed().as_secs_f64(),
        })
    }
}
