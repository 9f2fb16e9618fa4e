//! Left-hand factors in fixed point.

use std::ops::Range;

use bss2_dot::{COLUMNS, Pair, pair};
use ndarray::ArrayView2;

use super::grid::STEP_MIN;
use super::part::rounded;

/// A left-hand matrix in fixed point, made for neighbouring rows of [`FixedPanels`](super::FixedPanels).
#[derive(Clone, Debug, Default)]
pub struct FixedRows {
    pub(super) rows: usize,
    /// Largest integer that may be among the values.
    pub(super) limit: f32,
    /// Pairs of rows of the panels.
    pub(super) pairs: Range<usize>,
    /// Rows × pairs.
    pub(super) values: Vec<Pair>,
    /// By row.
    pub(super) steps: Vec<f32>,
}

impl FixedRows {
    /// Rounds rows of numbers, which are made for some pairs of a matrix, to integers up to a limit; `lead` is 1 if
    /// the first of each row is the second of its pair.
    pub(super) fn assign(
        &mut self,
        a: ArrayView2<'_, f32>,
        lead: usize,
        pairs: Range<usize>,
        limit: f32,
    ) {
        let (rows, inner) = a.dim();
        self.rows = rows;
        self.limit = limit;
        self.values.resize(rows * pairs.len(), 0);
        self.steps.resize(rows, STEP_MIN);
        self.pairs = pairs;
        if self.pairs.is_empty() {
            return;
        }
        let a = a.as_standard_layout();
        let Some(a) = a.as_slice() else {
            unreachable!("arrays in standard layout are slices");
        };
        pulp::Arch::new().dispatch(Pack {
            a,
            inner,
            lead,
            limit,
            values: &mut self.values,
            pairs: self.pairs.len(),
            steps: &mut self.steps,
        });
    }
}

/// Numbers into pairs, as a task that is compiled once per kind of processor.
struct Pack<'a> {
    /// Rows of so many numbers.
    a: &'a [f32],
    inner: usize,
    /// 1 if the first of each row is the second of its pair.
    lead: usize,
    /// Largest integer.
    limit: f32,
    /// Rows of so many pairs.
    values: &'a mut [Pair],
    pairs: usize,
    /// By row.
    steps: &'a mut [f32],
}

impl pulp::WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let rows = self.a.chunks_exact(self.inner).zip(self.steps);
        for ((row, step), pairs) in rows.zip(self.values.chunks_exact_mut(self.pairs)) {
            *step = step_for(largest(row) / self.limit);
            let per_step = 1.0 / *step;
            let integer = |value: f32| rounded(value * per_step) as i16;
            let (head, row) = row.split_at(self.lead);
            let pairs = match head {
                [] => pairs,
                head => {
                    pairs[0] = pair(0, integer(head[0]));
                    &mut pairs[1..]
                }
            };
            let (twos, last) = row.as_chunks::<2>();
            for (to, [first, second]) in pairs.iter_mut().zip(twos) {
                *to = pair(integer(*first), integer(*second));
            }
            if let [last] = last {
                pairs[twos.len()] = pair(integer(*last), 0);
            }
        }
    }
}

/// The largest magnitude.
#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    // Magnitudes are in the order of their bits, of which processors find the largest in fewer steps.
    let magnitude = |value: &f32| value.abs().to_bits();
    let mut largest = [0; COLUMNS];
    let (blocks, rest) = values.as_chunks::<COLUMNS>();
    for block in blocks {
        for (largest, value) in largest.iter_mut().zip(block) {
            *largest = magnitude(value).max(*largest);
        }
    }
    let of_rest = rest.iter().map(magnitude).fold(0, u32::max);
    f32::from_bits(largest.into_iter().fold(of_rest, u32::max))
}

/// The smallest power of two that is not below a number, and far from the ends of what `f32` can hold.
#[inline(always)]
pub(super) fn step_for(least: f32) -> f32 {
    let mantissa = (1 << (f32::MANTISSA_DIGITS - 1)) - 1;
    let bits = least.clamp(STEP_MIN, 1.0 / STEP_MIN).to_bits();
    f32::from_bits((bits + mantissa) & !mantissa)
}
