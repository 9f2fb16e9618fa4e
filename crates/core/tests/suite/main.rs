//! Laws of the core crate's wrappers and checked values, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod double;
mod forwarding;
mod metered;
mod recorder;
mod values;
