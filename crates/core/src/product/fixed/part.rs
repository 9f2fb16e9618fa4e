//! Numbers into parts of a matrix in fixed point.

use std::ops::Range;

use bss2_dot::{COLUMNS, Pair, PairRow};

/// Some neighbouring columns of some neighbouring rows, which lie in one panel.
#[derive(Debug)]
pub struct FixedPart<'a> {
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
    pub(super) limit: f32,
    /// By column of the panel.
    pub(super) per_step: &'a [f32; COLUMNS],
    pub(super) pairs: &'a mut [PairRow],
}

impl FixedPart<'_> {
    /// Which columns.
    pub fn columns(&self) -> Range<usize> {
        self.columns.clone()
    }

    /// Sets each row of the part to numbers below 10³⁰, which `fill` finds: it is given the row's number and
    /// a zero for each column. Numbers beyond the grid become its largest. (For code that is compiled for the
    /// processor at hand.)
    #[inline(always)]
    pub fn set(&mut self, mut fill: impl FnMut(usize, &mut [f32])) {
        let lead = self.columns.start % COLUMNS;
        let here = lead..lead + self.columns.len();
        let others: [u32; COLUMNS] =
            std::array::from_fn(|c| if here.contains(&c) { 0 } else { u32::MAX });
        for (number, row_pair) in (self.rows.start / 2..).zip(&mut *self.pairs) {
            let mut values = [[0.0; COLUMNS]; 2];
            let mut other_rows = 0;
            for (half, values) in values.iter_mut().enumerate() {
                let row = 2 * number + half;
                if !self.rows.contains(&row) {
                    other_rows |= 0xffff << (16 * half);
                    continue;
                }
                fill(row, &mut values[here.clone()]);
            }
            let found = rounded_pairs(&values, self.per_step, self.limit);
            for (c, to) in row_pair.0.iter_mut().enumerate() {
                let kept = others[c] | other_rows;
                *to = (*to & kept) | (found[c] & !kept);
            }
        }
    }
}

/// A whole panel: up to 32 neighbouring columns of all rows.
#[derive(Debug)]
pub struct FixedPanel<'a> {
    pub(super) limit: f32,
    /// By column.
    pub(super) per_step: &'a [f32; COLUMNS],
    pub(super) pairs: &'a mut [PairRow],
}

impl FixedPanel<'_> {
    /// Columns of each panel but the last.
    pub const COLUMNS: usize = COLUMNS;

    /// Its rows, two by two; of an odd number, the last is beside one that does not count.
    pub fn pairs_mut(&mut self) -> impl ExactSizeIterator<Item = FixedPair<'_>> {
        let (limit, per_step) = (self.limit, self.per_step);
        self.pairs.iter_mut().map(move |pair| FixedPair {
            limit,
            per_step,
            pair,
        })
    }
}

/// Two neighbouring rows of a panel.
#[derive(Debug)]
pub struct FixedPair<'a> {
    limit: f32,
    per_step: &'a [f32; COLUMNS],
    pair: &'a mut PairRow,
}

impl FixedPair<'_> {
    /// Sets both rows to numbers below 10³⁰; those beyond the grid become its largest, and what stands at
    /// columns beyond the matrix means nothing. (For code that is compiled for the processor at hand.)
    #[inline(always)]
    pub fn set(&mut self, rows: &[[f32; COLUMNS]; 2]) {
        self.pair.0 = rounded_pairs(rows, self.per_step, self.limit);
    }
}

/// Numbers of two rows as multiples of their columns' steps, up to a limit.
#[inline(always)]
fn rounded_pairs(
    [first, second]: &[[f32; COLUMNS]; 2],
    per_step: &[f32; COLUMNS],
    limit: f32,
) -> [Pair; COLUMNS] {
    let mut pairs = [0; COLUMNS];
    for c in 0..COLUMNS {
        let integer = |value: f32| rounded((value * per_step[c]).clamp(-limit, limit));
        // What `pair` does, without narrow integers between.
        pairs[c] = (integer(first[c]) & 0xffff) | (integer(second[c]) << 16);
    }
    pairs
}

/// The integer next to a number of magnitude below 2²², the even one if there are two, in the lower half.
#[inline(always)]
pub(super) fn rounded(value: f32) -> u32 {
    // Where numbers are so large, neighbours lie 1 apart; their low bits are the integer's.
    const LARGE: f32 = 12_582_912.0;
    (value + LARGE).to_bits()
}
