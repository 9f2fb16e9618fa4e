//! Laws of calibration, seen from outside: on a chip of the tests' own and on the simulated one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod failures;
mod hidden_truth;
mod linear_chip;
mod outcome;
mod pairs;
mod simulated;
