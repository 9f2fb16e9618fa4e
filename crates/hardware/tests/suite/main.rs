//! Laws of the three arrays and of the simulated chip, seen from outside.
//!
//! `conformance` holds what every [`MacArray`](bss2_core::MacArray) obeys; a new implementation
//! joins with one line there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod capmem;
mod conditions;
mod config;
mod conformance;
mod determinism;
mod ideal_and_mock;
mod imperfections;
mod noise;
mod pulses;
mod readout;
mod registers;
mod signal_chain;
mod stages;
mod support;
