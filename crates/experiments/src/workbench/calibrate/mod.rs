//! One chip, calibrated.

use std::path::PathBuf;

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::ChipControl;

use super::ChipChoice;
use super::chip_choice::check_trial_seed;
use super::cost::{chip_time_ms, duration};
use super::files::{claim_calibration, claim_page, write_page};
use crate::report::Table;
use crate::{ExperimentError, Progress};

mod charts;
mod page;
mod table;

/// A chip that is to be calibrated, and where the result goes.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationJob {
    /// The chip.
    pub chip: ChipChoice,
    /// What is done, with its targets.
    pub procedure: Procedure,
    /// Seed of the measurements' noise, 0…[`Settings::MAX_SEED`](crate::Settings::MAX_SEED).
    pub trial_seed: u64,
    /// The calibration's file.
    pub calibration: PathBuf,
    /// The page about it.
    pub report: PathBuf,
}

/// What a calibration has to tell.
#[derive(Debug)]
pub struct CalibrationReport {
    /// The routines, for the terminal.
    pub table: Table,
    /// What they came to, in sentences.
    pub totals: String,
}

impl CalibrationJob {
    /// Targets that may be missed, in words.
    ///
    /// # Errors
    /// [`ExperimentError::Calibration`] for those that are impossible.
    pub fn warnings(&self) -> Result<Vec<String>, ExperimentError> {
        let warnings = self.procedure.check()?;
        Ok(warnings.iter().map(ToString::to_string).collect())
    }

    /// Calibrates the chip, saves the result and writes the page.
    ///
    /// # Errors
    /// [`ExperimentError`]; before the chip is touched if the job cannot be done, its files cannot
    /// be written, or something else would be lost there.
    pub fn run(&self, progress: &dyn Progress) -> Result<CalibrationReport, ExperimentError> {
        self.procedure.check()?;
        check_trial_seed(self.trial_seed)?;
        let mut chip = self.chip.make()?;
        claim_calibration(&self.calibration, &chip.identity())?;
        let places = [&self.calibration, &self.report].map(std::path::absolute);
        if matches!(&places, [Ok(calibration), Ok(report)] if calibration == report) {
            return Err(ExperimentError::SameFile {
                path: self.report.clone(),
            });
        }
        claim_page(&self.report)?;

        let task = progress.begin("calibrate", self.procedure.routines() as u64);
        let result = self
            .procedure
            .run(&mut chip, self.trial_seed, &mut |routine| {
                task.step(&routine.name);
            })?;
        drop(task);
        result.save(&self.calibration)?;
        let table = table::routines(&result)?;
        let totals = totals(&result);
        let page = page::of(&self.chip, &result, &totals)?;
        write_page(&self.report, &page)?;
        Ok(CalibrationReport { table, totals })
    }
}

/// What works, and what it cost.
fn totals(result: &CalibrationResult) -> String {
    let working = |elements: &[bool]| elements.iter().filter(|&&works| works).count();
    let measurements: u64 = result.routines.iter().map(|r| r.measurements).sum();
    let doubtful = match result.report.doubtful_outputs {
        0 => String::new(),
        count => format!(
            " {count} readings lie outside the validity of the lumped model: the calibration is \
             doubtful."
        ),
    };
    let columns = working(&result.working_columns);
    let of_columns = result.working_columns.len();
    let works = match result.procedure {
        Procedure::Cadc(_) => {
            format!("The CADC channels of {columns} of {of_columns} columns work.")
        }
        _ => format!(
            "{columns} of {of_columns} columns and {} of {} drivers work.",
            working(&result.working_drivers),
            result.working_drivers.len(),
        ),
    };
    let none = if columns == 0 {
        " Nothing works: the targets are out of this chip's reach."
    } else {
        ""
    };
    format!(
        "{works}{none} {measurements} measurements, {} settles, {} of chip time.{doubtful}",
        result.cost.settles,
        duration(chip_time_ms(&result.cost)),
    )
}
