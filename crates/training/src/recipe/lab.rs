//! Where the chip is.

use bss2_core::{CostLedger, MacArray};

use super::ChipFigures;
use crate::TrainingError;

/// The chip that a network is trained for, and what can be done to it.
pub trait Lab {
    /// The chip as it is.
    fn chip(&mut self) -> &mut dyn MacArray;

    /// The chip at each of some temperatures (°C), to be taken in turn. Recipes ask once before they
    /// begin, and several times per epoch; what is asked for again must be as it was left.
    ///
    /// # Errors
    /// [`TrainingError::NoTemperature`] if its temperature cannot be set, or not to these.
    fn at_temperatures(
        &mut self,
        _celsius: &[f32],
    ) -> Result<Vec<Box<dyn MacArray + '_>>, TrainingError> {
        Err(TrainingError::NoTemperature)
    }

    /// What was measured of the chip before, in place of which a recipe measures it itself. Figures that
    /// lack a timing, or twins that a recipe needs, are left aside.
    fn known_figures(&self) -> Option<&ChipFigures> {
        None
    }

    /// A number that tells the chip as it is (which one, its registers, its temperature) from others: an
    /// interrupted training continues on the same alone. The same for all, unless the lab tells them
    /// apart.
    ///
    /// # Errors
    /// [`TrainingError`] if the chip does not answer.
    fn fingerprint(&mut self) -> Result<u64, TrainingError> {
        Ok(0)
    }

    /// What the chip has cost since this was last asked; nothing, unless the lab counts it.
    fn take_cost(&mut self) -> CostLedger {
        CostLedger::default()
    }
}

/// A lab with nothing but a chip, or any other array that stands for it.
#[derive(Debug)]
pub struct OneChip<A>(pub A);

impl<A: MacArray> Lab for OneChip<A> {
    fn chip(&mut self) -> &mut dyn MacArray {
        &mut self.0
    }
}
