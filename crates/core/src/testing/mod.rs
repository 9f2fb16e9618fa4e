//! Laws that implementations of this crate's traits obey, for tests of one's own (feature `testing`).
//!
//! ```toml
//! [dev-dependencies]
//! bss2-core = { path = "bss2/crates/core", features = ["testing"] }
//! ```
//!
//! Each law knows an implementation by its trait alone, and says what it found where it does not hold.
//! (They are for simulated arrays: a real one does not repeat its noise.) In a test, with an array of your
//! own in place of [`ExactArray`]:
//!
//! ```
//! use std::num::NonZero;
//!
//! use bss2_core::testing::{
//!     ARRAY_LAWS, Agreement, ArraySubject, ExactArray, KnownSettings, hold_all,
//! };
//! use bss2_core::{ArrayGeometry, ArrayMode};
//!
//! let geometry = ArrayGeometry::new(2, 12, 16)?;
//! let divisor = NonZero::new(100).expect("is not 0");
//! let array = ArraySubject {
//!     make: Box::new(move || Box::new(ExactArray::new(geometry, divisor))),
//!     mode: ArrayMode::Membrane,
//!     settings: KnownSettings::All,
//!     agreement: Agreement::Exact,
//!     columns_are_equal: true,
//! };
//! hold_all(ARRAY_LAWS, &array).expect("all laws hold");
//! # Ok::<(), bss2_core::ArrayError>(())
//! ```
//!
//! Chips that are configured and probed have [`CONTROL_LAWS`] and [`PROBE_LAWS`]. Mapping strategies, searches,
//! calibrations, layers and gradient models have their laws in modules of the same name of their
//! crates (`bss2_mapping::testing`, `bss2_calibration::testing`, `bss2_training::testing`), with a feature
//! of the same name; all are made of [`Law`].

mod array;
mod array_subject;
mod chip;
mod exact;
mod law;
mod samples;

pub use array::ARRAY_LAWS;
pub use array_subject::{Agreement, ArraySubject, KnownSettings};
pub use chip::{CONTROL_LAWS, ChipSubject, PROBE_LAWS};
pub use exact::ExactArray;
pub use law::{Law, Violation, ensure, ensure_done, ensure_equal, ensure_refused, hold_all};
