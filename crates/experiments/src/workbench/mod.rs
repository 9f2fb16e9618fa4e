//! The workbench: one chip calibrated, or measured as it is; one layer planned.
//!
//! [`CalibrationJob`] runs a procedure on a simulated chip and keeps the result in a file,
//! [`CharacterizationJob`] measures a chip, fresh or with such a file; both tell what they found as a
//! table and as a self-contained page. They know chips only through `bss2_core`'s traits.
//!
//! [`PlanJob`] lays a layer out on chips and tells what that costs.
//!
//! `cargo xtask calibrate`, `characterize` and `plan` are the command lines to this module.

mod calibrate;
mod characterize;
mod chip_choice;
mod cost;
mod files;
mod plan;
mod quadrants;
mod targets_file;

pub use calibrate::{CalibrationJob, CalibrationReport};
pub use characterize::{CharacterizationJob, CharacterizationReport};
pub use chip_choice::ChipChoice;
pub use plan::{MakeTiling, PlanJob, PlanReport, STRATEGIES, layer_shape, read_tiling, strategy};
pub use targets_file::{
    MakeProcedure, PROCEDURES, TargetsError, print_targets, procedure, read_targets,
};
