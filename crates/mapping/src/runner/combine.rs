//! Readings of a run into outputs.

use bss2_core::{Buffer, Region};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, s};

use crate::{Block, Coding, InputCoding, Plan, Run, WeightCoding};

/// What it takes to combine readings.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// Columns of a block within its region.
    columns: Vec<usize>,
    /// What is subtracted from every vector, by column of the region.
    correction: Vec<i16>,
    differences: Buffer<i16>,
    averages: Averages,
}

/// Adds readings of a run (vectors × columns of its region) that are outputs to these, saturating to `i8` block by
/// block.
pub(super) fn add(
    plan: &Plan,
    run: &Run,
    region: Region,
    readings: ArrayView2<'_, i8>,
    mut outputs: ArrayViewMut2<'_, i8>,
) {
    for block in &run.blocks {
        add_readings(block, plan.coding(), region, readings, outputs.view_mut());
    }
}

/// Adds what a coding makes of the readings of a run (vectors × columns of its region), less those of its first
/// signal if it sends two, to the outputs, saturating to `i8` block by block. Says how many readings at an end of
/// `i8` were subtracted, or others from them.
pub(super) fn combine(
    plan: &Plan,
    run: &Run,
    region: Region,
    (first, readings): (Option<ArrayView2<'_, i8>>, ArrayView2<'_, i8>),
    scratch: &mut Scratch,
    mut outputs: ArrayViewMut2<'_, i8>,
) -> u64 {
    let coding = plan.coding();
    subtract(coding.inputs, first, readings, scratch);
    let mut saturated = 0;
    for block in &run.blocks {
        let columns = block.columns.iter();
        scratch.columns.clear();
        scratch
            .columns
            .extend(columns.map(|column| column - region.first_column));
        if coding.subtracts() {
            saturated += at_ends(readings, &scratch.columns);
        }
        if let Some(first) = first {
            saturated += at_ends(first, &scratch.columns);
        }
        add_averages(
            block,
            coding,
            &mut scratch.averages,
            &scratch.columns,
            scratch.differences.view(),
            outputs.view_mut(),
        );
    }
    saturated
}

/// Readings of some columns that are at an end of the range of `i8`.
fn at_ends(readings: ArrayView2<'_, i8>, columns: &[usize]) -> u64 {
    let is_end = |&y: &i8| y == i8::MIN || y == i8::MAX;
    let of_vector = |vector: ArrayView1<'_, i8>| {
        columns
            .iter()
            .filter(|&&column| is_end(&vector[column]))
            .count() as u64
    };
    readings.outer_iter().map(of_vector).sum()
}

/// Readings less what the input coding subtracts from them.
fn subtract(
    coding: InputCoding,
    first: Option<ArrayView2<'_, i8>>,
    readings: ArrayView2<'_, i8>,
    scratch: &mut Scratch,
) {
    let mut differences = scratch.differences.shaped(readings.dim());
    differences.zip_mut_with(&readings, |to, &y| *to = i16::from(y));
    let Some(first) = first else {
        return;
    };
    if let InputCoding::Offset { .. } = coding {
        let means = first.columns().into_iter().map(|column| {
            let sum: i32 = column.iter().map(|&y| i32::from(y)).sum();
            i16::from(rounded_mean(sum, first.nrows()))
        });
        scratch.correction.clear();
        scratch.correction.extend(means);
        for mut vector in differences.outer_iter_mut() {
            for (to, correction) in vector.iter_mut().zip(&scratch.correction) {
                *to -= correction;
            }
        }
    } else {
        differences.zip_mut_with(&first, |to, &y| *to -= i16::from(y));
    }
}

/// Adds readings that are outputs, one column each.
fn add_readings(
    block: &Block,
    coding: Coding,
    region: Region,
    readings: ArrayView2<'_, i8>,
    mut outputs: ArrayViewMut2<'_, i8>,
) {
    let first = region.first_column;
    let ranges = (block.columns.as_range(), block.outputs.as_range());
    if let ((Some(columns), Some(range)), 1) = (ranges, coding.vectors_at_once) {
        let sums = outputs.slice_mut(s![.., range]);
        let parts = readings.slice(s![.., columns.start - first..columns.end - first]);
        return pulp::Arch::new().dispatch(AddAll { sums, parts });
    }
    let mut own = own_vectors(block, coding, outputs);
    for (readings, mut sums) in readings.outer_iter().zip(own.outer_iter_mut()) {
        let columns = block.columns.iter().map(|column| column - first);
        let slices = (sums.as_slice_mut(), readings.to_slice());
        if let (Some(range), (Some(sums), Some(readings))) = (block.outputs.as_range(), slices) {
            for (sum, column) in sums[range].iter_mut().zip(columns) {
                *sum = sum.saturating_add(readings[column]);
            }
        } else {
            for (output, column) in block.outputs.iter().zip(columns) {
                sums[output] = sums[output].saturating_add(readings[column]);
            }
        }
    }
}

/// Adds arrays of the same shape, as a task that is compiled once per kind of processor.
struct AddAll<'a> {
    sums: ArrayViewMut2<'a, i8>,
    parts: ArrayView2<'a, i8>,
}

impl pulp::WithSimd for AddAll<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        debug_assert_eq!(self.sums.dim(), self.parts.dim());
        if let (Some(sums), Some(parts)) = (self.sums.as_slice_mut(), self.parts.to_slice()) {
            return add_all(sums, parts);
        }
        for (mut sums, parts) in self.sums.outer_iter_mut().zip(self.parts.outer_iter()) {
            match (sums.as_slice_mut(), parts.to_slice()) {
                (Some(sums), Some(parts)) => add_all(sums, parts),
                _ => sums.zip_mut_with(&parts, |sum, &part| *sum = sum.saturating_add(part)),
            }
        }
    }
}

/// Adds what the weight coding makes of each output's columns, averaged over copies.
fn add_averages(
    block: &Block,
    coding: Coding,
    scratch: &mut Averages,
    columns: &[usize],
    differences: ArrayView2<'_, i16>,
    outputs: ArrayViewMut2<'_, i8>,
) {
    let count = block.outputs.len();
    let per_copy = coding.columns_per_copy(count);
    let mut own = own_vectors(block, coding, outputs);
    for (differences, mut sums) in differences.outer_iter().zip(own.outer_iter_mut()) {
        scratch.read.clear();
        match (block.columns.as_range(), differences.to_slice()) {
            (Some(_), Some(all)) => {
                scratch
                    .read
                    .extend_from_slice(&all[columns[0]..columns[0] + columns.len()]);
            }
            _ => scratch
                .read
                .extend(columns.iter().map(|&column| differences[column])),
        }
        scratch.totals.clear();
        scratch.totals.resize(count, 0);
        for copy in scratch.read.chunks_exact(per_copy) {
            add_copy(coding.weights, copy, &mut scratch.totals);
        }
        scratch.means.clear();
        let means = scratch
            .totals
            .iter()
            .map(|&total| rounded_mean(total, coding.column_copies));
        scratch.means.extend(means);
        match (block.outputs.as_range(), sums.as_slice_mut()) {
            (Some(range), Some(sums)) => add_all(&mut sums[range], &scratch.means),
            _ => {
                for (output, &mean) in block.outputs.iter().zip(&scratch.means) {
                    sums[output] = sums[output].saturating_add(mean);
                }
            }
        }
    }
}

/// What a vector's averages are made of.
#[derive(Clone, Debug, Default)]
struct Averages {
    /// Readings in the order of a block's columns.
    read: Vec<i16>,
    /// Sums over copies by output.
    totals: Vec<i32>,
    means: Vec<i8>,
}

#[inline(always)]
fn add_all(sums: &mut [i8], parts: &[i8]) {
    for (sum, &part) in sums.iter_mut().zip(parts) {
        *sum = sum.saturating_add(part);
    }
}

/// Adds what one copy of a block's columns says of each output.
fn add_copy(coding: WeightCoding, copy: &[i16], totals: &mut [i32]) {
    match coding {
        WeightCoding::Signed => {
            for (total, &y) in totals.iter_mut().zip(copy) {
                *total += i32::from(y);
            }
        }
        WeightCoding::ColumnPair => {
            for (total, pair) in totals.iter_mut().zip(copy.as_chunks().0) {
                let [positive, negative]: [i16; 2] = *pair;
                *total += i32::from(positive) - i32::from(negative);
            }
        }
        WeightCoding::Offset => {
            let reference = i32::from(copy[totals.len()]);
            for (total, &y) in totals.iter_mut().zip(copy) {
                *total += i32::from(y) - reference;
            }
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

/// The mean of so many values, ties away from zero, saturating. Sums of readings are exact in
/// single precision, and so is the distance of their means from a tie.
fn rounded_mean(sum: i32, count: usize) -> i8 {
    let mean = sum as f32 / count as f32;
    (mean + 0.5_f32.copysign(mean)) as i8
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn readings_are_added_in_any_layout_and_saturate() {
        let parts = Array2::from_shape_fn((5, 70), |(v, c)| ((v * 31 + c * 7) % 255) as i8);
        let before = Array2::from_shape_fn((5, 70), |(v, c)| ((v * 17 + c * 3) % 255) as i8);
        let expected = ndarray::Zip::from(&before)
            .and(&parts)
            .map_collect(|sum, part| sum.saturating_add(*part));
        let by_columns = parts.t().as_standard_layout().into_owned();
        let mut wide = Array2::zeros((5, 90));
        wide.slice_mut(s![.., 9..79]).assign(&parts);
        for parts in [parts.view(), by_columns.t(), wide.slice(s![.., 9..79])] {
            let mut sums = before.clone();
            let add = AddAll {
                sums: sums.view_mut(),
                parts,
            };
            pulp::Arch::new().dispatch(add);
            assert_eq!(sums, expected);
            let mut sums = before.t().as_standard_layout().into_owned();
            let add = AddAll {
                sums: sums.view_mut().reversed_axes(),
                parts,
            };
            pulp::Arch::new().dispatch(add);
            assert_eq!(sums.t(), expected);
        }
    }

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
        assert_eq!((rounded_mean(300, 1), rounded_mean(-300, 2)), (127, -128));
        for count in 1..=1024_i32 {
            for sum in (-510 * 64..510 * 64_i32).step_by(61) {
                let exact = (2 * sum + sum.signum() * count) / (2 * count);
                let saturated = exact.clamp(-128, 127) as i8;
                assert_eq!(
                    rounded_mean(sum, count as usize),
                    saturated,
                    "{sum} / {count}"
                );
            }
        }
    }
}
