//! Errors of calibration.

use bss2_core::{ArrayError, ArrayMode, ChipIdentity, ControlError};
use bss2_file::FileError;
use thiserror::Error;

/// Why a calibration could not be run, kept or applied.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// The chip refused a measurement.
    #[error("measurement refused: {0}")]
    Array(#[from] ArrayError),
    /// The chip refused a register value.
    #[error("register write refused: {0}")]
    Control(#[from] ControlError),
    /// The file could not be written, or does not hold a calibration.
    #[error(transparent)]
    File(#[from] FileError),
    /// A result that belongs to another chip.
    #[error("calibration belongs to chip {calibrated}, not to {found}")]
    OtherChip {
        /// The chip that was calibrated.
        calibrated: ChipIdentity,
        /// The chip at hand.
        found: ChipIdentity,
    },
    /// A calibration for membranes was to be converted or refreshed, and is none.
    #[error("a {procedure} calibration is none for membranes")]
    NotForMembranes {
        /// Name of the procedure.
        procedure: &'static str,
    },
    /// A routine on a chip that is not in the mode in which routines measure.
    #[error("routines measure in membrane mode, the chip is in {found:?} mode")]
    Mode {
        /// The chip's mode.
        found: ArrayMode,
    },
    /// A search over no values, or over too many.
    #[error("a search needs a range of 1 to 2²⁴ values, found {min}…{max}")]
    Range {
        /// Smallest value.
        min: i32,
        /// Largest value.
        max: i32,
    },
    /// A target that no chip can reach.
    #[error("target {target} = {value} is impossible: it lies outside {min}…{max}")]
    TargetOutOfRange {
        /// Name of the target.
        target: &'static str,
        /// Its value.
        value: f64,
        /// Smallest possible value.
        min: f64,
        /// Largest possible value.
        max: f64,
    },
    /// A measurement of more or fewer instances than were asked for.
    #[error("{measured} instances were measured, there is room for {room}")]
    InstanceCount {
        /// Instances that respond.
        measured: usize,
        /// Length of what the responses were to be written into.
        room: usize,
    },
    /// An option outside its range.
    #[error("{option} = {value} is outside {min}…{max}")]
    OptionOutOfRange {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        value: f64,
        /// Smallest accepted value.
        min: f64,
        /// Largest accepted value.
        max: f64,
    },
}
