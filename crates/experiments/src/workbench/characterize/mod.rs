//! One chip, measured as it is.

use std::path::PathBuf;

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::ArrayMode;

use super::ChipChoice;
use super::chip_choice::check_trial_seed;
use super::cost::{chip_time_ms, duration};
use super::files::{claim_page, write_page};
use crate::plot::fixed;
use crate::report::Table;
use crate::{ExperimentError, Progress};

mod charts;
mod figures;
mod measure;
mod page;
mod table;

use figures::{Selection, State};
use measure::{Expected, Measurements, STEPS};

/// A chip that is to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct CharacterizationJob {
    /// The chip.
    pub chip: ChipChoice,
    /// A calibration of this chip: it is measured fresh and with the calibration, both in the
    /// calibration's mode. Without it, it is measured fresh in membrane mode.
    pub calibration: Option<PathBuf>,
    /// Seed of the measurements' noise, 0…[`Settings::MAX_SEED`](crate::Settings::MAX_SEED).
    pub trial_seed: u64,
    /// The page, if one is to be written.
    pub report: Option<PathBuf>,
}

/// What a characterization has to tell.
#[derive(Debug)]
pub struct CharacterizationReport {
    /// The figures by quadrant and over the chip, for the terminal.
    pub table: Table,
    /// How they were found, in sentences.
    pub totals: String,
}

impl CharacterizationJob {
    /// Measures the chip and writes the page.
    ///
    /// # Errors
    /// [`ExperimentError`]; before the chip is touched if the job cannot be done, the page cannot be
    /// written, or the calibration cannot be read or is another chip's.
    pub fn run(&self, progress: &dyn Progress) -> Result<CharacterizationReport, ExperimentError> {
        check_trial_seed(self.trial_seed)?;
        let calibration = self.calibration.as_deref();
        let calibration = calibration.map(CalibrationResult::load).transpose()?;
        let fresh = self.chip.make()?;
        let mut calibrated = None;
        if let Some(calibration) = &calibration {
            let mut chip = fresh.clone();
            calibration.apply(&mut chip)?;
            calibrated = Some((calibration, chip));
        }
        if let Some(path) = &self.report {
            claim_page(path)?;
        }

        let mode = calibration.as_ref().map_or(ArrayMode::Membrane, |c| c.mode);
        let states = 1 + u64::from(calibrated.is_some());
        let task = progress.begin("characterize", states * STEPS);
        let mut measured = Vec::new();
        let mut chip = fresh;
        let step = |name: &str, what: &str| task.step(&format!("{name}: {what}"));
        let expected = Expected::of_reset(mode);
        let fresh = Measurements::of(&mut chip, mode, expected, self.trial_seed, &mut |what| {
            step("fresh", what);
        })?;
        measured.push(("fresh", fresh));
        if let Some((calibration, mut chip)) = calibrated {
            let expected = Expected::of_calibration(calibration);
            let found =
                Measurements::of(&mut chip, mode, expected, self.trial_seed, &mut |what| {
                    step("calibrated", what);
                })?;
            measured.push(("calibrated", found));
        }
        drop(task);

        let selection = Selection::of(&measured, calibration.as_ref());
        let states: Vec<State<'_>> = measured
            .iter()
            .map(|(name, measurements)| State {
                name,
                measurements,
                selection: &selection,
            })
            .collect();
        let table = table::of(&states)?;
        let totals = totals(&states);
        if let Some(path) = &self.report {
            let page = page::of(self, calibration.as_ref(), &states, &totals)?;
            write_page(path, &page)?;
        }
        Ok(CharacterizationReport { table, totals })
    }
}

/// What the figures are over, and what they cost.
fn totals(states: &[State<'_>]) -> String {
    let Some(State { selection, .. }) = states.first() else {
        return String::new();
    };
    let sum = |elements: &[bool]| elements.iter().filter(|&&counts| counts).count();
    let chip_ms: f64 = states
        .iter()
        .map(|state| chip_time_ms(&state.measurements.cost))
        .sum();
    let doubtful: u64 = states.iter().map(|s| s.measurements.doubtful).sum();
    let readings: u64 = states.iter().map(|s| s.measurements.readings).sum();
    let doubtful = match doubtful {
        0 => String::new(),
        count => format!(
            " {count} of {} readings lie outside the validity of the lumped model.",
            fixed(readings as f64, 0)
        ),
    };
    format!(
        "Over {} of {} columns and {} of {} drivers: {}. {} of chip time.{doubtful}",
        sum(&selection.columns),
        selection.columns.len(),
        sum(&selection.drivers),
        selection.drivers.len(),
        selection.rule,
        duration(chip_ms),
    )
}

/// Time constants around which a chip with these targets is measured, in µs: of membranes and of
/// excitatory and inhibitory lines.
fn targets_us(procedure: &Procedure) -> Option<[f64; 2]> {
    match procedure {
        Procedure::Membrane(procedure) => Some(&procedure.targets),
        Procedure::Joint(procedure) => Some(&procedure.targets),
        Procedure::SynapticLine(_) | Procedure::Cadc(_) => None,
    }
    .map(|targets| [targets.tau_mem_us, targets.tau_syn_us])
}
