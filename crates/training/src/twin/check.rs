//! What a twin's numbers have to be.

use super::{ColumnTwin, DriverTwin, Twin};
use crate::TrainingError;

/// Largest magnitude of any number: beyond what an array shows, within what `f32` can square.
const LARGEST: f32 = 1e6;

impl Twin {
    pub(super) fn check(&self) -> Result<(), TrainingError> {
        let geometry = self.geometry;
        check_size(
            "hemispheres",
            geometry.hemispheres(),
            self.hemispheres.len(),
        )?;
        for hemisphere in &self.hemispheres {
            check_size("drivers", geometry.inputs(), hemisphere.drivers.len())?;
            check_size("columns", geometry.columns(), hemisphere.columns.len())?;
            hemisphere.drivers.iter().try_for_each(DriverTwin::check)?;
            let mut columns = hemisphere.columns.iter();
            columns.try_for_each(|column| column.check(self.knots.count()))?;
        }
        Ok(())
    }
}

impl DriverTwin {
    fn check(&self) -> Result<(), TrainingError> {
        let mut amplitudes = self.amplitudes.iter();
        amplitudes.try_for_each(|&a| check_number("amplitudes", a, true))?;
        check_number("amplitudes", self.amplitudes[0], self.amplitudes[0] == 0.0)
    }
}

impl ColumnTwin {
    fn check(&self, knots: usize) -> Result<(), TrainingError> {
        check_size("deviations_lsb", knots, self.deviations_lsb.len())?;
        let mut deviations = self.deviations_lsb.iter();
        deviations.try_for_each(|&d| check_number("deviations_lsb", d, true))?;
        check_number("excitatory_lsb", self.excitatory_lsb, true)?;
        check_number("inhibitory_lsb", self.inhibitory_lsb, true)?;
        check_number("event_lsb", self.event_lsb, true)?;
        check_number("noise_lsb", self.noise_lsb, self.noise_lsb >= 0.0)?;
        let variance = self.event_variance_lsb2;
        check_number("event_variance_lsb2", variance, variance >= 0.0)
    }
}

fn check_size(what: &'static str, expected: usize, found: usize) -> Result<(), TrainingError> {
    if expected == found {
        return Ok(());
    }
    Err(TrainingError::TwinSize {
        what,
        expected,
        found,
    })
}

pub(super) fn check_number(
    what: &'static str,
    value: f32,
    in_range: bool,
) -> Result<(), TrainingError> {
    if value.abs() <= LARGEST && in_range {
        return Ok(());
    }
    Err(TrainingError::TwinNumber { what, value })
}
