//! Weights of a run onto the array.

use bss2_core::{Buffer, Region, find_outside};
use ndarray::{ArrayView1, ArrayView2, s};

use crate::{Block, MappingError, Plan, Run, WEIGHT_OFFSET, WeightCoding};

/// Refuses weights that a coding cannot hold.
pub(super) fn check_weights(
    weights: ArrayView2<'_, i8>,
    coding: WeightCoding,
) -> Result<(), MappingError> {
    let range = coding.weights();
    match find_outside(weights, range.clone()) {
        None => Ok(()),
        Some(((input, output), value)) => Err(MappingError::WeightOutOfRange {
            value,
            min: *range.start(),
            max: *range.end(),
            input,
            output,
        }),
    }
}

/// Composes the weights of a run's region where they do not stand [as in the layer](as_they_are).
pub(super) fn compose(
    plan: &Plan,
    run: &Run,
    region: Region,
    weights: ArrayView2<'_, i8>,
    composition: &mut Composition,
) {
    composition
        .weights
        .shaped((region.inputs, region.columns))
        .fill(0);
    for block in &run.blocks {
        put(block, plan, weights, region, composition);
    }
}

/// The part of the layer's weights that a run holds, if that is what it holds.
pub(super) fn as_they_are<'a>(
    plan: &Plan,
    run: &Run,
    weights: ArrayView2<'a, i8>,
) -> Option<ArrayView2<'a, i8>> {
    let [block] = run.blocks.as_slice() else {
        return None;
    };
    let coding = plan.coding();
    if !coding.is_plain() || coding.row_repetition > 1 {
        return None;
    }
    block.rows.as_range()?;
    block.columns.as_range()?;
    let first = first_input_of_group(plan, block);
    let inputs = block.inputs.as_range()?;
    let rows = inputs.start - first..inputs.end - first;
    Some(weights.slice_move(s![rows, block.outputs.as_range()?]))
}

fn first_input_of_group(plan: &Plan, block: &Block) -> usize {
    let of_group = plan.shape().group_inputs();
    block.inputs.span().start / of_group * of_group
}

/// What it takes to compose weights.
#[derive(Clone, Debug, Default)]
pub(super) struct Composition {
    weights: Buffer<i8>,
    /// Weights of an input as one copy of the outputs' columns holds them.
    coded: Vec<i8>,
    /// Columns of a block within its region.
    columns: Vec<usize>,
}

impl Composition {
    /// The weights that belong into a part of the region that they were composed for.
    pub(super) fn part(&self, of: Region, part: Region) -> ArrayView2<'_, i8> {
        let row = part.first_input - of.first_input;
        let column = part.first_column - of.first_column;
        let part = s![row..row + part.inputs, column..column + part.columns];
        self.weights.view().slice_move(part)
    }
}

/// Puts a block's weights, as they are coded, into those of its region.
fn put(
    block: &Block,
    plan: &Plan,
    weights: ArrayView2<'_, i8>,
    region: Region,
    composition: &mut Composition,
) {
    let Composition {
        weights: to,
        coded,
        columns,
    } = composition;
    let mut to = to.shaped((region.inputs, region.columns));
    let coding = plan.coding();
    let first_input = first_input_of_group(plan, block);
    let per_copy = coding.columns_per_copy(block.outputs.len());
    columns.clear();
    columns.extend(
        block
            .columns
            .iter()
            .map(|column| column - region.first_column),
    );
    for (number, input) in block.inputs.iter().enumerate() {
        code(
            coding.weights,
            block,
            weights.row(input - first_input),
            coded,
        );
        for turn in 0..coding.row_repetition {
            let row = block.rows.at(number * coding.row_repetition + turn);
            let Some(to) = to.row_mut(row - region.first_input).into_slice() else {
                unreachable!("rows of a buffer are slices");
            };
            for copy in columns.chunks_exact(per_copy) {
                for (&column, &weight) in copy.iter().zip(&*coded) {
                    to[column] = weight;
                }
            }
        }
    }
}

fn code(coding: WeightCoding, block: &Block, weights: ArrayView1<'_, i8>, coded: &mut Vec<i8>) {
    coded.clear();
    match block.outputs.as_range() {
        Some(range) => match weights.to_slice() {
            Some(weights) => coded.extend_from_slice(&weights[range]),
            None => coded.extend(weights.slice_move(s![range])),
        },
        None => coded.extend(block.outputs.iter().map(|output| weights[output])),
    }
    match coding {
        WeightCoding::Signed => {}
        WeightCoding::ColumnPair => {
            // From the last, so that none is overwritten before it is read.
            let count = coded.len();
            coded.resize(2 * count, 0);
            for number in (0..count).rev() {
                let weight = coded[number];
                coded[2 * number] = weight.max(0);
                coded[2 * number + 1] = -weight.min(0);
            }
        }
        WeightCoding::Offset => {
            for weight in &mut *coded {
                *weight += WEIGHT_OFFSET;
            }
            coded.push(WEIGHT_OFFSET);
        }
    }
}
