//! Scratch memory that grows and is then reused.

use ndarray::{ArrayView2, ArrayViewMut2};

/// A buffer for arrays of changing shape: it allocates only when it has never been so large before.
#[derive(Clone, Debug, Default)]
pub struct Buffer<T> {
    values: Vec<T>,
    shape: (usize, usize),
}

impl<T: Copy + Default> Buffer<T> {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self {
            values: Vec::new(),
            shape: (0, 0),
        }
    }

    /// The buffer as an array of the given shape, in standard layout. Its values are those of the
    /// last use, or the type's default: write before you read. (As with `Vec`, more than can be had
    /// stops the program; so does a side beyond what any array has, if the other is 0.)
    pub fn shaped(&mut self, shape: (usize, usize)) -> ArrayViewMut2<'_, T> {
        let count = shape.0.saturating_mul(shape.1);
        if self.values.len() < count {
            self.values.resize(count, T::default());
        }
        let Ok(view) = ArrayViewMut2::from_shape(shape, &mut self.values[..count]) else {
            unreachable!("{count} values make {shape:?}");
        };
        self.shape = shape;
        view
    }

    /// The values in the shape that the buffer was given last, row by row.
    pub fn values_mut(&mut self) -> &mut [T] {
        let count = self.shape.0.saturating_mul(self.shape.1);
        &mut self.values[..count]
    }

    /// What was last written into the buffer, in the shape that it was given last.
    pub fn view(&self) -> ArrayView2<'_, T> {
        let (count, shape) = (self.shape.0.saturating_mul(self.shape.1), self.shape);
        let Ok(view) = ArrayView2::from_shape(shape, &self.values[..count]) else {
            unreachable!("{count} values make {shape:?}");
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
        assert_eq!((buffer.view().dim(), buffer.view().sum()), ((3, 2), 42));
        assert_eq!(buffer.values_mut(), [7; 6]);
        assert_eq!(buffer.shaped((0, 9)).len(), 0);
        assert_eq!(buffer.shaped((5, 4)).dim(), (5, 4));
        assert_eq!(buffer.values.as_ptr(), large);
    }
}
