//! The limit that arrays are measured by: a matrix product in `f32`, and nothing else.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use crate::ExperimentError;
use crate::settings::check;

/// A matrix product of a shape on all threads of the pool at hand.
#[derive(Clone, Debug)]
pub struct PlainProduct {
    left: Array2<f32>,
    right: Array2<f32>,
    product: Array2<f32>,
}

impl PlainProduct {
    /// Most numbers of one matrix: 1 GiB of them.
    pub const NUMBERS_MAX: usize = 1 << 28;

    /// A product of `vectors` × `inputs` with `inputs` × `outputs`.
    ///
    /// # Errors
    /// [`ExperimentError::SettingOutOfRange`] if a matrix has more than
    /// [`NUMBERS_MAX`](Self::NUMBERS_MAX) numbers.
    pub fn new(vectors: usize, inputs: usize, outputs: usize) -> Result<Self, ExperimentError> {
        for (name, rows, columns) in [
            ("vectors · inputs", vectors, inputs),
            ("inputs · outputs", inputs, outputs),
            ("vectors · outputs", vectors, outputs),
        ] {
            let numbers = rows.max(1).saturating_mul(columns.max(1));
            check(name, Some(numbers as u64), 0, Self::NUMBERS_MAX as u64)?;
        }
        Ok(Self {
            left: Array2::from_shape_fn((vectors, inputs), |(v, i)| ((v * 13 + i * 7) % 32) as f32),
            right: Array2::from_shape_fn((inputs, outputs), |(i, o)| {
                ((i * 31 + o * 17) % 127) as f32 - 63.0
            }),
            product: Array2::zeros((vectors, outputs)),
        })
    }

    /// Multiplies; threads share the rows.
    pub fn multiply(&mut self) -> ArrayView2<'_, f32> {
        let threads = rayon::current_num_threads().min(self.left.nrows());
        let (left, right) = (self.left.view(), self.right.view());
        multiply(threads, left, right, self.product.view_mut());
        self.product.view()
    }
}

fn multiply(
    threads: usize,
    left: ArrayView2<'_, f32>,
    right: ArrayView2<'_, f32>,
    mut product: ArrayViewMut2<'_, f32>,
) {
    if threads <= 1 {
        return general_mat_mul(1.0, &left, &right, 0.0, &mut product);
    }
    let here = threads / 2;
    let rows = left.nrows() * here / threads;
    let (left, others) = left.split_at(Axis(0), rows);
    let (product, of_others) = product.split_at(Axis(0), rows);
    rayon::join(
        || multiply(here, left, right, product),
        || multiply(threads - here, others, right, of_others),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_threads_gives_the_product() {
        let mut plain = PlainProduct::new(7, 5, 3).unwrap();
        let expected = plain.left.dot(&plain.right);
        for threads in 1..=7 {
            plain.product.fill(0.0);
            let (left, right) = (plain.left.view(), plain.right.view());
            multiply(threads, left, right, plain.product.view_mut());
            assert_eq!(plain.product, expected);
        }
        assert_eq!(plain.multiply(), expected);
    }

    #[test]
    fn products_of_any_shape_are_made_or_refused() {
        const MAX: usize = usize::MAX;
        for (vectors, inputs, outputs) in [(MAX, 2, 1), (MAX, 0, 0), (0, MAX, 1), (1, MAX, MAX)] {
            let refused = PlainProduct::new(vectors, inputs, outputs).unwrap_err();
            assert!(matches!(refused, ExperimentError::SettingOutOfRange { .. }));
        }
        let mut empty = PlainProduct::new(0, 0, 0).unwrap();
        assert!(empty.multiply().is_empty());
    }
}
