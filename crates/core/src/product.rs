//! Matrix products in single precision, for whoever simulates or trains.
//!
//! Each element of a product is summed in the order of the inner index, one fused multiplication and
//! addition after the other: how rows are split over calls or threads moves no bit. (Processors
//! without fused operations round once more.) Libraries that are as fast choose that order by the
//! shapes and by the sizes of caches, and take pointers; here, the right-hand matrix is laid out once
//! for many products.

mod fixed;

use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};
use thiserror::Error;

pub use fixed::{FixedPair, FixedPanel, FixedPanels, FixedPart, FixedRows, Grid};

/// Why matrices were not multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProductError {
    /// A matrix of another shape than the others ask for.
    #[error("{what} must have shape {expected:?}, found {found:?}")]
    Shape {
        /// Which matrix.
        what: &'static str,
        /// Rows and columns that it must have.
        expected: (usize, usize),
        /// Rows and columns that came.
        found: (usize, usize),
    },
    /// A block that reaches beyond its matrix.
    #[error("a block up to row {} and column {} reaches beyond a matrix of {matrix:?}", .end.0, .end.1)]
    BlockOutside {
        /// The block's last row and column, and one more.
        end: (usize, usize),
        /// The matrix's rows and columns.
        matrix: (usize, usize),
    },
    /// So many rows that sums in fixed point may leave 32 bits.
    #[error("{rows} rows: their sums may leave 32 bits, those of {most} do not")]
    TooManyRows {
        /// Rows of the matrix.
        rows: usize,
        /// Most rows that its grid allows.
        most: usize,
    },
    /// A left-hand matrix in fixed point that was made for another right-hand one, of which fewer or
    /// smaller numbers are summed.
    #[error("the left-hand matrix was made for another right-hand one")]
    MadeForAnother,
}

impl ProductError {
    /// Refuses a matrix of another shape.
    fn check_shape(
        what: &'static str,
        expected: (usize, usize),
        found: (usize, usize),
    ) -> Result<(), Self> {
        if expected == found {
            return Ok(());
        }
        Err(Self::Shape {
            what,
            expected,
            found,
        })
    }
}

/// Columns of a panel: two vectors of the widest kind.
const WIDTH: usize = 32;

/// One row of a panel, aligned such that no vector crosses a cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(128))]
struct PanelRow([f32; WIDTH]);

const NOTHING: PanelRow = PanelRow([0.0; WIDTH]);

/// A matrix laid out for products from the left: panels of 32 neighbouring columns, of which each
/// holds all rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panels {
    rows: usize,
    columns: usize,
    values: Vec<PanelRow>,
}

impl Panels {
    /// Takes over the shape and the values of a matrix; allocates only if there were never so many.
    pub fn assign(&mut self, matrix: ArrayView2<'_, f32>) {
        (self.rows, self.columns) = matrix.dim();
        let rows = self.rows * self.columns.div_ceil(WIDTH);
        self.values.resize(rows, NOTHING);
        if self.values.is_empty() {
            return;
        }
        if let Some(columns) = matrix.reversed_axes().to_slice() {
            self.assign_columns(columns);
            return;
        }
        let by_rows = matrix.rows().into_iter();
        for (r, row) in by_rows.enumerate() {
            let panels = self.values[r..].iter_mut().step_by(self.rows);
            if let Some(row) = row.to_slice() {
                for (to, from) in panels.zip(row.chunks(WIDTH)) {
                    to.0[..from.len()].copy_from_slice(from);
                }
            } else {
                let mut from = row.iter();
                for to in panels {
                    let pairs = to.0.iter_mut().zip(&mut from);
                    pairs.for_each(|(to, from)| *to = *from);
                }
            }
        }
    }

    /// Takes over the values of a matrix whose columns lie one after the other, some rows at once, so that
    /// their panels stay in the cache.
    fn assign_columns(&mut self, columns: &[f32]) {
        const AT_ONCE: usize = 64;
        let rows = self.rows;
        let panels = self.values.chunks_mut(rows);
        for (panel, columns) in panels.zip(columns.chunks(WIDTH * rows)) {
            for (block, panel) in panel.chunks_mut(AT_ONCE).enumerate() {
                for (c, column) in columns.chunks(rows).enumerate() {
                    let column = &column[block * AT_ONCE..];
                    panel
                        .iter_mut()
                        .zip(column)
                        .for_each(|(to, from)| to.0[c] = *from);
                }
            }
        }
    }

    /// Rows and columns.
    pub const fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// c ← a·B, or c ← c + a·B.
    ///
    /// # Errors
    /// [`ProductError::Shape`] if shapes do not fit.
    pub fn multiply(
        &self,
        a: ArrayView2<'_, f32>,
        onto: Onto,
        c: ArrayViewMut2<'_, f32>,
    ) -> Result<(), ProductError> {
        self.check_left(a)?;
        let shape = (a.nrows(), self.columns);
        ProductError::check_shape("the product", shape, c.dim())?;
        self.multiply_rows(a, 0, onto, c)
    }

    fn check_left(&self, a: ArrayView2<'_, f32>) -> Result<(), ProductError> {
        ProductError::check_shape("the left-hand matrix", (a.nrows(), self.rows), a.dim())
    }

    /// The same for some neighbouring rows of the product, from the `first` on: `a` is whole, `c` has the rows
    /// that are wanted.
    ///
    /// # Errors
    /// [`ProductError::Shape`] if shapes do not fit, or `c` reaches beyond the last row.
    pub fn multiply_rows(
        &self,
        a: ArrayView2<'_, f32>,
        first: usize,
        onto: Onto,
        c: ArrayViewMut2<'_, f32>,
    ) -> Result<(), ProductError> {
        self.check_left(a)?;
        let rows = a.nrows();
        let first = first.min(rows);
        let shape = (c.nrows().min(rows - first), self.columns);
        ProductError::check_shape("the product", shape, c.dim())?;
        let here = |a| -> ArrayView2<'_, f32> {
            ArrayView2::slice_move(a, s![first..first + c.nrows(), ..])
        };
        let copy;
        let left = if a.ncols() <= 1 || a.strides()[1] == 1 {
            Left::ByRows(here(a))
        } else if let Some(values) = a.reversed_axes().to_slice() {
            Left::ByColumns {
                values,
                rows,
                first,
            }
        } else {
            copy = here(a).as_standard_layout().into_owned();
            Left::ByRows(copy.view())
        };
        pulp::Arch::new().dispatch(Multiply {
            left,
            panels: self,
            onto,
            c,
        });
        Ok(())
    }
}

/// What becomes of the values where a product goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// They are replaced.
    Nothing,
    /// The product is added to them.
    Sum,
}

/// A left-hand matrix that can be read as it is.
enum Left<'a> {
    /// Its rows are slices.
    ByRows(ArrayView2<'a, f32>),
    /// Its columns are, one after the other, of a matrix of so many rows, of which it has those from the
    /// first on.
    ByColumns {
        values: &'a [f32],
        rows: usize,
        first: usize,
    },
}

/// A product, as a task that is compiled once per kind of processor.
struct Multiply<'a> {
    left: Left<'a>,
    panels: &'a Panels,
    onto: Onto,
    c: ArrayViewMut2<'a, f32>,
}

impl pulp::WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        let rows = self.c.nrows();
        let mut done = 0;
        // So many rows that the sums of all fit into the registers.
        if S::REGISTER_COUNT >= 32 {
            while done + 8 <= rows {
                self.some_rows::<S, 8>(simd, done);
                done += 8;
            }
        }
        while done + 4 <= rows {
            self.some_rows::<S, 4>(simd, done);
            done += 4;
        }
        while done < rows {
            self.some_rows::<S, 1>(simd, done);
            done += 1;
        }
    }
}

impl Multiply<'_> {
    /// Some neighbouring rows of the product.
    #[inline(always)]
    fn some_rows<S: pulp::Simd, const ROWS: usize>(&mut self, simd: S, first: usize) {
        let Panels {
            rows: inner,
            columns,
            ref values,
        } = *self.panels;
        for panel in 0..columns.div_ceil(WIDTH) {
            let values = &values[panel * inner..][..inner];
            let end = WIDTH.min(columns - panel * WIDTH);
            let tile: [PanelRow; ROWS] = match &self.left {
                Left::ByRows(a) => {
                    let rows: [&[f32]; ROWS] = std::array::from_fn(|r| row(*a, first + r, inner));
                    tile(simd, values, end, |k| std::array::from_fn(|r| rows[r][k]))
                }
                Left::ByColumns {
                    values: a,
                    rows,
                    first: skipped,
                } => tile(simd, values, end, |k| {
                    std::array::from_fn(|r| a[k * rows + skipped + first..][..ROWS][r])
                }),
            };
            let to = panel * WIDTH..panel * WIDTH + end;
            for (r, tile) in tile.iter().enumerate() {
                let mut c = self.c.row_mut(first + r);
                let sums = &tile.0[..end];
                match c.as_slice_mut() {
                    Some(c) => put(self.onto, c[to.clone()].iter_mut(), sums),
                    None => put(self.onto, c.iter_mut().skip(to.start), sums),
                }
            }
        }
    }
}

/// The products of some rows with a panel's columns up to an end.
#[inline(always)]
fn tile<S: pulp::Simd, const ROWS: usize>(
    simd: S,
    panel: &[PanelRow],
    end: usize,
    a: impl Fn(usize) -> [f32; ROWS],
) -> [PanelRow; ROWS] {
    let mut tile = [NOTHING; ROWS];
    let at_once = 2 * S::F32_LANES;
    for first in (0..end).step_by(at_once) {
        let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
        for (k, b) in panel.iter().enumerate() {
            let (b, _) = S::as_simd_f32s(&b.0[first..first + at_once]);
            let b = [b[0], b[1]];
            for (sums, a) in sums.iter_mut().zip(a(k)) {
                let a = simd.splat_f32s(a);
                sums[0] = simd.mul_add_e_f32s(a, b[0], sums[0]);
                sums[1] = simd.mul_add_e_f32s(a, b[1], sums[1]);
            }
        }
        for (tile, sums) in tile.iter_mut().zip(sums) {
            let (tile, _) = S::as_mut_simd_f32s(&mut tile.0[first..first + at_once]);
            tile.copy_from_slice(&sums);
        }
    }
    tile
}

#[inline(always)]
fn row(a: ArrayView2<'_, f32>, row: usize, length: usize) -> &[f32] {
    let Some(row) = a.index_axis_move(Axis(0), row).to_slice() else {
        unreachable!("rows of this layout are slices");
    };
    &row[..length]
}

#[inline(always)]
fn put<'a>(onto: Onto, to: impl Iterator<Item = &'a mut f32>, sums: &[f32]) {
    match onto {
        Onto::Nothing => to.zip(sums).for_each(|(to, sum)| *to = *sum),
        Onto::Sum => to.zip(sums).for_each(|(to, sum)| *to += *sum),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;

    use super::*;

    /// Multiples of a power of two, of which all sums are exact.
    fn exact(rows: usize, columns: usize, step: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            ((i * step + j * 31) % 97) as f32 / 4.0 - 11.0
        })
    }

    proptest! {
        #[test]
        fn products_are_those_of_ndarray(
            (rows, inner, columns) in (0..40_usize, 0..70_usize, 0..100_usize),
            layout in 0..3,
        ) {
            let b = exact(inner, columns, 29);
            let mut panels = Panels::default();
            panels.assign(exact(7, 300, 3).view());
            panels.assign(b.view());
            let wide = exact(rows, 2 * inner, 17);
            let tall = exact(inner, rows, 13);
            let a = match layout {
                0 => tall.t(),
                1 => wide.slice(s![.., ..inner]),
                _ => wide.slice(s![.., ..;2]),
            };
            let mut c = exact(rows, columns, 3);
            let expected = &c + &a.dot(&b);
            panels.multiply(a, Onto::Sum, c.view_mut()).unwrap();
            prop_assert_eq!(&c, &expected);
            panels.assign(b.t().as_standard_layout().t());
            let mut by_columns = exact(columns, rows, 3).reversed_axes();
            panels.multiply(a, Onto::Nothing, by_columns.view_mut()).unwrap();
            prop_assert_eq!(by_columns, a.dot(&b));
        }

        #[test]
        fn splitting_rows_moves_no_bit(rows in 1..40_usize, at in 0..40_usize, inner in 0..300_usize) {
            let at = at.min(rows);
            let values = |rows, columns, step: usize| {
                Array2::from_shape_fn((rows, columns), |(i, j)| (((i * step + j * 31) % 97) as f32).sqrt() - 5.0)
            };
            let (a, b) = (values(rows, inner, 17), values(inner, 45, 29));
            let mut panels = Panels::default();
            panels.assign(b.view());
            let mut whole = Array2::zeros((rows, 45));
            panels.multiply(a.view(), Onto::Nothing, whole.view_mut()).unwrap();
            let mut parts = Array2::zeros((rows, 45));
            let (first, second) = parts.view_mut().split_at(Axis(0), at);
            for (a, c) in [(a.slice(s![..at, ..]), first), (a.slice(s![at.., ..]), second)] {
                panels.multiply(a, Onto::Nothing, c).unwrap();
            }
            prop_assert_eq!(&parts, &whole);
            let columns = a.t().as_standard_layout().into_owned();
            let mut of_columns = Array2::zeros((rows, 45));
            panels.multiply(columns.t(), Onto::Nothing, of_columns.view_mut()).unwrap();
            prop_assert_eq!(&of_columns, &whole);
            let mut apart = Array2::zeros((rows, 2 * inner));
            apart.slice_mut(s![.., ..;2]).assign(&a);
            for a in [a.view(), columns.t(), apart.slice(s![.., ..;2])] {
                let mut parts = Array2::zeros((rows, 45));
                let (before, after) = parts.view_mut().split_at(Axis(0), at);
                for (first, c) in [(0, before), (at, after)] {
                    panels.multiply_rows(a, first, Onto::Sum, c).unwrap();
                }
                prop_assert_eq!(&parts, &whole);
                for first in [rows, rows + 1, usize::MAX] {
                    let c = parts.slice_mut(s![..0, ..]);
                    panels.multiply_rows(a, first, Onto::Nothing, c).unwrap();
                }
            }
        }
    }

    #[test]
    fn memory_is_reused() {
        let mut panels = Panels::default();
        panels.assign(exact(40, 50, 3).view());
        let values = panels.values.as_ptr();
        panels.assign(exact(30, 60, 3).view());
        assert_eq!((panels.dim(), panels.values.as_ptr()), ((30, 60), values));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut panels = Panels::default();
        panels.assign(exact(3, 2, 3).view());
        for (a, c, what, expected, found) in [
            ((4, 2), (4, 2), "the left-hand matrix", (4, 3), (4, 2)),
            ((4, 3), (4, 3), "the product", (4, 2), (4, 3)),
            ((4, 3), (5, 2), "the product", (4, 2), (5, 2)),
            ((4, 2), (5, 3), "the left-hand matrix", (4, 3), (4, 2)),
        ] {
            let misfit = ProductError::Shape {
                what,
                expected,
                found,
            };
            let (a, mut c) = (exact(a.0, a.1, 3), Array2::zeros(c));
            let refused = panels.multiply(a.view(), Onto::Sum, c.view_mut());
            assert_eq!(refused, Err(misfit));
            assert_eq!(c.sum(), 0.0);
        }
        let misfit = ProductError::Shape {
            what: "the product",
            expected: (1, 2),
            found: (2, 2),
        };
        let (a, mut c) = (exact(4, 3, 3), Array2::zeros((2, 2)));
        let refused = panels.multiply_rows(a.view(), 3, Onto::Sum, c.view_mut());
        assert_eq!(refused, Err(misfit));
        let misfit = ProductError::Shape {
            what: "the left-hand matrix",
            expected: (2, 3),
            found: (2, 2),
        };
        let refused = panels.multiply_rows(c.clone().view(), 0, Onto::Sum, c.view_mut());
        assert_eq!(refused, Err(misfit));
    }
}
