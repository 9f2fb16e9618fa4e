//! Laws of calibration, seen from outside: on a chip of the tests' own and on the simulated one.

mod failures;
mod hidden_truth;
mod linear_chip;
mod outcome;
mod pairs;
mod simulated;
