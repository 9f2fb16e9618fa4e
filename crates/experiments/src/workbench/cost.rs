//! What measurements cost, in time of the chip.

use bss2_core::{CostLedger, CostModel};

use crate::plot::fixed;

/// Time for which the chip is occupied.
pub(super) fn chip_time_ms(cost: &CostLedger) -> f64 {
    CostModel::default().chip_time_us(cost) / 1000.0
}

/// "958 ms", "26.1 s".
pub(super) fn duration(ms: f64) -> String {
    if ms < 1000.0 {
        format!("{} ms", fixed(ms, 0))
    } else {
        format!("{} s", fixed(ms / 1000.0, 1))
    }
}
