//! What work costs on the chip: counts, and what turns them into time and energy.

mod ledger;
mod model;

pub use ledger::CostLedger;
pub use model::{CostModel, CostParameters};
