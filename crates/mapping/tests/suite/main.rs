//! Tests of mapping through its public interface.

mod costs;
mod plans;
mod runner;
mod sharing;
mod support;
mod tilings;
