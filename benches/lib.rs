//! What the benchmarks of all layers share.

pub mod table;
