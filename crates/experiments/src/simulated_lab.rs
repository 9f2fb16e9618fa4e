//! A simulated chip that networks are trained for.

use bss2_core::random::derive_seed;
use bss2_core::{ChipControl, CostLedger, MacArray, Metered, Register};
use bss2_hardware::SimulatedChip;
use bss2_training::{ChipFigures, Lab, TrainingError};

/// The chip, with its costs counted, at whatever temperature is asked for.
pub(crate) struct SimulatedLab {
    chip: Metered<SimulatedChip>,
    /// With their temperatures in °C.
    at_temperatures: Vec<(f32, Metered<SimulatedChip>)>,
    /// Of chips at temperatures that are no longer asked for.
    earlier: CostLedger,
    known_figures: Option<ChipFigures>,
}

impl SimulatedLab {
    pub(crate) fn new(chip: SimulatedChip) -> Self {
        Self {
            chip: Metered::new(chip),
            at_temperatures: Vec::new(),
            earlier: CostLedger::default(),
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
        let present = self.at_temperatures.iter().map(|(celsius, _)| celsius);
        if !present.eq(celsius) {
            for (_, mut chip) in self.at_temperatures.drain(..) {
                self.earlier += chip.take_ledger();
            }
            for &celsius in celsius {
                let mut chip = self.chip.inner().clone();
                chip.set_temperature_celsius(celsius)
                    .map_err(|_| TrainingError::NoTemperature)?;
                self.at_temperatures.push((celsius, Metered::new(chip)));
            }
        }
        let chips = self.at_temperatures.iter_mut();
        Ok(chips
            .map(|(_, chip)| Box::new(chip) as Box<dyn MacArray>)
            .collect())
    }

    fn known_figures(&self) -> Option<&ChipFigures> {
        self.known_figures.as_ref()
    }

    fn fingerprint(&mut self) -> Result<u64, TrainingError> {
        let chip = self.chip.inner_mut();
        let celsius = SimulatedChip::temperature_celsius(chip);
        let mut numbers = vec![u64::from(celsius.to_bits()), chip.age_s().to_bits()];
        numbers.extend(chip.identity().as_str().bytes().map(u64::from));
        for &register in Register::ALL {
            let values = chip.register_values(register);
            let values = values.map_err(|error| TrainingError::NoAnswer {
                message: error.to_string(),
            })?;
            numbers.extend(values.into_iter().map(|value| value as u64));
        }
        Ok(numbers.into_iter().fold(0, derive_seed))
    }

    fn take_cost(&mut self) -> CostLedger {
        let others = self.at_temperatures.iter_mut();
        let others = others.map(|(_, chip)| chip.take_ledger());
        let chip = self.chip.take_ledger() + std::mem::take(&mut self.earlier);
        others.fold(chip, |sum, cost| sum + cost)
    }
}
