//! Laws of the three arrays and of the simulated chip, seen from outside.
//!
//! `conformance` holds every array to the laws of [`MacArray`](bss2_core::MacArray); a new implementation
//! joins with one line there. `broken` shows that each law can be broken.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod broken;
mod broken_chip;
mod capmem;
mod conditions;
mod config;
mod conformance;
mod determinism;
mod extremes;
mod ideal_and_mock;
mod imperfections;
mod noise;
mod pulses;
mod readout;
mod registers;
mod signal_chain;
mod stages;
mod support;
