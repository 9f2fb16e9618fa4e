//! Calibration of BrainScaleS-2 chips.
//!
//! Hidden mismatch makes a fresh chip nearly useless as a multiplier. Calibration turns registers
//! until columns, drivers and channels agree, as far as the registers allow. It knows chips only
//! through [`bss2_core`]'s traits, so a simulated chip, a real one or a test double serves alike,
//! and it sees nothing that a real chip could not show.
//!
//! Two traits meet here: a [`Routine`] says what to set and what to measure, a [`SearchAlgorithm`]
//! says how to search; every pair works, joined by [`run_routine`]. [`Procedure`] strings routines
//! together and keeps what came out in a [`CalibrationResult`].
//!
//! # Example
//!
//! ```
//! use bss2_calibration::Procedure;
//! use bss2_hardware::{ChipConfig, SimulatedChip};
//!
//! let mut chip = SimulatedChip::new(&ChipConfig::typical().check()?, 42);
//! let result = Procedure::default().run(&mut chip, 1, &mut |_| {})?;
//!
//! let offsets = &result.routines[0];
//! assert_eq!(offsets.name, "CADC offset");
//! assert!(offsets.spread_after() < 0.2 * offsets.spread_before());
//! assert!(result.cost.settles > 0); // and this is what it cost
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod measure;
mod procedure;
mod result;
pub mod routine;
pub mod search;

pub use error::CalibrationError;
pub use measure::Bench;
pub use procedure::Procedure;
pub use result::{CalibrationResult, RoutineResult};
pub use routine::{Routine, run_routine};
pub use search::{BinarySearch, LinearPrediction, Problem, SearchAlgorithm, SearchOutcome, Slope};
