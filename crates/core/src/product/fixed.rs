//! Products of matrices in fixed point, with exact sums.
//!
//! Both factors are rounded to integers of 16 bits: the right-hand matrix to multiples of one step up to a
//! limit, each row of the left-hand one to multiples of a power of two that is chosen for it, such that
//! sums fit into 32 bits. They are therefore exact, the same on every processor, and do not depend on the
//! rows beside. Numbers are kept in pairs of neighbours of the inner index, which processors multiply two
//! and more times as fast as numbers in `f32`.

mod grid;
mod part;
mod rows;

use std::ops::Range;

use bss2_dot::{COLUMNS, Dot, Pair, PairRow, SumRow};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::ProductError;
pub use grid::Grid;
pub use part::{FixedPair, FixedPanel, FixedPart};
pub use rows::FixedRows;

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
    /// on; allocates only if `rows` never held so many, or if `a` is not in standard layout. (What is no number
    /// makes its row zeros.)
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
        let pairs = pairs_of(&(first_row..first_row + inner));
        rows.assign(a, first_row % 2, pairs, self.grid.left_limit(self.rows));
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
            let pairs = self.pairs_of_panel(panel);
            let tile = if self.columns.end - panel * COLUMNS > COLUMNS / 2 {
                self.b.dot.tile(a, pairs)
            } else {
                self.b.dot.half_tile(a, pairs)
            };
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
            let here = &sums.0[from.start - at..from.end - at];
            let mut c = self.c.row_mut(first + r);
            let Some(c) = c.as_slice_mut() else {
                scale(c.iter_mut().skip(to.start), here, step, steps);
                continue;
            };
            let c = &mut c[to.clone()];
            match (c.first_chunk_mut(), steps.first_chunk()) {
                (Some(c), Some(steps)) => *c = scaled(&sums.0, step, steps),
                _ => scale(c.iter_mut(), here, step, steps),
            }
        }
    }
}

/// Sums of a whole panel as numbers.
#[inline(always)]
fn scaled(sums: &[i32; COLUMNS], step: f32, steps: &[f32; COLUMNS]) -> [f32; COLUMNS] {
    let mut scaled = [0.0; COLUMNS];
    scale(scaled.iter_mut(), sums, step, steps);
    scaled
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

    use super::rows::step_for;
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
    fn what_is_no_number_makes_its_row_zeros() {
        let panels = filled(&values(40, 5, 3), up_to_5(5));
        let mut a = values(3, 40, 17);
        let expected = product(&panels, a.view(), 0);
        for place in [0, 33, 39] {
            a[[1, place]] = f32::NAN;
            let found = product(&panels, a.view(), 0);
            assert_eq!(found.row(1), Array2::<f32>::zeros((1, 5)).row(0));
            for row in [0, 2] {
                assert_eq!(found.row(row), expected.row(row));
            }
        }
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
