//! Buffers as slices.

use ndarray::{ArrayBase, ArrayViewMut2, Data, Ix2};

/// All values of a buffer.
pub(crate) fn slice<T, S: Data<Elem = T>>(array: &ArrayBase<S, Ix2>) -> &[T] {
    let Some(all) = array.as_slice() else {
        unreachable!("buffers are contiguous");
    };
    all
}

/// All values of a buffer.
pub(crate) fn slice_mut<'a, T>(array: &'a mut ArrayViewMut2<'_, T>) -> &'a mut [T] {
    let Some(all) = array.as_slice_mut() else {
        unreachable!("buffers are contiguous");
    };
    all
}
