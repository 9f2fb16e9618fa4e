//! Matrix products on several threads.

use std::cell::Cell;

use bss2_core::product::{Onto, Panels};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

thread_local! {
    /// The last right-hand matrix, whose memory the next one takes.
    static PANELS: Cell<Panels> = Cell::default();
}

/// Multiplications and additions that are worth a thread of their own.
const WORK_AT_ONCE: usize = 1 << 18;

/// c ← a·b, or c ← c + a·b. Threads share the rows of the result, which moves no bit.
///
/// Whoever calls it has checked that shapes fit.
pub(crate) fn multiply(
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    onto: Onto,
    c: ArrayViewMut2<'_, f32>,
) {
    // What this thread does while it waits for others may multiply as well.
    let mut panels = PANELS.take();
    panels.assign(b);
    let work = a.len().saturating_mul(b.ncols());
    let threads = rayon::current_num_threads().min(work / WORK_AT_ONCE);
    multiply_on(threads, a, &panels, onto, c);
    PANELS.set(panels);
}

/// a·b, likewise.
pub(crate) fn product(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    multiply(a, b, Onto::Nothing, c.view_mut());
    c
}

fn multiply_on(
    threads: usize,
    a: ArrayView2<'_, f32>,
    panels: &Panels,
    onto: Onto,
    c: ArrayViewMut2<'_, f32>,
) {
    if threads <= 1 {
        let Ok(()) = panels.multiply(a, onto, c) else {
            unreachable!("whoever multiplies has checked the shapes");
        };
        return;
    }
    let here = threads / 2;
    let rows = here * a.nrows() / threads;
    let (a, others) = a.split_at(Axis(0), rows);
    let (c, of_others) = c.split_at(Axis(0), rows);
    rayon::join(
        || multiply_on(here, a, panels, onto, c),
        || multiply_on(threads - here, others, panels, onto, of_others),
    );
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use rayon::ThreadPoolBuilder;

    use super::*;

    #[test]
    fn no_number_of_threads_changes_a_bit() {
        let values = |rows, columns, step: usize| {
            Array2::from_shape_fn((rows, columns), |(i, k)| {
                ((i * step + k * 31) % 97) as f32 / 7.0 - 5.0
            })
        };
        for (rows, inner, columns) in [(500, 100, 128), (101, 2500, 20), (31, 400, 300)] {
            let (a, b) = (values(inner, rows, 17), values(inner, columns, 29));
            let product = |threads| {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build();
                let mut c = values(rows, columns, 3);
                pool.unwrap()
                    .install(|| multiply(a.t(), b.view(), Onto::Sum, c.view_mut()));
                c
            };
            let expected = product(1);
            for threads in 2..=5 {
                assert_eq!(product(threads), expected, "{threads} threads");
            }
        }
    }
}
