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
//! use std::num::NonZero;
//!
//! use bss2_core::testing::{ExactArray, hold_all};
//! use bss2_core::ArrayGeometry;
//! use bss2_training::Relu;
//! use bss2_training::testing::{LAYER_LAWS, LayerSubject};
//!
//! let divisor = NonZero::new(100).expect("is not 0");
//! let layer = LayerSubject {
//!     make: Box::new(|| Box::new(Relu)),
//!     inputs: 6,
//!     array: Box::new(move || Box::new(ExactArray::new(ArrayGeometry::BSS2, divisor))),
//! };
//! hold_all(LAYER_LAWS, &layer).expect("all laws hold");
//! ```

mod gradient;
mod layer;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bss2_core::testing::ensure_refused;
use ndarray::{Array, Dimension};

use crate::TrainingError;

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

/// Shapes of which one, each in turn, is another: one that would be repeated to the right one or cut
/// short if nobody looked.
fn with_one_other<const COUNT: usize>(
    right: [(usize, usize); COUNT],
) -> impl Iterator<Item = [(usize, usize); COUNT]> {
    (0..COUNT).flat_map(move |number| {
        let (rows, columns) = right[number];
        let others = [
            (0, columns),
            (1, columns),
            (rows + 1, columns),
            (rows, columns + 1),
        ];
        others.map(|other| {
            let mut shapes = right;
            shapes[number] = other;
            shapes
        })
    })
}

/// What a run gives, if not a panic.
fn catch<T>(what: &str, run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| format!("{what}: a panic"))
}

/// What should be refused for its shapes, by an error that says so and not by a panic.
fn ensure_shapes_refused(
    what: &str,
    run: impl FnOnce() -> Result<(), TrainingError>,
) -> Result<(), String> {
    ensure_refused(what, catch(what, run)?, |error| {
        matches!(
            error,
            TrainingError::Width { .. } | TrainingError::Shape { .. }
        )
    })
}
