//! Laws of the core crate's wrappers and checked values, seen from outside.

mod double;
mod forwarding;
mod metered;
mod recorder;
mod values;
