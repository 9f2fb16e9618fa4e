//! Which program it is.

/// Names the sources of this crate and of all that it depends on: where it differs, results may.
pub(crate) const SOURCES: &str = env!("BSS2_SOURCES");
