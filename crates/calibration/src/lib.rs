//! Calibration of BrainScaleS-2 chips.
//!
//! Hidden mismatch makes a fresh chip nearly useless as a multiplier. Calibration turns registers
//! until columns, drivers and channels agree, as far as the registers allow. It knows chips only
//! through [`bss2_core`]'s traits, so a simulated chip, a real one or a test double serves alike,
//! and it sees nothing that a real chip could not show.
//!
//! Two traits meet here: a [`Routine`] says what to set and what to measure, a [`SearchAlgorithm`]
//! says how to search; every pair works, joined by [`run_routine`], and [nests](routine::Nested). A
//! [`Procedure`] strings routines together and keeps what came out in a [`CalibrationResult`].
//!
//! # Example
//!
//! ```
//! use bss2_calibration::Procedure;
//! use bss2_hardware::{ChipConfig, SimulatedChip};
//!
//! let mut chip = SimulatedChip::new(&ChipConfig::typical().check()?, 42);
//! let result = Procedure::joint().run(&mut chip, 1, &mut |_| {})?;
//!
//! let gain = result.routines.iter().find(|routine| routine.name == "excitatory gain").unwrap();
//! assert!(gain.spread_after() < 0.3 * gain.spread_before());
//! assert!(gain.cost.readouts > 0); // and this is what it cost
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod acceptance;
pub mod bench;
mod error;
mod file;
mod fit;
pub mod procedure;
mod quadrants;
mod result;
pub mod routine;
pub mod search;
mod statistics;
pub mod targets;
#[cfg(feature = "testing")]
pub mod testing;

pub use bench::Bench;
pub use error::CalibrationError;
pub use procedure::{
    CadcProcedure, JointOptions, JointProcedure, LineOptions, LineProcedure, MembraneOptions,
    MembraneProcedure, Procedure, Refresh,
};
pub use result::{CalibrationResult, RoutineResult, Step};
pub use routine::{Routine, run_routine};
pub use search::{
    BinarySearch, LinearPrediction, LinearSearch, NoisyBinarySearch, PolynomialPrediction, Problem,
    ProportionalSteps, SearchAlgorithm, SearchOutcome, Slope,
};
pub use targets::{CadcRange, LineTargets, MembraneTargets, TargetRange, TargetWarning};
