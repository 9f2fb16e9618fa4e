//! Registers that are changed for a while.

use bss2_core::{ReadoutSource, Register};

use super::Bench;
use crate::CalibrationError;

/// Remembers what registers held before they were changed for a measurement.
#[derive(Clone, Debug, Default)]
pub struct Temporary {
    before: Vec<(Register, Vec<i32>)>,
}

impl Temporary {
    /// Writes one value to all instances of a register for now.
    ///
    /// # Errors
    /// What the chip refuses.
    pub fn set_all(
        &mut self,
        bench: &mut Bench<'_>,
        register: Register,
        value: i32,
    ) -> Result<(), CalibrationError> {
        let values = vec![value; bench.instances(register)];
        self.set(bench, register, &values)
    }

    /// Writes a register for now.
    ///
    /// # Errors
    /// What the chip refuses.
    pub fn set(
        &mut self,
        bench: &mut Bench<'_>,
        register: Register,
        values: &[i32],
    ) -> Result<(), CalibrationError> {
        let before = bench.values(register)?;
        if before != values {
            bench.write(register, values)?;
        }
        if self.before.iter().all(|(known, _)| *known != register) {
            self.before.push((register, before));
        }
        Ok(())
    }

    /// Shows a voltage to all columns' channels for now.
    ///
    /// # Errors
    /// What the chip refuses.
    pub fn show(
        &mut self,
        bench: &mut Bench<'_>,
        source: ReadoutSource,
    ) -> Result<(), CalibrationError> {
        self.set_all(bench, Register::ReadoutSource, source.register_value())
    }

    /// Writes back what was there before, and forgets it.
    ///
    /// # Errors
    /// What the chip refuses.
    pub fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        while let Some((register, values)) = self.before.pop() {
            if bench.values(register)? != values {
                bench.write(register, &values)?;
            }
        }
        Ok(())
    }
}
