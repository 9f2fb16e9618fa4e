//! Laws of the core crate's wrappers and checked values, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cost;
mod double;
mod ecg;
mod extremes;
mod forwarding;
mod metered;
mod modes;
mod noise_statistics;
mod pulses;
mod recorder;
mod traces;
mod values;
