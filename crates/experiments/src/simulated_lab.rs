//! A simulated chip that networks are trained for.

use bss2_core::{CostLedger, MacArray, Metered};
use bss2_hardware::SimulatedChip;
use bss2_training::{ChipFigures, Lab, TrainingError};

/// The chip, with its costs counted, at whatever temperature is asked for.
pub(crate) struct SimulatedLab {
    chip: Metered<SimulatedChip>,
    at_temperatures: Vec<Metered<SimulatedChip>>,
    known_figures: Option<ChipFigures>,
}

impl SimulatedLab {
    pub(crate) fn new(chip: SimulatedChip) -> Self {
        Self {
            chip: Metered::new(chip),
            at_temperatures: Vec::new(),
            known_figures: None,
        }
    }

    /// A lab that knows its chip: recipes do not measure it, and do not pay for that.
    pub(crate) fn with_figures(chip: SimulatedChip, figures: ChipFigures) -> Self {
        Self {
            known_figures: Some(figures),
            ..Self::new(chip)
        }
    }
}

impl Lab for SimulatedLab {
    fn chip(&mut self) -> &mut dyn MacArray {
        &mut self.chip
    }

    fn at_temperatures(
        &mut self,
        celsius: &[f32],
    ) -> Result<Vec<Box<dyn MacArray + '_>>, TrainingError> {
        if self.at_temperatures.len() != celsius.len() {
            self.at_temperatures.clear();
            for &celsius in celsius {
                let mut chip = self.chip.inner().clone();
                chip.set_temperature_celsius(celsius)
                    .map_err(|_| TrainingError::NoTemperature)?;
                self.at_temperatures.push(Metered::new(chip));
            }
        }
        let chips = self.at_temperatures.iter_mut();
        Ok(chips
            .map(|chip| Box::new(chip) as Box<dyn MacArray>)
            .collect())
    }

    fn known_figures(&self) -> Option<&ChipFigures> {
        self.known_figures.as_ref()
    }

    fn take_cost(&mut self) -> CostLedger {
        let others = self.at_temperatures.iter_mut().map(Metered::take_ledger);
        others.fold(self.chip.take_ledger(), |sum, cost| sum + cost)
    }
}
