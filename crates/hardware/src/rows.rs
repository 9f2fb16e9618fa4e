//! Rows of arrays of synapses, side by side on several threads.

use std::ops::Range;

use ndarray::Array2;
use rayon::slice::{ChunksExactMut, ParallelSliceMut};

/// Synapses that are worth a thread of their own.
const SYNAPSES_AT_ONCE: usize = 1 << 13;

/// Rows of so many synapses that are worth a thread of their own. (Who does not come from the threads'
/// pool waits long for its threads.)
pub(crate) fn rows_at_once(columns: usize) -> usize {
    let at_once = match rayon::current_thread_index() {
        _ if rayon::current_num_threads() == 1 => return usize::MAX,
        Some(_) => SYNAPSES_AT_ONCE,
        None => 8 * SYNAPSES_AT_ONCE,
    };
    at_once.div_ceil(columns)
}

/// Some neighbouring rows of an array.
pub(crate) fn rows_mut<T: Send>(
    array: &mut Array2<T>,
    rows: Range<usize>,
) -> ChunksExactMut<'_, T> {
    groups_of_rows_mut(array, 1, rows)
}

/// Some neighbouring groups of so many rows of an array.
pub(crate) fn groups_of_rows_mut<T: Send>(
    array: &mut Array2<T>,
    rows: usize,
    groups: Range<usize>,
) -> ChunksExactMut<'_, T> {
    let count = rows * array.ncols();
    let Some(all) = array.as_slice_mut() else {
        unreachable!("owned arrays are contiguous");
    };
    all[groups.start * count..groups.end * count].par_chunks_exact_mut(count)
}
