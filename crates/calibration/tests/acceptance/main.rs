//! The real chip's own tests: calibrated chips pass them, uncalibrated and overwritten ones do not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod chips;
mod groups;
mod manners;
