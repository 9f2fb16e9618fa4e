//! Laws of the study: what it finds on the digits, that its bits do not depend on threads, and that
//! result folders are complete or untouched.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod acceptance;
mod calibration_cost;
mod characteristics;
mod core_study;
mod folders;
mod guide;
mod idx_sets;
mod jobs;
mod mapping_strategies;
mod networks;
mod noise_and_temperature;
mod plans;
mod small_set;
mod study;
mod tradeoffs;
mod training_methods;
mod validation;
