//! A simulated chip that networks are trained for.

use bss2_core::{CostLedger, MacArray, Metered};
use bss2_hardware::SimulatedChip;
use bss2_training::{Lab, TrainingError};

/// The chip, with its costs counted, at whatever temperature is asked for.
pub(crate) struct SimulatedLab {
    chip: Metered<SimulatedChip>,
    at_temperatures: Vec<Metered<SimulatedChip>>,
}

impl SimulatedLab {
    pub(crate) fn new(chip: SimulatedChip) -> Self {
        Self {
            chip: Metered::new(chip),
            at_temperatures: Vec::new(),
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

    fn take_cost(&mut self) -> CostLedger {
        let others = self.at_temperatures.iter_mut().map(Metered::take_ledger);
        others.fold(self.chip.take_ledger(), |sum, cost| sum + cost)
    }
}
