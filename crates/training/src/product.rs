//! Matrix products on several threads.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// Multiplications and additions that are worth a thread of their own.
const WORK_AT_ONCE: usize = 1 << 19;

/// Rows of the result that are worth a thread of their own; parts are multiples of it, as they are of
/// the tiles in which products are computed.
const ROWS_AT_ONCE: usize = 16;

/// c ← a·b + β·c. Threads share the rows of the result, so that no sum depends on their number.
///
/// # Panics
/// If shapes do not fit.
pub(crate) fn multiply(
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    beta: f32,
    c: ArrayViewMut2<'_, f32>,
) {
    let work = a.len().saturating_mul(b.ncols());
    let threads = rayon::current_num_threads().min(work / WORK_AT_ONCE);
    multiply_on(threads, a, b, beta, c);
}

fn multiply_on(
    threads: usize,
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    beta: f32,
    mut c: ArrayViewMut2<'_, f32>,
) {
    let here = threads / 2;
    let rows = (here * a.nrows()).checked_div(threads).unwrap_or(0);
    let rows = rows.next_multiple_of(ROWS_AT_ONCE);
    if here == 0 || rows >= a.nrows() {
        return general_mat_mul(1.0, &a, &b, beta, &mut c);
    }
    let (a, others) = a.split_at(Axis(0), rows);
    let (c, of_others) = c.split_at(Axis(0), rows);
    rayon::join(
        || multiply_on(here, a, b, beta, c),
        || multiply_on(threads - here, others, b, beta, of_others),
    );
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use ndarray::Array2;
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
                    .install(|| multiply(a.t(), b.view(), 1.0, c.view_mut()));
                c
            };
            let mut expected = values(rows, columns, 3);
            general_mat_mul(1.0, &a.t(), &b, 1.0, &mut expected);
            for threads in 1..=5 {
                assert_eq!(product(threads), expected, "{threads} threads");
            }
        }
    }
}
