//! Laws that implementations of this crate's traits obey, for tests of one's own (feature `testing`).
//!
//! Each law knows an implementation by its trait alone, and says what it found where it does not hold:
//!
//! ```
//! use bss2_core::testing::{ARRAY_LAWS, Agreement, ArraySubject, hold_all};
//! use bss2_core::ArrayMode;
//! # use bss2_core::{ArrayError, ArrayGeometry, MacArray, Region, RunReport, RunRequest};
//! # use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
//! # struct Exact(Vec<Array2<i8>>);
//! # impl MacArray for Exact {
//! #     fn geometry(&self) -> ArrayGeometry { ArrayGeometry::new(2, 12, 16).unwrap() }
//! #     fn load_weights(&mut self, region: Region, weights: ArrayView2<'_, i8>) -> Result<(), ArrayError> {
//! #         region.check_weights(self.geometry(), weights)?;
//! #         let block = s![region.input_range(), region.column_range()];
//! #         self.0[region.hemisphere].slice_mut(block).assign(&weights);
//! #         Ok(())
//! #     }
//! #     fn run(&mut self, request: &RunRequest, x: ArrayView2<'_, u8>, mut y: ArrayViewMut2<'_, i8>)
//! #     -> Result<RunReport, ArrayError> {
//! #         let region = request.region;
//! #         region.check_run(self.geometry(), x, y.dim())?;
//! #         let w = self.0[region.hemisphere].slice(s![region.input_range(), region.column_range()]);
//! #         let sums = x.mapv(i32::from).dot(&w.mapv(i32::from));
//! #         y.zip_mut_with(&sums, |y, &sum| *y = (sum / 100).clamp(-128, 127) as i8);
//! #         Ok(RunReport::default())
//! #     }
//! # }
//!
//! let array = ArraySubject {
//!     make: Box::new(|| Box::new(Exact(vec![Array2::zeros((12, 16)); 2]))),
//!     mode: ArrayMode::Membrane,
//!     agreement: Agreement::Exact,
//!     columns_are_equal: true,
//! };
//! hold_all(ARRAY_LAWS, &array).expect("all laws hold");
//! ```

mod array;
mod law;
mod samples;

pub use array::{ARRAY_LAWS, Agreement, ArraySubject};
pub use law::{Law, Violation, hold_all};
