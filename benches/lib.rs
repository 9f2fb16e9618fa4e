//! What the benchmarks of all layers share.

pub mod plain;
pub mod table;
