//! Inputs of a run onto the rows of its region.

use bss2_core::Region;
use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::{Activations, INPUT_OFFSET, InputCoding, MappingError, Plan, Run};

/// What drives a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Which of the vectors that run at once.
    replica: usize,
    input: usize,
}

/// Which part of an input is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Whole,
    Positive,
    Negative,
    Raised,
}

/// Refuses inputs that a coding cannot send.
pub(super) fn check_inputs(
    activations: Activations<'_>,
    coding: InputCoding,
) -> Result<(), MappingError> {
    match activations {
        Activations::Unsigned(values) => check(values, coding),
        Activations::Signed(values) => check(values, coding),
    }
}

fn check<T: Copy + Into<i16>>(
    values: ArrayView2<'_, T>,
    coding: InputCoding,
) -> Result<(), MappingError> {
    let (min, max) = coding.inputs().into_inner();
    let range = i16::from(min)..=i16::from(max);
    let fits = |&value: &T| range.contains(&value.into());
    let all_fit = match values.to_slice() {
        Some(values) => values.iter().fold(true, |all, value| all & fits(value)),
        None => values.iter().all(fits),
    };
    if all_fit {
        return Ok(());
    }
    match values.indexed_iter().find(|(_, value)| !fits(value)) {
        None => Ok(()),
        Some(((vector, input), &value)) => Err(MappingError::InputOutOfRange {
            value: value.into(),
            min,
            max,
            vector,
            input,
        }),
    }
}

/// What drives each row of the region; rows between those of the blocks stay silent.
pub(super) fn find_sources(
    plan: &Plan,
    run: &Run,
    region: Region,
    sources: &mut Vec<Option<Source>>,
) {
    sources.clear();
    sources.resize(region.inputs, None);
    let repetition = plan.coding().row_repetition;
    for block in &run.blocks {
        let inputs = block.inputs.iter();
        let driven = inputs.flat_map(|input| std::iter::repeat_n(input, repetition));
        for (row, input) in block.rows.iter().zip(driven) {
            sources[row - region.first_input] = Some(Source {
                replica: block.replica,
                input,
            });
        }
    }
}

/// The activations that a run takes, if they stand on the rows as in the batch.
pub(super) fn as_they_are<'a>(
    plan: &Plan,
    run: &Run,
    activations: Activations<'a>,
) -> Option<ArrayView2<'a, u8>> {
    let coding = plan.coding();
    let ([block], Activations::Unsigned(values)) = (run.blocks.as_slice(), activations) else {
        return None;
    };
    if coding.inputs != InputCoding::Unsigned
        || coding.row_repetition > 1
        || coding.vectors_at_once > 1
    {
        return None;
    }
    block.rows.as_range()?;
    Some(values.slice_move(s![.., block.inputs.as_range()?]))
}

/// Puts a part of the activations on the rows (vectors that run at once beside one another).
pub(super) fn gather(
    activations: Activations<'_>,
    sources: &[Option<Source>],
    at_once: usize,
    signal: Signal,
    to: ArrayViewMut2<'_, u8>,
) {
    match activations {
        Activations::Unsigned(values) => gather_values(values, sources, at_once, signal, to),
        Activations::Signed(values) => gather_values(values, sources, at_once, signal, to),
    }
}

fn gather_values<T: Copy + Into<i16>>(
    values: ArrayView2<'_, T>,
    sources: &[Option<Source>],
    at_once: usize,
    signal: Signal,
    mut to: ArrayViewMut2<'_, u8>,
) {
    // The ranges were checked: what is sent is in 0…31.
    let send = |value: T| {
        let value: i16 = value.into();
        match signal {
            Signal::Whole => value as u8,
            Signal::Positive => value.max(0) as u8,
            Signal::Negative => -value.min(0) as u8,
            Signal::Raised => (value + i16::from(INPUT_OFFSET)) as u8,
        }
    };
    for (step, mut rows) in to.outer_iter_mut().enumerate() {
        for (row, source) in rows.iter_mut().zip(sources) {
            let value = source.and_then(|Source { replica, input }| {
                // The last vectors may be fewer than run at once.
                values.get((step * at_once + replica, input))
            });
            *row = value.map_or(0, |&value| send(value));
        }
    }
}
