//! Laws of calibration, seen from outside: on a chip of the tests' own and on the simulated one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod calibration_laws;
mod checks;
mod configuration;
mod conversion;
mod costs;
mod extremes;
mod failures;
mod hidden_truth;
mod laws;
mod linear_chip;
mod nested;
mod options;
mod quality;
mod reached;
mod refresh;
mod results;
mod routine_cases;
mod routines_alone;
mod simulated;
mod support;
mod targets;
