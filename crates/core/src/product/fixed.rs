//! Products of matrices in fixed point, with exact sums.
//!
//! Both factors are rounded to integers of 16 bits: the right-hand matrix to multiples of one step up to a
//! limit, each row of the left-hand one to multiples of a power of two that is chosen for it, such that
//! sums fit into 32 bits. They are therefore exact, the same on every processor, and do not depend on the
//! rows beside. Numbers are kept in pairs of neighbours of the inner index, which processors multiply two
//! and more times as fast as numbers in `f32`.

use std::ops::Range;

use bss2_dot::{COLUMNS, Dot, Pair, PairRow, SumRow, pair};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::ProductError;

/// A matrix in fixed point, laid out for products from the left: panels of 32 neighbouring columns,
/// of which each holds all pairs of rows.
#[derive(Clone, Debug)]
pub struct FixedPanels {
    dot: Dot,
    rows: usize,
    columns: usize,
    grid: Grid,
    values: Vec<PairRow>,
}

/// The numbers that a matrix can hold: −limit·step, …, −step, 0, step, …, limit·step of each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    limit: u16,
    /// Sums of so many rows fit into 32 bits, whatever rows a matrix has.
    rows: usize,
    /// By column.
    steps: Vec<f32>,
    /// Their inverses, by panel.
    per_step: Vec<[f32; COLUMNS]>,
}

/// Steps are at least so large, such that their inverse is a number.
const STEP_MIN: f32 = 1e-30;

impl Grid {
    /// All integers up to a limit of 1…32767, in each of so many columns; the smaller the limit, the finer
    /// the left-hand factor can be.
    pub fn integers(columns: usize, limit: u16) -> Self {
        Self::new(limit.clamp(1, i16::MAX as u16), vec![1.0; columns])
    }

    /// Twelve bits and a sign, up to a finite number of each column's.
    pub fn up_to(largest: impl IntoIterator<Item = f32>) -> Self {
        let limit = 4095;
        let step = |largest: f32| (largest / f32::from(limit)).max(STEP_MIN);
        Self::new(limit, largest.into_iter().map(step).collect())
    }

    /// The same for parts of a matrix of so many rows: they take left-hand factors as the whole takes them, and
    /// where others are zero, their products are those of the whole.
    #[must_use]
    pub fn within(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// That of some neighbouring columns; none if there are no such columns.
    pub fn columns(&self, columns: Range<usize>) -> Option<Self> {
        let steps = self.steps.get(columns)?.to_vec();
        Some(Self::new(self.limit, steps).within(self.rows))
    }

    fn new(limit: u16, steps: Vec<f32>) -> Self {
        let inverses = |steps: &[f32]| {
            let mut inverses = [0.0; COLUMNS];
            for (inverse, step) in inverses.iter_mut().zip(steps) {
                *inverse = 1.0 / step;
            }
            inverses
        };
        Self {
            limit,
            rows: 0,
            per_step: steps.chunks(COLUMNS).map(inverses).collect(),
            steps,
        }
    }

    /// The largest integer that a left-hand factor may hold such that no sum of so many products leaves 32
    /// bits.
    fn left_limit(&self, rows: usize) -> f32 {
        let products = rows.max(self.rows).max(1) as u64 * u64::from(self.limit);
        (i32::MAX as u64 / products).min(i16::MAX as u64) as f32
    }
}

/// A left-hand matrix in fixed point, made for neighbouring rows of [`FixedPanels`].
#[derive(Clone, Debug, Default)]
pub struct FixedRows {
    rows: usize,
    /// Largest integer that may be among the values.
    limit: f32,
    /// Pairs of rows of the panels.
    pairs: Range<usize>,
    /// Rows × pairs.
    values: Vec<Pair>,
    /// By row.
    steps: Vec<f32>,
}

/// Some neighbouring columns of some neighbouring rows, which lie in one panel.
#[derive(Debug)]
pub struct FixedPart<'a> {
    columns: Range<usize>,
    rows: Range<usize>,
    limit: f32,
    /// By column of the panel.
    per_step: &'a [f32; COLUMNS],
    pairs: &'a mut [PairRow],
}

/// A whole panel: up to 32 neighbouring columns of all rows.
#[derive(Debug)]
pub struct FixedPanel<'a> {
    limit: f32,
    /// By column.
    per_step: &'a [f32; COLUMNS],
    pairs: &'a mut [PairRow],
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
fn rounded(value: f32) -> u32 {
    // Where numbers are so large, neighbours lie 1 apart; their low bits are the integer's.
    const LARGE: f32 = 12_582_912.0;
    (value + LARGE).to_bits()
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

impl FixedPanels {
    /// Zeros.
    ///
    /// # Errors
    /// [`ProductError::TooManyRows`] if a sum of the grid's largest numbers may leave 32 bits, of these rows or of
    /// those of the matrix that the grid is [within](Grid::within).
    pub fn zeros(rows: usize, grid: Grid) -> Result<Self, ProductError> {
        let most = i32::MAX as usize / usize::from(grid.limit);
        let summed = rows.max(grid.rows);
        if summed > most {
            return Err(ProductError::TooManyRows { rows: summed, most });
        }
        let columns = grid.steps.len();
        let panels = columns.div_ceil(COLUMNS);
        Ok(Self {
            dot: Dot::detect(),
            rows,
            columns,
            grid,
            values: vec![PairRow([0; COLUMNS]); rows.div_ceil(2) * panels],
        })
    }

    /// A block's rows and columns, if it lies within the matrix.
    fn check_block(
        &self,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<[Range<usize>; 2], ProductError> {
        let (end, matrix) = ((rows.end, columns.end), (self.rows, self.columns));
        if end.0 > matrix.0 || end.1 > matrix.1 {
            return Err(ProductError::BlockOutside { end, matrix });
        }
        Ok([rows, columns].map(|range| range.start.min(range.end)..range.end))
    }

    /// The parts of a block that lie in one panel each.
    ///
    /// # Errors
    /// [`ProductError::BlockOutside`] if the block reaches beyond the matrix.
    pub fn parts_mut(
        &mut self,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<impl DoubleEndedIterator<Item = FixedPart<'_>>, ProductError> {
        let [rows, columns] = self.check_block(rows, columns)?;
        let pairs = pairs_of(&rows);
        let limit = f32::from(self.grid.limit);
        let of_panel = self.rows.div_ceil(2).max(1);
        let panels = self.values.chunks_exact_mut(of_panel).enumerate();
        let panels = panels
            .take(columns.end.div_ceil(COLUMNS))
            .skip(columns.start / COLUMNS);
        let per_step = self.grid.per_step.iter().skip(columns.start / COLUMNS);
        Ok(panels
            .zip(per_step)
            .map(move |((panel, values), per_step)| {
                let first = columns.start.max(panel * COLUMNS);
                let columns = first..columns.end.min((panel + 1) * COLUMNS);
                FixedPart {
                    rows: rows.clone(),
                    limit,
                    per_step,
                    columns,
                    pairs: &mut values[pairs.clone()],
                }
            }))
    }

    /// All panels, from the first columns to the last.
    pub fn panels_mut(
        &mut self,
    ) -> impl DoubleEndedIterator<Item = FixedPanel<'_>> + ExactSizeIterator {
        let limit = f32::from(self.grid.limit);
        let of_panel = self.rows.div_ceil(2).max(1);
        let panels = self.values.chunks_exact_mut(of_panel);
        panels
            .zip(&self.grid.per_step)
            .map(move |(pairs, per_step)| FixedPanel {
                limit,
                per_step,
                pairs,
            })
    }

    /// Bytes that its values take.
    pub fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice())
    }

    /// c ← a·B, with a block of the matrix: some columns of the rows that `a` was made for.
    ///
    /// # Errors
    /// [`ProductError::BlockOutside`] or [`ProductError::Shape`] if shapes do not fit,
    /// [`ProductError::MadeForAnother`] if `a` was made for a matrix of which fewer or smaller numbers are
    /// summed.
    pub fn multiply_block(
        &self,
        a: &FixedRows,
        columns: Range<usize>,
        c: ArrayViewMut2<'_, f32>,
    ) -> Result<(), ProductError> {
        if a.pairs.end > self.rows.div_ceil(2) || a.limit > self.grid.left_limit(self.rows) {
            return Err(ProductError::MadeForAnother);
        }
        let [_, columns] = self.check_block(0..self.rows, columns)?;
        ProductError::check_shape("the product", (a.rows, columns.len()), c.dim())?;
        pulp::Arch::new().dispatch(Product {
            a,
            b: self,
            columns,
            c,
        });
        Ok(())
    }

    /// Prepares a left-hand matrix of numbers below 10³⁰ for neighbouring rows of this one, from `first_row`
    /// on; allocates only if `rows` never held so many, or if `a` is not in standard layout.
    ///
    /// # Errors
    /// [`ProductError::BlockOutside`] if there are no such rows.
    pub fn assign(
        &self,
        rows: &mut FixedRows,
        a: ArrayView2<'_, f32>,
        first_row: usize,
    ) -> Result<(), ProductError> {
        let inner = a.ncols();
        self.check_block(first_row..first_row.saturating_add(inner), 0..self.columns)?;
        rows.rows = a.nrows();
        rows.limit = self.grid.left_limit(self.rows);
        rows.pairs = pairs_of(&(first_row..first_row + inner));
        let pairs = rows.pairs.len();
        rows.values.resize(a.nrows() * pairs, 0);
        rows.steps.resize(a.nrows(), STEP_MIN);
        if pairs == 0 {
            return Ok(());
        }
        let a = a.as_standard_layout();
        let Some(a) = a.as_slice() else {
            unreachable!("arrays in standard layout are slices");
        };
        pulp::Arch::new().dispatch(Pack {
            a,
            inner,
            lead: first_row % 2,
            limit: rows.limit,
            values: &mut rows.values,
            pairs,
            steps: &mut rows.steps,
        });
        Ok(())
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
    let mut largest = [0.0_f32; COLUMNS];
    let (blocks, rest) = values.as_chunks::<COLUMNS>();
    for block in blocks.iter().map(<[f32; COLUMNS]>::as_slice).chain([rest]) {
        for (largest, value) in largest.iter_mut().zip(block) {
            *largest = largest.max(value.abs());
        }
    }
    let mut half = COLUMNS / 2;
    while half > 0 {
        let (found, others) = largest.split_at_mut(half);
        for (found, other) in found.iter_mut().zip(others) {
            *found = found.max(*other);
        }
        half /= 2;
    }
    largest[0]
}

/// The smallest power of two that is not below a number, and far from the ends of what `f32` can hold.
#[inline(always)]
fn step_for(least: f32) -> f32 {
    let mantissa = (1 << (f32::MANTISSA_DIGITS - 1)) - 1;
    let bits = least.clamp(STEP_MIN, 1.0 / STEP_MIN).to_bits();
    f32::from_bits((bits + mantissa) & !mantissa)
}

/// A product, as a task that is compiled once per kind of processor.
struct Product<'a> {
    a: &'a FixedRows,
    b: &'a FixedPanels,
    columns: Range<usize>,
    c: ArrayViewMut2<'a, f32>,
}

impl pulp::WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        let rows = self.a.rows;
        let mut done = 0;
        while done + 8 <= rows {
            self.some_rows::<8>(done);
            done += 8;
        }
        while done + 4 <= rows {
            self.some_rows::<4>(done);
            done += 4;
        }
        while done < rows {
            self.some_rows::<1>(done);
            done += 1;
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn some_rows<const ROWS: usize>(&mut self, first: usize) {
        let pairs = self.a.pairs.len();
        let a: [&[Pair]; ROWS] =
            std::array::from_fn(|r| &self.a.values[(first + r) * pairs..][..pairs]);
        for panel in self.columns.start / COLUMNS..self.columns.end.div_ceil(COLUMNS) {
            let tile = self.b.dot.tile(a, self.pairs_of_panel(panel));
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
        let steps = &self.b.grid.steps[from.clone()];
        for (r, sums) in tile.iter().enumerate() {
            let step = self.a.steps[first + r];
            let sums = &sums.0[from.start - at..from.end - at];
            let mut c = self.c.row_mut(first + r);
            match c.as_slice_mut() {
                Some(c) => scale(c[to.clone()].iter_mut(), sums, step, steps),
                None => scale(c.iter_mut().skip(to.start), sums, step, steps),
            }
        }
    }
}

#[inline(always)]
fn scale<'a>(to: impl Iterator<Item = &'a mut f32>, sums: &[i32], step: f32, steps: &[f32]) {
    for ((to, sum), of_column) in to.zip(sums).zip(steps) {
        *to = *sum as f32 * (step * of_column);
    }
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

    fn integers(rows: usize, columns: usize, step: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            ((i * step + j * 31) % 127) as f32 - 63.0
        })
    }

    fn up_to_5(columns: usize) -> Grid {
        Grid::up_to(vec![5.0; columns])
    }

    fn filled(matrix: &Array2<f32>, grid: Grid) -> FixedPanels {
        let mut panels = FixedPanels::zeros(matrix.nrows(), grid).unwrap();
        put(&mut panels, 0..matrix.nrows(), 0..matrix.ncols(), |at| {
            matrix[at]
        });
        panels
    }

    fn put(
        panels: &mut FixedPanels,
        rows: Range<usize>,
        columns: Range<usize>,
        value: impl Fn((usize, usize)) -> f32,
    ) {
        for mut part in panels.parts_mut(rows, columns).unwrap() {
            let columns = part.columns();
            part.set(|row, values| {
                assert_eq!(values.len(), columns.len());
                for (to, column) in values.iter_mut().zip(columns.clone()) {
                    *to = value((row, column));
                }
            });
        }
    }

    fn product(panels: &FixedPanels, a: ArrayView2<'_, f32>, first_row: usize) -> Array2<f32> {
        let mut left = FixedRows::default();
        panels.assign(&mut left, a, first_row).unwrap();
        let mut c = values(a.nrows(), panels.columns, 3);
        panels
            .multiply_block(&left, 0..panels.columns, c.view_mut())
            .unwrap();
        c
    }

    proptest! {
        #[test]
        fn products_are_near_those_of_the_numbers(
            (rows, inner, columns) in (0..40_usize, 0..300_usize, 0..100_usize),
            (first_row, first_column) in (0..5_usize, 0..40_usize),
        ) {
            let b = values(first_row + inner + 2, first_column + columns + 3, 29);
            let a = values(rows, inner, 17);
            let block = s![first_row..first_row + inner, first_column..first_column + columns];
            let expected = a.dot(&b.slice(block));
            let of_columns = first_column..first_column + columns;
            let mut products = Vec::new();
            for dot in Dot::all() {
                let mut panels = filled(&b, up_to_5(b.ncols()));
                panels.dot = dot;
                let mut left = FixedRows::default();
                panels.assign(&mut left, a.view(), first_row).unwrap();
                let mut c = values(rows, columns, 3);
                panels.multiply_block(&left, of_columns.clone(), c.view_mut()).unwrap();
                let error = (&c - &expected).mapv(f32::abs).fold(0.0, |a: f32, b| a.max(*b));
                // Half a step of either factor, times the largest of the other.
                let step = 5.0 / 4095.0 + 2.0 * 5.0 / panels.grid.left_limit(b.nrows());
                prop_assert!(error <= 0.5 * step * 5.0 * inner as f32 + 1e-3, "{error}");
                let mut by_columns = Array2::zeros((columns, rows)).reversed_axes();
                panels.multiply_block(&left, of_columns.clone(), by_columns.view_mut()).unwrap();
                prop_assert_eq!(&by_columns, &c);
                products.push(c);
            }
            for others in &products[1..] {
                prop_assert_eq!(others, &products[0], "the same bits in every way");
            }
        }

        #[test]
        fn parts_leave_the_rest_as_it_is(
            (first_row, rows) in (0..9_usize, 0..9_usize),
            (first_column, columns) in (0..70_usize, 0..70_usize),
        ) {
            let (before, after) = (integers(18, 140, 17), integers(18, 140, 29));
            let (rows, columns) = (first_row..first_row + rows, first_column..first_column + columns);
            let mut panels = filled(&before, Grid::integers(140, 63));
            put(&mut panels, rows.clone(), columns.clone(), |at| after[at]);
            let mut expected = before;
            let block = s![rows, columns];
            expected.slice_mut(block).assign(&after.slice(block));
            prop_assert_eq!(product(&panels, Array2::eye(18).view(), 0), expected);
        }

        #[test]
        fn whole_panels_hold_what_parts_would(rows in 1..12_usize, columns in 1..100_usize) {
            let matrix = values(rows, columns, 29);
            let mut panels = FixedPanels::zeros(rows, up_to_5(columns)).unwrap();
            prop_assert_eq!(panels.panels_mut().len(), columns.div_ceil(COLUMNS));
            for (number, mut panel) in panels.panels_mut().enumerate() {
                prop_assert_eq!(panel.pairs_mut().len(), rows.div_ceil(2));
                for (row, mut pair) in (0..).step_by(2).zip(panel.pairs_mut()) {
                    // What stands beyond the matrix means nothing.
                    let value = |row, c| *matrix.get((row, number * COLUMNS + c)).unwrap_or(&4.0);
                    pair.set(&[row, row + 1].map(|row| std::array::from_fn(|c| value(row, c))));
                }
            }
            let a = values(3, rows, 17);
            let expected = product(&filled(&matrix, up_to_5(columns)), a.view(), 0);
            prop_assert_eq!(product(&panels, a.view(), 0), expected);
        }

        #[test]
        fn parts_of_a_matrix_have_its_products(
            (rows, before, after) in (1..20_usize, 0..20_usize, 0..20_usize),
            (first, columns) in (0..50_usize, 1..50_usize),
        ) {
            let all = before + rows + after;
            let matrix = values(all, first + columns, 29);
            let whole = filled(&matrix, up_to_5(first + columns));
            let mut a = Array2::zeros((3, all));
            let part = s![.., before..before + rows];
            a.slice_mut(part).assign(&values(3, rows, 17));
            let expected = product(&whole, a.view(), 0);

            let grid = whole.grid.clone().within(all).columns(first..first + columns).unwrap();
            let block = matrix.slice(s![before..before + rows, first..]).to_owned();
            let found = product(&filled(&block, grid), a.slice(part), 0);
            prop_assert_eq!(&found, &expected.slice(s![.., first..]));
        }

        #[test]
        fn products_of_integers_are_exact(rows in 0..20_usize, inner in 0..1024_usize) {
            let (a, b) = (integers(rows, inner, 17), integers(inner, 45, 29));
            let panels = filled(&b, Grid::integers(45, 63));
            prop_assert_eq!(product(&panels, a.view(), 0), a.dot(&b));
        }

        #[test]
        fn splitting_rows_moves_no_bit(rows in 1..40_usize, at in 0..40_usize, inner in 0..300_usize) {
            let at = at.min(rows);
            let a = values(rows, inner, 17);
            let panels = filled(&values(inner, 45, 29), up_to_5(45));
            let whole = product(&panels, a.view(), 0);
            let (above, below) = a.view().split_at(ndarray::Axis(0), at);
            prop_assert_eq!(product(&panels, above, 0), whole.slice(s![..at, ..]));
            prop_assert_eq!(product(&panels, below, 0), whole.slice(s![at.., ..]));
        }

        #[test]
        fn no_sum_leaves_32_bits(inner in 1..1024_usize, limit in 1..=32767_u16, a in 1e-20_f32..1e20) {
            let grid = Grid::integers(1, limit);
            let left_limit = grid.left_limit(inner);
            let b = Array2::from_elem((inner, 1), f32::from(limit));
            let found = product(&filled(&b, grid), Array2::from_elem((1, inner), a).view(), 0);
            let expected = a * f32::from(limit) * inner as f32;
            let share = found[[0, 0]] / expected;
            // A limit so high leaves few steps for the other factor.
            let tolerance = 1.0 / left_limit + 1e-5;
            prop_assert!((share - 1.0).abs() <= tolerance, "{share}");
        }

        #[test]
        fn steps_are_powers_of_two(least in 1e-30_f32..1e30) {
            let step = step_for(least);
            prop_assert!(least <= step && step < 2.0 * least, "{step}");
            prop_assert_eq!(step.to_bits() << 9, 0, "no bit of a mantissa");
        }
    }

    #[test]
    fn numbers_beyond_the_grid_become_its_largest() {
        let b = ndarray::array![[1.0, 1.4, -1.6, 2.0, 3.0, -1e9, 0.0]];
        let found = product(
            &filled(&b, Grid::integers(7, 2)),
            Array2::ones((1, 1)).view(),
            0,
        );
        assert_eq!(
            found,
            ndarray::array![[1.0, 1.0, -2.0, 2.0, 2.0, -2.0, 0.0]]
        );
    }

    #[test]
    fn each_column_has_its_own_grid() {
        let b = ndarray::array![[0.0, 1e-20, 4095.0, -1e20]];
        let panels = filled(&b, Grid::up_to(b.iter().map(|b: &f32| b.abs())));
        let found = product(&panels, Array2::ones((1, 1)).view(), 0);
        for (found, b) in found.iter().zip(&b) {
            assert!((found - b).abs() <= 1e-6 * b.abs(), "{found}, {b}");
        }
    }

    #[test]
    fn rows_of_nothing_give_nothing() {
        let panels = filled(&values(7, 5, 3), up_to_5(5));
        assert_eq!(
            product(&panels, Array2::zeros((2, 7)).view(), 0),
            Array2::<f32>::zeros((2, 5))
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let most = i32::MAX as usize / 63;
        let error = FixedPanels::zeros(most + 1, Grid::integers(1, 63)).unwrap_err();
        assert_eq!(
            error,
            ProductError::TooManyRows {
                rows: most + 1,
                most
            }
        );

        let within = Grid::integers(1, 63).within(most + 1);
        assert_eq!(FixedPanels::zeros(1, within).unwrap_err(), error);
        assert_eq!(Grid::integers(5, 63).columns(3..6), None);
        #[expect(clippy::reversed_empty_ranges, reason = "who knows what comes")]
        let reversed = Grid::integers(5, 63).columns(3..2);
        assert_eq!(reversed, None);

        let mut panels = filled(&integers(6, 5, 3), Grid::integers(5, 63));
        for end in [(7, 5), (6, 6)] {
            let outside = ProductError::BlockOutside {
                end,
                matrix: (6, 5),
            };
            assert_eq!(panels.parts_mut(0..end.0, 0..end.1).err(), Some(outside));
        }
        #[expect(clippy::reversed_empty_ranges, reason = "who knows what comes")]
        let reversed = panels.parts_mut(5..2, 4..1).unwrap();
        for mut part in reversed {
            part.set(|row, _| panic!("row {row} of none"));
        }

        let mut left = FixedRows::default();
        let a = Array2::ones((3, 4));
        let outside = ProductError::BlockOutside {
            end: (7, 5),
            matrix: (6, 5),
        };
        assert_eq!(panels.assign(&mut left, a.view(), 3), Err(outside));
        assert!(panels.assign(&mut left, a.view(), usize::MAX).is_err());
        panels.assign(&mut left, a.view(), 2).unwrap();
        let misfit = panels.multiply_block(&left, 1..3, Array2::zeros((3, 3)).view_mut());
        let shape = ProductError::Shape {
            what: "the product",
            expected: (3, 2),
            found: (3, 3),
        };
        assert_eq!(misfit, Err(shape));
        let outside = ProductError::BlockOutside {
            end: (6, 6),
            matrix: (6, 5),
        };
        let found = panels.multiply_block(&left, 3..6, Array2::zeros((3, 3)).view_mut());
        assert_eq!(found, Err(outside));
        for other in [
            filled(&integers(3, 5, 3), Grid::integers(5, 63)),
            filled(&integers(6, 5, 3), Grid::integers(5, 32767)),
        ] {
            let found = other.multiply_block(&left, 0..5, Array2::zeros((3, 5)).view_mut());
            assert_eq!(found, Err(ProductError::MadeForAnother));
        }
    }
}
