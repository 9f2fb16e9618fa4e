//! Tests of mapping through its public interface.

mod costs;
mod placement;
mod plans;
mod runner;
mod sharing;
mod support;
mod tilings;
