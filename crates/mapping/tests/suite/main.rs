//! Tests of mapping through its public interface.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod arrays;
mod convolution;
mod costs;
mod extremes;
mod laws;
mod placement;
mod plans;
mod runner;
mod scaling;
mod sharing;
mod support;
mod tilings;
