//! Products of matrices in half of single precision, with sums in `f32`.
//!
//! Both factors are rounded to bfloat16 (8 bits of mantissa: a relative error of 1/256 at most) and kept
//! in pairs of neighbours of the inner index. Where the processor multiplies such pairs by itself, that
//! takes half the time; elsewhere the same numbers are multiplied in `f32`, with the same bits where
//! multiplications and additions are fused. Each element is summed in the order of the pairs, the second of
//! a pair before the first, whatever rows stand beside it.

use std::ops::Range;

use bss2_dot::{COLUMNS, Dot, PairRow, SumRow, pair, rounded};
use ndarray::{ArrayView2, ArrayViewMut2};

/// A matrix in half precision, laid out for products from the left: panels of 32 neighbouring columns,
/// of which each holds all pairs of rows.
#[derive(Clone, Debug)]
pub struct HalfPanels {
    dot: Option<Dot>,
    rows: usize,
    columns: usize,
    values: Vec<PairRow>,
}

/// A left-hand matrix in half precision, made for neighbouring rows of [`HalfPanels`].
#[derive(Clone, Debug)]
pub struct HalfRows {
    dot: Option<Dot>,
    rows: usize,
    /// Pairs of rows of the panels.
    pairs: Range<usize>,
    /// Rows × pairs.
    words: Vec<u32>,
    /// The same as numbers, where the processor does not multiply pairs.
    numbers: Vec<[f32; 2]>,
}

/// Some neighbouring columns of some neighbouring rows, which lie in one panel.
#[derive(Debug)]
pub struct HalfPart<'a> {
    columns: Range<usize>,
    rows: Range<usize>,
    pairs: &'a mut [PairRow],
}

impl HalfPart<'_> {
    /// Most columns of a part.
    pub const COLUMNS_MAX: usize = COLUMNS;

    /// Which columns.
    pub fn columns(&self) -> Range<usize> {
        self.columns.clone()
    }

    /// Which rows.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// Puts numbers into the part's columns of one of its rows.
    ///
    /// # Panics
    /// If the part has no such row, or fewer columns.
    #[inline(always)]
    pub fn put(&mut self, row: usize, values: &[f32]) {
        assert!(
            self.rows.contains(&row) && values.len() <= self.columns.len(),
            "a row of the part"
        );
        let first = self.columns.start % COLUMNS;
        let pairs = &mut self.pairs[row / 2 - self.rows.start / 2];
        let words = &mut pairs.0[first..][..values.len()];
        if row.is_multiple_of(2) {
            for (word, value) in words.iter_mut().zip(values) {
                *word = (*word & 0xffff_0000) | (rounded(*value) >> 16);
            }
        } else {
            for (word, value) in words.iter_mut().zip(values) {
                *word = (*word & 0xffff) | rounded(*value);
            }
        }
    }
}

impl HalfPanels {
    /// Zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        let panels = columns.div_ceil(COLUMNS);
        Self {
            dot: Dot::detect(),
            rows,
            columns,
            values: vec![PairRow([0; COLUMNS]); rows.div_ceil(2) * panels],
        }
    }

    /// The parts of a block that lie in one panel each.
    ///
    /// # Panics
    /// If the block reaches beyond the matrix.
    pub fn parts_mut(
        &mut self,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> impl Iterator<Item = HalfPart<'_>> {
        assert!(
            rows.end <= self.rows && columns.end <= self.columns,
            "a block of the matrix"
        );
        let pairs = pairs_of(&rows);
        let of_panel = self.rows.div_ceil(2).max(1);
        let panels = self.values.chunks_exact_mut(of_panel).enumerate();
        let panels = panels
            .take(columns.end.div_ceil(COLUMNS))
            .skip(columns.start / COLUMNS);
        panels.map(move |(panel, values)| HalfPart {
            columns: columns.start.max(panel * COLUMNS)..columns.end.min((panel + 1) * COLUMNS),
            rows: rows.clone(),
            pairs: &mut values[pairs.clone()],
        })
    }

    /// c ← a·B, with a block of the matrix: some columns of the rows that `a` was made for.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn multiply_block(&self, a: &HalfRows, columns: Range<usize>, c: ArrayViewMut2<'_, f32>) {
        assert!(
            a.pairs.end <= self.rows.div_ceil(2) && columns.end <= self.columns,
            "a block of the matrix"
        );
        assert_eq!(c.dim(), (a.rows, columns.len()), "the product's shape");
        let product = Product {
            a,
            b: self,
            columns,
            c,
        };
        match self.dot {
            Some(dot) => product.paired(dot),
            None => pulp::Arch::new().dispatch(product),
        }
    }
}

/// The pairs that neighbouring rows have a part of.
fn pairs_of(rows: &Range<usize>) -> Range<usize> {
    let first = rows.start / 2;
    if rows.is_empty() {
        first..first
    } else {
        first..rows.end.div_ceil(2)
    }
}

impl Default for HalfRows {
    fn default() -> Self {
        Self {
            dot: Dot::detect(),
            rows: 0,
            pairs: 0..0,
            words: Vec::new(),
            numbers: Vec::new(),
        }
    }
}

impl HalfRows {
    /// Takes over the values of a matrix that is to be multiplied with neighbouring rows, from
    /// `first_row` on; allocates only if there were never so many.
    pub fn assign(&mut self, a: ArrayView2<'_, f32>, first_row: usize) {
        let (rows, inner) = a.dim();
        self.rows = rows;
        self.pairs = pairs_of(&(first_row..first_row + inner));
        let pairs = self.pairs.len();
        self.words.resize(rows * pairs, 0);
        if pairs == 0 {
            return;
        }
        let a = a.as_standard_layout();
        let Some(a) = a.as_slice() else {
            unreachable!("arrays in standard layout are slices");
        };
        pulp::Arch::new().dispatch(Pack {
            a,
            inner,
            lead: first_row % 2,
            words: &mut self.words,
            pairs,
        });
        if self.dot.is_none() {
            self.numbers.clear();
            let numbers = |word: &u32| [*word << 16, *word & 0xffff_0000].map(f32::from_bits);
            self.numbers.extend(self.words.iter().map(numbers));
        }
    }
}

/// Numbers into pairs, as a task that is compiled once per kind of processor.
struct Pack<'a> {
    /// Rows of so many numbers.
    a: &'a [f32],
    inner: usize,
    /// 1 if the first of each row is the second of its pair.
    lead: usize,
    /// Rows of so many pairs.
    words: &'a mut [u32],
    pairs: usize,
}

impl pulp::WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let rows = self.a.chunks_exact(self.inner);
        for (row, words) in rows.zip(self.words.chunks_exact_mut(self.pairs)) {
            let (head, row) = row.split_at(self.lead);
            let words = match head {
                [] => words,
                head => {
                    words[0] = pair(0.0, head[0]);
                    &mut words[1..]
                }
            };
            let (twos, last) = row.as_chunks::<2>();
            for (word, [first, second]) in words.iter_mut().zip(twos) {
                *word = pair(*first, *second);
            }
            if let [last] = last {
                words[twos.len()] = pair(*last, 0.0);
            }
        }
    }
}

/// A product.
struct Product<'a> {
    a: &'a HalfRows,
    b: &'a HalfPanels,
    columns: Range<usize>,
    c: ArrayViewMut2<'a, f32>,
}

impl Product<'_> {
    /// With the processor's instruction for pairs.
    fn paired(mut self, dot: Dot) {
        let rows = self.a.rows;
        let mut done = 0;
        while done + 8 <= rows {
            self.paired_rows::<8>(dot, done);
            done += 8;
        }
        while done + 4 <= rows {
            self.paired_rows::<4>(dot, done);
            done += 4;
        }
        while done < rows {
            self.paired_rows::<1>(dot, done);
            done += 1;
        }
    }

    fn paired_rows<const ROWS: usize>(&mut self, dot: Dot, first: usize) {
        let pairs = self.a.pairs.len();
        let a: [&[u32]; ROWS] =
            std::array::from_fn(|r| &self.a.words[(first + r) * pairs..][..pairs]);
        for panel in self.columns.start / COLUMNS..self.columns.end.div_ceil(COLUMNS) {
            let tile = dot.tile(a, self.pairs_of_panel(panel));
            self.put(first, panel, &tile);
        }
    }

    /// In single precision.
    #[inline(always)]
    fn single_rows<S: pulp::Simd, const ROWS: usize>(&mut self, simd: S, first: usize) {
        let pairs = self.a.pairs.len();
        let a: [&[[f32; 2]]; ROWS] =
            std::array::from_fn(|r| &self.a.numbers[(first + r) * pairs..][..pairs]);
        for panel in self.columns.start / COLUMNS..self.columns.end.div_ceil(COLUMNS) {
            let tile = single_tile(simd, a, self.pairs_of_panel(panel));
            self.put(first, panel, &tile);
        }
    }

    #[inline(always)]
    fn pairs_of_panel(&self, panel: usize) -> &[PairRow] {
        &self.b.values[panel * self.b.rows.div_ceil(2)..][self.a.pairs.clone()]
    }

    /// Puts the sums of some rows of a panel where they belong.
    #[inline(always)]
    fn put(&mut self, first: usize, panel: usize, tile: &[SumRow]) {
        let at = panel * COLUMNS;
        let from = self.columns.start.max(at)..self.columns.end.min(at + COLUMNS);
        let to = from.start - self.columns.start..from.end - self.columns.start;
        for (r, sums) in tile.iter().enumerate() {
            let sums = &sums.0[from.start - at..from.end - at];
            let mut c = self.c.row_mut(first + r);
            match c.as_slice_mut() {
                Some(c) => c[to.clone()].copy_from_slice(sums),
                None => c
                    .iter_mut()
                    .skip(to.start)
                    .zip(sums)
                    .for_each(|(c, sum)| *c = *sum),
            }
        }
    }
}

impl pulp::WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        let rows = self.a.rows;
        let mut done = 0;
        // So many rows that the sums of all fit into the registers.
        if S::REGISTER_COUNT >= 32 {
            while done + 8 <= rows {
                self.single_rows::<S, 8>(simd, done);
                done += 8;
            }
        }
        while done + 4 <= rows {
            self.single_rows::<S, 4>(simd, done);
            done += 4;
        }
        while done < rows {
            self.single_rows::<S, 1>(simd, done);
            done += 1;
        }
    }
}

/// The products of some rows with a panel's columns, in single precision.
#[inline(always)]
fn single_tile<S: pulp::Simd, const ROWS: usize>(
    simd: S,
    a: [&[[f32; 2]]; ROWS],
    b: &[PairRow],
) -> [SumRow; ROWS] {
    let mut tile = [SumRow([0.0; COLUMNS]); ROWS];
    let upper = simd.splat_u32s(0xffff_0000);
    let half = simd.splat_u32s(16);
    let at_once = 2 * S::U32_LANES;
    for first in (0..COLUMNS).step_by(at_once) {
        let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
        for (k, b) in b.iter().enumerate() {
            let (b, _) = S::as_simd_u32s(&b.0[first..first + at_once]);
            let lower =
                [b[0], b[1]].map(|b| simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(b, half)));
            let upper = [b[0], b[1]].map(|b| simd.transmute_f32s_u32s(simd.and_u32s(b, upper)));
            for (sums, a) in sums.iter_mut().zip(a) {
                let [first, second] = a[k].map(|a| simd.splat_f32s(a));
                for v in 0..2 {
                    // In the order of the processor's own instruction.
                    sums[v] = simd.mul_add_e_f32s(second, upper[v], sums[v]);
                    sums[v] = simd.mul_add_e_f32s(first, lower[v], sums[v]);
                }
            }
        }
        for (tile, sums) in tile.iter_mut().zip(sums) {
            let (tile, _) = S::as_mut_simd_f32s(&mut tile.0[first..first + at_once]);
            tile.copy_from_slice(&sums);
        }
    }
    tile
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use ndarray::{Array2, s};
    use proptest::prelude::*;

    use super::*;

    fn values(rows: usize, columns: usize, step: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            (((i * step + j * 31) % 97) as f32).sqrt() - 5.0
        })
    }

    fn halved(matrix: &Array2<f32>) -> Array2<f32> {
        matrix.mapv(|x| f32::from_bits(rounded(x)))
    }

    fn filled(matrix: &Array2<f32>) -> HalfPanels {
        let mut panels = HalfPanels::zeros(matrix.nrows(), matrix.ncols());
        for mut part in panels.parts_mut(0..matrix.nrows(), 0..matrix.ncols()) {
            let columns = part.columns();
            for row in part.rows() {
                part.put(row, &matrix.slice(s![row, columns.clone()]).to_vec());
            }
        }
        panels
    }

    /// As on a processor without the instruction.
    fn without(mut panels: HalfPanels, mut rows: HalfRows) -> (HalfPanels, HalfRows) {
        panels.dot = None;
        rows.dot = None;
        (panels, rows)
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_rounded_numbers(
            (rows, inner, columns) in (0..40_usize, 0..70_usize, 0..100_usize),
            (first_row, first_column) in (0..5_usize, 0..40_usize),
        ) {
            let b = values(first_row + inner + 2, first_column + columns + 3, 29);
            let a = values(rows, inner, 17);
            let block = s![first_row..first_row + inner, first_column..first_column + columns];
            let expected = halved(&a).dot(&halved(&b).slice(block));
            let of_columns = first_column..first_column + columns;
            let mut products = Vec::new();
            for plain in [false, true] {
                let (mut panels, mut left) = (filled(&b), HalfRows::default());
                if plain {
                    (panels, left) = without(panels, left);
                }
                left.assign(a.view(), first_row);
                let mut c = values(rows, columns, 3);
                panels.multiply_block(&left, of_columns.clone(), c.view_mut());
                let error = (&c - &expected).mapv(f32::abs).fold(0.0, |a: f32, b| a.max(*b));
                prop_assert!(error < 1e-3, "{error}");
                let mut by_columns = Array2::zeros((columns, rows)).reversed_axes();
                panels.multiply_block(&left, of_columns.clone(), by_columns.view_mut());
                prop_assert_eq!(&by_columns, &c);
                products.push(c);
            }
            if Dot::detect().is_some() {
                prop_assert_eq!(&products[0], &products[1], "the same bits with and without");
            }
        }

        #[test]
        fn splitting_rows_moves_no_bit(rows in 1..40_usize, at in 0..40_usize, inner in 0..300_usize) {
            let at = at.min(rows);
            let (a, b) = (values(rows, inner, 17), values(inner, 45, 29));
            for plain in [false, true] {
                let product = |a: ArrayView2<'_, f32>| {
                    let (mut panels, mut left) = (filled(&b), HalfRows::default());
                    if plain {
                        (panels, left) = without(panels, left);
                    }
                    left.assign(a, 0);
                    let mut c = Array2::zeros((a.nrows(), 45));
                    panels.multiply_block(&left, 0..45, c.view_mut());
                    c
                };
                let whole = product(a.view());
                prop_assert_eq!(product(a.slice(s![..at, ..])), whole.slice(s![..at, ..]));
                prop_assert_eq!(product(a.slice(s![at.., ..])), whole.slice(s![at.., ..]));
            }
        }
    }

    #[test]
    fn rows_and_columns_beyond_a_part_are_refused() {
        for (row, columns) in [(0, 2), (4, 2), (1, 3)] {
            let put = || {
                let mut panels = HalfPanels::zeros(7, 70);
                let mut part = panels.parts_mut(1..4, 5..7).next().unwrap();
                part.put(row, &vec![1.0; columns]);
            };
            assert!(std::panic::catch_unwind(put).is_err(), "{row}, {columns}");
        }
    }

    #[test]
    fn parts_leave_their_neighbours_as_they_are() {
        let all = values(7, 70, 5);
        let mut panels = filled(&all);
        let mut expected = halved(&all);
        for mut part in panels.parts_mut(1..4, 20..66) {
            let columns = part.columns();
            for row in 1..4 {
                let ones = vec![1.0; columns.len()];
                part.put(row, &ones);
                expected.slice_mut(s![row, columns.clone()]).fill(1.0);
            }
        }
        let mut left = HalfRows::default();
        left.assign(Array2::eye(7).view(), 0);
        let mut product = Array2::zeros((7, 70));
        panels.multiply_block(&left, 0..70, product.view_mut());
        assert_eq!(product, expected);
    }
}
