//! Pooling.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};

use super::{Layer, check_backward, check_forward, check_width};
use crate::{Pool, PoolKind, Session, Step, TrainingError};

/// The maximum or mean of windows of each channel, as a [`Pool`] describes it.
///
/// Backward: the gradient of a maximum goes to the first of the largest values in its window, row by
/// row; that of a mean to all values in equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    pool: Pool,
}

impl Pooling {
    /// A layer of these sizes.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// The sizes.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Calls `visit` with the index of each output and the indices of the inputs that it sees, row
    /// by row.
    #[inline(always)]
    fn for_each_window(&self, mut visit: impl FnMut(usize, Window)) {
        let (height, width) = self.pool.options().input;
        let (rows, columns) = self.pool.output();
        let mut output = 0;
        for channel in 0..self.pool.options().channels {
            for row in 0..rows {
                for column in 0..columns {
                    let (rows, columns) = self.pool.window(row, column);
                    let first = (channel * height + rows.start) * width + columns.start;
                    let window = Window {
                        first,
                        rows: rows.len(),
                        columns: columns.len(),
                        width,
                    };
                    visit(output, window);
                    output += 1;
                }
            }
        }
    }

    /// Share of each value in the mean of its window.
    fn share(&self) -> f32 {
        let (height, width) = self.pool.options().kernel;
        ((height * width) as f32).recip()
    }
}

/// A part of an input channel.
#[derive(Clone, Copy)]
struct Window {
    first: usize,
    rows: usize,
    columns: usize,
    /// From one row to the next.
    width: usize,
}

impl Window {
    /// Calls `visit` with the index of each value, row by row.
    #[inline(always)]
    fn each(self, mut visit: impl FnMut(usize)) {
        let mut start = self.first;
        for _ in 0..self.rows {
            for index in start..start + self.columns {
                visit(index);
            }
            start += self.width;
        }
    }

    /// Index of the first of the largest values, and the value.
    #[inline(always)]
    fn largest(self, input: ArrayView1<'_, f32>) -> (usize, f32) {
        let mut largest = (self.first, input[self.first]);
        self.each(|index| {
            let value = input[index];
            if value > largest.1 {
                largest = (index, value);
            }
        });
        largest
    }

    #[inline(always)]
    fn sum(self, input: ArrayView1<'_, f32>) -> f32 {
        let mut sum = 0.0;
        self.each(|index| sum += input[index]);
        sum
    }
}

impl Layer for Pooling {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        check_width(self.pool.inputs(), inputs)?;
        Ok(self.pool.outputs())
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        let share = self.share();
        for (mut output, input) in output.rows_mut().into_iter().zip(input.rows()) {
            self.for_each_window(|index, window| {
                output[index] = match self.pool.options().kind {
                    PoolKind::Max => window.largest(input).1,
                    PoolKind::Average => share * window.sum(input),
                };
            });
        }
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        let Some(mut input_gradient) = input_gradient else {
            return Ok(());
        };
        input_gradient.fill(0.0);
        let share = self.share();
        let rows = gradient.rows().into_iter().zip(input.rows());
        for (mut to, (gradient, input)) in input_gradient.rows_mut().into_iter().zip(rows) {
            self.for_each_window(|index, window| match self.pool.options().kind {
                PoolKind::Max => to[window.largest(input).0] += gradient[index],
                PoolKind::Average => {
                    let part = share * gradient[index];
                    window.each(|index| to[index] += part);
                }
            });
        }
        Ok(())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Pool(self.pool))
    }
}
