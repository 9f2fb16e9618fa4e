//! Readings of a run into outputs.

use bss2_core::Region;
use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::Scratch;
use crate::{Block, Coding, InputCoding, Plan, Run, WeightCoding};

/// Adds the readings of a run to the outputs, saturating to `i8` block by block.
pub(super) fn combine(
    plan: &Plan,
    run: &Run,
    region: Region,
    scratch: &mut Scratch,
    mut outputs: ArrayViewMut2<'_, i8>,
) {
    let coding = plan.coding();
    let steps = outputs.nrows().div_ceil(coding.vectors_at_once);
    let shape = (steps, region.columns);
    if !coding.is_plain() {
        subtract(coding.inputs, scratch, shape);
    }
    for block in &run.blocks {
        let columns = block
            .columns
            .iter()
            .map(|column| column - region.first_column);
        scratch.columns.clear();
        scratch.columns.extend(columns);
        if coding.is_plain() {
            let readings = scratch.readings.view(shape);
            add_readings(
                block,
                coding,
                &scratch.columns,
                readings,
                outputs.view_mut(),
            );
        } else {
            let differences = scratch.differences.view(shape);
            add_averages(
                block,
                coding,
                &scratch.columns,
                differences,
                outputs.view_mut(),
            );
        }
    }
}

/// Readings less what the input coding subtracts from them.
fn subtract(coding: InputCoding, scratch: &mut Scratch, shape: (usize, usize)) {
    let readings = scratch.readings.view(shape);
    let mut differences = scratch.differences.shaped(shape);
    differences.zip_mut_with(&readings, |to, &y| *to = i16::from(y));
    match coding {
        InputCoding::Unsigned => {}
        InputCoding::TwoPasses => {
            let subtracted = scratch.subtracted.view(shape);
            differences.zip_mut_with(&subtracted, |to, &y| *to -= i16::from(y));
        }
        InputCoding::Offset { .. } => {
            for mut vector in differences.outer_iter_mut() {
                for (to, correction) in vector.iter_mut().zip(&scratch.correction) {
                    *to -= correction;
                }
            }
        }
    }
}

/// Adds readings that are outputs, one column each.
fn add_readings(
    block: &Block,
    coding: Coding,
    columns: &[usize],
    readings: ArrayView2<'_, i8>,
    mut outputs: ArrayViewMut2<'_, i8>,
) {
    let ranges = (block.columns.as_range(), block.outputs.as_range());
    if let ((Some(_), Some(range)), 1) = (ranges, coding.vectors_at_once) {
        let mut sums = outputs.slice_mut(s![.., range]);
        let parts = readings.slice(s![.., columns[0]..columns[0] + columns.len()]);
        return sums.zip_mut_with(&parts, |sum, &part| *sum = sum.saturating_add(part));
    }
    let mut own = own_vectors(block, coding, outputs);
    for (readings, mut sums) in readings.outer_iter().zip(own.outer_iter_mut()) {
        for (output, &column) in block.outputs.iter().zip(columns) {
            sums[output] = sums[output].saturating_add(readings[column]);
        }
    }
}

/// Adds what the weight coding makes of each output's columns, averaged over copies.
fn add_averages(
    block: &Block,
    coding: Coding,
    columns: &[usize],
    differences: ArrayView2<'_, i16>,
    outputs: ArrayViewMut2<'_, i8>,
) {
    let count = block.outputs.len();
    let per_copy = coding.columns_per_copy(count);
    let copies = coding.column_copies as i32;
    let mut own = own_vectors(block, coding, outputs);
    for (differences, mut sums) in differences.outer_iter().zip(own.outer_iter_mut()) {
        for (number, output) in block.outputs.iter().enumerate() {
            let read = |place: usize| i32::from(differences[columns[place]]);
            let of_copy = |first: usize| match coding.weights {
                WeightCoding::Signed => read(first + number),
                WeightCoding::ColumnPair => read(first + 2 * number) - read(first + 2 * number + 1),
                WeightCoding::Offset => read(first + number) - read(first + count),
            };
            let sum: i32 = (0..columns.len()).step_by(per_copy).map(of_copy).sum();
            sums[output] = sums[output].saturating_add(saturated(rounded_mean(sum, copies)));
        }
    }
}

/// The outputs of the vectors that a block takes; the last ones may be fewer than run at once.
fn own_vectors<'a>(
    block: &Block,
    coding: Coding,
    outputs: ArrayViewMut2<'a, i8>,
) -> ArrayViewMut2<'a, i8> {
    let first = block.replica.min(outputs.nrows());
    outputs.slice_move(s![first..;coding.vectors_at_once, ..])
}

/// The mean of so many values, ties away from zero.
pub(super) fn rounded_mean(sum: i32, count: i32) -> i32 {
    (2 * sum + sum.signum() * count) / (2 * count)
}

fn saturated(value: i32) -> i8 {
    value.clamp(i8::MIN.into(), i8::MAX.into()) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_rounded_with_ties_away_from_zero() {
        let cases = [
            (5, 2, 3),
            (-5, 2, -3),
            (4, 3, 1),
            (5, 3, 2),
            (-4, 3, -1),
            (0, 7, 0),
            (-9, 1, -9),
        ];
        for (sum, count, mean) in cases {
            assert_eq!(rounded_mean(sum, count), mean, "{sum} / {count}");
        }
        assert_eq!((saturated(300), saturated(-300)), (127, -128));
    }
}
