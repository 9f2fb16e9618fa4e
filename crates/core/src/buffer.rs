//! Scratch memory that grows and is then reused.

use ndarray::{ArrayView2, ArrayViewMut2};

/// A buffer for arrays of changing shape: it allocates only when it has never been so large before.
#[derive(Clone, Debug, Default)]
pub struct Buffer<T> {
    values: Vec<T>,
}

impl<T: Copy + Default> Buffer<T> {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self { values: Vec::new() }
    }

    /// The buffer as an array of the given shape, in standard layout. Its values are those of the
    /// last use, or the type's default: write before you read.
    pub fn shaped(&mut self, (rows, columns): (usize, usize)) -> ArrayViewMut2<'_, T> {
        let count = rows.saturating_mul(columns);
        if self.values.len() < count {
            self.values.resize(count, T::default());
        }
        let Ok(view) = ArrayViewMut2::from_shape((rows, columns), &mut self.values[..count]) else {
            unreachable!("{count} values make {rows} × {columns}");
        };
        view
    }

    /// What was last written into the buffer, read as an array of the given shape in standard
    /// layout.
    ///
    /// # Panics
    /// If the buffer was never [shaped](Self::shaped) so large.
    pub fn view(&self, (rows, columns): (usize, usize)) -> ArrayView2<'_, T> {
        let count = rows.saturating_mul(columns);
        let Ok(view) = ArrayView2::from_shape((rows, columns), &self.values[..count]) else {
            unreachable!("{count} values make {rows} × {columns}");
        };
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_shapes_reuse_the_memory_of_larger_ones() {
        let mut buffer = Buffer::<u8>::new();
        buffer.shaped((4, 5)).fill(7);
        let large = buffer.values.as_ptr();
        assert_eq!(buffer.shaped((3, 2)).sum(), 42);
        assert_eq!(buffer.view((2, 5)).sum(), 70);
        assert_eq!(buffer.shaped((0, 9)).len(), 0);
        assert_eq!(buffer.shaped((5, 4)).dim(), (5, 4));
        assert_eq!(buffer.values.as_ptr(), large);
    }
}
