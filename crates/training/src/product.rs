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
    multiply_by(a, &panels, onto, c);
    PANELS.set(panels);
}

/// The same with a right-hand matrix that is laid out already.
pub(crate) fn multiply_by(
    a: ArrayView2<'_, f32>,
    b: &Panels,
    onto: Onto,
    c: ArrayViewMut2<'_, f32>,
) {
    assert_eq!(
        a.nrows(),
        c.nrows(),
        "whoever multiplies has checked the shapes"
    );
    let work = a.len().saturating_mul(c.ncols());
    let threads = rayon::current_num_threads().min(work / WORK_AT_ONCE);
    multiply_on(threads, a, b, onto, 0, c);
}

/// a·b, whose rows are those of `a` and whose columns are those of `b`, likewise.
pub(crate) fn product(a: &Array2<f32>, b: &Panels) -> Array2<f32> {
    let (_, columns) = b.dim();
    let mut c = Array2::zeros((a.nrows(), columns));
    multiply_by(a.view(), b, Onto::Nothing, c.view_mut());
    c
}

/// A right-hand matrix, laid out for products.
pub(crate) fn laid_out(matrix: ArrayView2<'_, f32>) -> Panels {
    let mut panels = Panels::default();
    panels.assign(matrix);
    panels
}

/// The rows from the first on, as many as `c` has.
fn multiply_on(
    threads: usize,
    a: ArrayView2<'_, f32>,
    panels: &Panels,
    onto: Onto,
    first: usize,
    c: ArrayViewMut2<'_, f32>,
) {
    if threads <= 1 {
        let Ok(()) = panels.multiply_rows(a, first, onto, c) else {
            unreachable!("whoever multiplies has checked the shapes");
        };
        return;
    }
    let here = threads / 2;
    let rows = here * c.nrows() / threads;
    let (c, of_others) = c.split_at(Axis(0), rows);
    rayon::join(
        || multiply_on(here, a, panels, onto, first, c),
        || multiply_on(threads - here, a, panels, onto, first + rows, of_others),
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
