//! The workbench: one chip calibrated, or measured as it is; one layer planned; one network trained
//! for a chip, or evaluated on it.
//!
//! [`CalibrationJob`] runs a procedure on a simulated chip and keeps the result in a file,
//! [`CharacterizationJob`] measures a chip, fresh or with such a file; both tell what they found as a
//! table and as a self-contained page. They know chips only through `bss2_core`'s traits.
//!
//! [`TrainJob`] trains a network for a chip by any method, [`EvaluateJob`] evaluates one on an array.
//!
//! [`PlanJob`] lays a layer out on chips and tells what that costs.
//!
//! [`SpeedJob`] measures how fast all that is on this machine.
//!
//! `cargo xtask calibrate`, `characterize`, `plan`, `train`, `evaluate` and `speed` are the command lines to this
//! module.

mod calibrate;
mod characterize;
mod chip_choice;
mod cost;
mod evaluate;
mod files;
mod network_file;
mod plan;
mod quadrants;
mod speed;
mod targets_file;
mod train;

pub use calibrate::{CalibrationJob, CalibrationReport};
pub use characterize::{CharacterizationJob, CharacterizationReport};
pub use chip_choice::ChipChoice;
pub use evaluate::{ArrayKind, EvaluateJob, EvaluateReport};
pub use network_file::{read_network, read_recipe};
pub use plan::{MakeTiling, PlanJob, PlanReport, STRATEGIES, layer_shape, read_tiling, strategy};
pub use speed::{PlainProduct, SpeedJob, SpeedReport};
pub use targets_file::{
    MakeProcedure, PROCEDURES, TargetsError, print_targets, procedure, read_targets,
};
pub use train::{TrainJob, TrainReport, TrainingWay};
