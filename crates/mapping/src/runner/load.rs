//! Weights of a run onto the array.

use bss2_core::{Buffer, MacArray};
use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::Place;
use crate::{Block, Coding, MappingError, Plan, Run, WEIGHT_OFFSET, WeightCoding};

/// Refuses weights that a coding cannot hold.
pub(super) fn check_weights(
    weights: ArrayView2<'_, i8>,
    coding: WeightCoding,
) -> Result<(), MappingError> {
    let range = coding.weights();
    // Without an early end, the common case (none outside) is a vectorised sweep.
    let fits = |&w: &i8| range.contains(&w);
    let all_fit = match weights.to_slice() {
        Some(weights) => weights.iter().fold(true, |all, w| all & fits(w)),
        None => weights.iter().all(fits),
    };
    if all_fit {
        return Ok(());
    }
    match weights.indexed_iter().find(|(_, w)| !fits(w)) {
        None => Ok(()),
        Some(((input, output), &value)) => Err(MappingError::WeightOutOfRange {
            value,
            min: *range.start(),
            max: *range.end(),
            input,
            output,
        }),
    }
}

/// Loads the weights of a run: those of the layer where they stand on the array as in the layer,
/// composed ones otherwise.
pub(super) fn load<A: MacArray + ?Sized>(
    array: &mut A,
    plan: &Plan,
    run: &Run,
    place: &Place,
    weights: ArrayView2<'_, i8>,
    buffer: &mut Buffer<i8>,
) -> Result<(), MappingError> {
    if let Some(block) = as_they_are(plan, run, weights) {
        return Ok(array.load_weights(place.region, block)?);
    }
    let region = place.region;
    let mut composed = buffer.shaped((region.inputs, region.columns));
    composed.fill(0);
    for block in &run.blocks {
        let first = (region.first_input, region.first_column);
        put(block, plan, weights, first, composed.view_mut());
    }
    for &load in &place.loads {
        let row = load.first_input - region.first_input;
        let column = load.first_column - region.first_column;
        let part = s![row..row + load.inputs, column..column + load.columns];
        array.load_weights(load, composed.slice(part))?;
    }
    Ok(())
}

/// The part of the layer's weights that a run holds, if that is what it holds.
fn as_they_are<'a>(
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

/// Puts a block's weights, as they are coded, into those of the region that begins at `first`.
fn put(
    block: &Block,
    plan: &Plan,
    weights: ArrayView2<'_, i8>,
    first: (usize, usize),
    mut to: ArrayViewMut2<'_, i8>,
) {
    let coding: Coding = plan.coding();
    let first_input = first_input_of_group(plan, block);
    let columns: Vec<usize> = block
        .columns
        .iter()
        .map(|column| column - first.1)
        .collect();
    let repetition = coding.row_repetition;
    for (number, row) in block.rows.iter().enumerate() {
        let input = block.inputs.at(number / repetition) - first_input;
        let mut to = to.row_mut(row - first.0);
        for copy in columns.chunks_exact(coding.columns_per_copy(block.outputs.len())) {
            for (number, output) in block.outputs.iter().enumerate() {
                let weight = weights[[input, output]];
                match coding.weights {
                    WeightCoding::Signed => to[copy[number]] = weight,
                    WeightCoding::ColumnPair => {
                        to[copy[2 * number]] = weight.max(0);
                        to[copy[2 * number + 1]] = -weight.min(0);
                    }
                    WeightCoding::Offset => to[copy[number]] = weight + WEIGHT_OFFSET,
                }
            }
            if coding.weights == WeightCoding::Offset {
                to[copy[block.outputs.len()]] = WEIGHT_OFFSET;
            }
        }
    }
}
