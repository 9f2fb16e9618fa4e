//! Tests of mapping through its public interface.

mod plans;
mod runner;
mod support;
mod tilings;
