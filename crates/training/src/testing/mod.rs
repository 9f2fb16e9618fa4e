//! Laws that gradient models and layers obey, for tests (feature `testing`, here and of `bss2-core`).
//!
//! ```
//! use bss2_core::testing::hold_all;
//! use bss2_training::LinearGain;
//! use bss2_training::testing::{GRADIENT_LAWS, GradientSubject};
//!
//! let model = GradientSubject {
//!     make: Box::new(|_| Ok(Box::new(LinearGain { gain_lsb: 0.002 }))),
//! };
//! hold_all(GRADIENT_LAWS, &model).expect("all laws hold");
//! ```
//!
//! ```
//! use bss2_core::testing::{ExactArray, hold_all};
//! use bss2_core::ArrayGeometry;
//! use bss2_training::Relu;
//! use bss2_training::testing::{LAYER_LAWS, LayerSubject};
//!
//! let layer = LayerSubject {
//!     make: Box::new(|| Box::new(Relu)),
//!     inputs: 6,
//!     array: Box::new(|| Box::new(ExactArray::new(ArrayGeometry::BSS2, 100))),
//! };
//! hold_all(LAYER_LAWS, &layer).expect("all laws hold");
//! ```

mod gradient;
mod layer;

use ndarray::{Array, Dimension};

pub use gradient::{GRADIENT_LAWS, GradientSubject, MakeModel};
pub use layer::{LAYER_LAWS, LayerSubject};

/// What should be equal but for rounding.
fn ensure_close<D: Dimension>(
    what: &str,
    found: &Array<f32, D>,
    expected: &Array<f32, D>,
) -> Result<(), String> {
    let size = expected.iter().fold(1e-6_f32, |most, x| most.max(x.abs()));
    // What is no number is close to none.
    let is_close = |a: &f32, b: &f32| (a - b).abs() <= 1e-4 * size;
    match found.iter().zip(expected).find(|(a, b)| !is_close(a, b)) {
        None => Ok(()),
        Some((found, expected)) => Err(format!("{what}: {found} instead of {expected}")),
    }
}
