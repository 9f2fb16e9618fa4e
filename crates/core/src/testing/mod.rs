//! Laws that implementations of this crate's traits obey, for tests of one's own (feature `testing`).
//!
//! Each law knows an implementation by its trait alone, and says what it found where it does not hold:
//!
//! ```
//! use bss2_core::testing::{ARRAY_LAWS, Agreement, ArraySubject, ExactArray, hold_all};
//! use bss2_core::{ArrayGeometry, ArrayMode};
//!
//! let geometry = ArrayGeometry::new(2, 12, 16)?;
//! let array = ArraySubject {
//!     make: Box::new(move || Box::new(ExactArray::new(geometry, 100))),
//!     mode: ArrayMode::Membrane,
//!     agreement: Agreement::Exact,
//!     columns_are_equal: true,
//! };
//! hold_all(ARRAY_LAWS, &array).expect("all laws hold");
//! # Ok::<(), bss2_core::ArrayError>(())
//! ```
//!
//! Other crates have laws of their own traits in modules of the same name, made of [`Law`].

mod array;
mod exact;
mod law;
mod samples;

pub use array::{ARRAY_LAWS, Agreement, ArraySubject};
pub use exact::ExactArray;
pub use law::{Law, Violation, ensure, ensure_equal, ensure_refused, hold_all};
