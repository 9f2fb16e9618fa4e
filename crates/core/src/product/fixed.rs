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
    /// By column, with its inverse.
    steps: Vec<f32>,
    per_step: Vec<f32>,
}

/// Steps are at least so large, such that their inverse is a number.
const STEP_MIN: f32 = 1e-30;

impl Grid {
    /// All integers up to a limit of 1…32767, in each of so many columns; the smaller the limit, the finer
    /// the left-hand factor can be.
    pub fn integers(columns: usize, limit: u16) -> Self {
        Self {
            limit: limit.clamp(1, i16::MAX as u16),
            steps: vec![1.0; columns],
            per_step: vec![1.0; columns],
        }
    }

    /// Twelve bits and a sign, up to a finite number of each column's.
    pub fn up_to(largest: impl IntoIterator<Item = f32>) -> Self {
        let limit = 4095;
        let steps = largest
            .into_iter()
            .map(|largest| largest / f32::from(limit));
        let steps: Vec<f32> = steps.map(|step| step.max(STEP_MIN)).collect();
        Self {
            limit,
            per_step: steps.iter().map(|step| 1.0 / step).collect(),
            steps,
        }
    }

    /// The largest integer that a left-hand factor may hold such that no sum of so many products leaves 32
    /// bits.
    fn left_limit(&self, rows: usize) -> f32 {
        let products = rows.max(1) as u64 * u64::from(self.limit);
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
    /// By column of the part.
    per_step: &'a [f32],
    pairs: &'a mut [PairRow],
}

/// The integer next to a number of magnitude below 2²², the even one if there are two.
#[inline(always)]
fn rounded(value: f32) -> i16 {
    // Where numbers are so large, neighbours lie 1 apart; their low bits are the integer's.
    const LARGE: f32 = 12_582_912.0;
    (value + LARGE).to_bits() as i16
}

impl FixedPart<'_> {
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

    /// Puts numbers below 10³⁰ into a row of the part, from one of its columns on (counted within the part);
    /// those beyond the grid become its largest.
    ///
    /// # Panics
    /// If the part has no such row, or fewer columns.
    #[inline(always)]
    pub fn put<const COUNT: usize>(
        &mut self,
        row: usize,
        first_column: usize,
        values: &[f32; COUNT],
    ) {
        assert!(self.rows.contains(&row), "a row of the part");
        let columns = first_column..first_column + COUNT;
        let per_step = &self.per_step[columns.clone()];
        let mut integers = [0_i16; COUNT];
        for ((integer, value), per_step) in integers.iter_mut().zip(values).zip(per_step) {
            *integer = rounded((value * per_step).clamp(-self.limit, self.limit));
        }
        let pairs = &mut self.pairs[row / 2 - self.rows.start / 2];
        let pairs = &mut pairs.0[self.columns.start % COLUMNS..][columns];
        if row.is_multiple_of(2) {
            for (pair, integer) in pairs.iter_mut().zip(integers) {
                *pair = (*pair & 0xffff_0000) | u32::from(integer.cast_unsigned());
            }
        } else {
            for (pair, integer) in pairs.iter_mut().zip(integers) {
                *pair = (*pair & 0xffff) | (u32::from(integer.cast_unsigned()) << 16);
            }
        }
    }
}

impl FixedPanels {
    /// Zeros.
    ///
    /// # Panics
    /// If there are so many rows that a sum of the grid's largest numbers may leave 32 bits.
    pub fn zeros(rows: usize, grid: Grid) -> Self {
        assert!(grid.left_limit(rows) >= 1.0, "not that many rows");
        let columns = grid.steps.len();
        let panels = columns.div_ceil(COLUMNS);
        Self {
            dot: Dot::detect(),
            rows,
            columns,
            grid,
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
    ) -> impl DoubleEndedIterator<Item = FixedPart<'_>> {
        assert!(
            rows.end <= self.rows && columns.end <= self.columns,
            "a block of the matrix"
        );
        let pairs = pairs_of(&rows);
        let limit = f32::from(self.grid.limit);
        let of_panel = self.rows.div_ceil(2).max(1);
        let panels = self.values.chunks_exact_mut(of_panel).enumerate();
        let panels = panels
            .take(columns.end.div_ceil(COLUMNS))
            .skip(columns.start / COLUMNS);
        let per_step = &self.grid.per_step;
        panels.map(move |(panel, values)| {
            let first = columns.start.max(panel * COLUMNS);
            let columns = first..columns.end.min((panel + 1) * COLUMNS);
            FixedPart {
                rows: rows.clone(),
                limit,
                per_step: &per_step[columns.clone()],
                columns,
                pairs: &mut values[pairs.clone()],
            }
        })
    }

    /// c ← a·B, with a block of the matrix: some columns of the rows that `a` was made for.
    ///
    /// # Panics
    /// If shapes do not fit, or `a` was made for a matrix of which fewer or smaller numbers are summed.
    pub fn multiply_block(&self, a: &FixedRows, columns: Range<usize>, c: ArrayViewMut2<'_, f32>) {
        assert!(
            a.pairs.end <= self.rows.div_ceil(2) && columns.end <= self.columns,
            "a block of the matrix"
        );
        assert_eq!(c.dim(), (a.rows, columns.len()), "the product's shape");
        assert!(
            a.limit <= self.grid.left_limit(self.rows),
            "rows made for as many of as large numbers"
        );
        pulp::Arch::new().dispatch(Product {
            a,
            b: self,
            columns,
            c,
        });
    }

    /// Prepares a left-hand matrix of numbers below 10³⁰ for neighbouring rows of this one, from `first_row`
    /// on; allocates only if `rows` never held so many, or if `a` is not in standard layout.
    ///
    /// # Panics
    /// If there are no such rows.
    pub fn assign(&self, rows: &mut FixedRows, a: ArrayView2<'_, f32>, first_row: usize) {
        let inner = a.ncols();
        assert!(first_row + inner <= self.rows, "rows of the matrix");
        rows.rows = a.nrows();
        rows.limit = self.grid.left_limit(self.rows);
        rows.pairs = pairs_of(&(first_row..first_row + inner));
        let pairs = rows.pairs.len();
        rows.values.resize(a.nrows() * pairs, 0);
        rows.steps.resize(a.nrows(), STEP_MIN);
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
            limit: rows.limit,
            values: &mut rows.values,
            pairs,
            steps: &mut rows.steps,
        });
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
            let integer = |value: f32| rounded(value * per_step);
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
        let mut panels = FixedPanels::zeros(matrix.nrows(), grid);
        for mut part in panels.parts_mut(0..matrix.nrows(), 0..matrix.ncols()) {
            let columns = part.columns();
            for row in part.rows() {
                for (place, column) in columns.clone().enumerate() {
                    part.put(row, place, &[matrix[[row, column]]]);
                }
            }
        }
        panels
    }

    fn product(panels: &FixedPanels, a: ArrayView2<'_, f32>, first_row: usize) -> Array2<f32> {
        let mut left = FixedRows::default();
        panels.assign(&mut left, a, first_row);
        let mut c = values(a.nrows(), panels.columns, 3);
        panels.multiply_block(&left, 0..panels.columns, c.view_mut());
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
                panels.assign(&mut left, a.view(), first_row);
                let mut c = values(rows, columns, 3);
                panels.multiply_block(&left, of_columns.clone(), c.view_mut());
                let error = (&c - &expected).mapv(f32::abs).fold(0.0, |a: f32, b| a.max(*b));
                // Half a step of either factor, times the largest of the other.
                let step = 5.0 / 4095.0 + 2.0 * 5.0 / panels.grid.left_limit(b.nrows());
                prop_assert!(error <= 0.5 * step * 5.0 * inner as f32 + 1e-3, "{error}");
                let mut by_columns = Array2::zeros((columns, rows)).reversed_axes();
                panels.multiply_block(&left, of_columns.clone(), by_columns.view_mut());
                prop_assert_eq!(&by_columns, &c);
                products.push(c);
            }
            for others in &products[1..] {
                prop_assert_eq!(others, &products[0], "the same bits in every way");
            }
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
    fn what_might_leave_32_bits_is_refused() {
        let small = FixedPanels::zeros(4, Grid::integers(3, 2));
        let large = FixedPanels::zeros(4, Grid::integers(3, i16::MAX as u16));
        let mut rows = FixedRows::default();
        small.assign(&mut rows, Array2::ones((1, 4)).view(), 0);
        let multiply = || {
            let mut c = Array2::zeros((1, 3));
            large.multiply_block(&rows, 0..3, c.view_mut());
        };
        assert!(std::panic::catch_unwind(multiply).is_err());
        let zeros = || FixedPanels::zeros(70_000, Grid::integers(1, i16::MAX as u16));
        assert!(std::panic::catch_unwind(zeros).is_err());
    }

    #[test]
    fn rows_and_columns_beyond_a_part_are_refused() {
        for (row, columns) in [(0, 0), (4, 0), (1, 2)] {
            let put = || {
                let mut panels = FixedPanels::zeros(7, Grid::integers(70, 1));
                let mut part = panels.parts_mut(1..4, 5..7).next().unwrap();
                part.put(row, columns, &[1.0]);
            };
            assert!(std::panic::catch_unwind(put).is_err(), "{row}, {columns}");
        }
    }

    #[test]
    fn parts_leave_their_neighbours_as_they_are() {
        let grid = Grid::integers(70, 63);
        let mut expected = integers(7, 70, 5);
        let mut panels = filled(&expected, grid);
        for mut part in panels.parts_mut(1..4, 20..66) {
            let columns = part.columns();
            for row in 1..4 {
                (0..columns.len()).for_each(|place| part.put(row, place, &[1.0]));
                expected.slice_mut(s![row, columns.clone()]).fill(1.0);
            }
        }
        assert_eq!(product(&panels, Array2::eye(7).view(), 0), expected);
    }
}
