//! Inputs of a run onto the rows of its region.

use bss2_core::{Region, find_outside};
use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::{Activations, Coding, INPUT_OFFSET, InputCoding, MappingError, Plan, Run};

/// What drives a row: the place of its input among those of all vectors that run at once; none if
/// the row stays silent.
pub(super) type Source = Option<u32>;

/// What is sent of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// All of them.
    Whole,
    /// Positive ones.
    Positive,
    /// The magnitudes of negative ones.
    Negative,
    /// All of them, raised by the offset.
    Raised,
    /// The offset alone, again and again.
    Offset,
}

impl Signal {
    /// Most signals of a coding.
    pub(super) const MOST: usize = 2;

    /// What a coding sends, one after the other. Of two, what the first puts out is subtracted from what the
    /// second does.
    pub(super) const fn of(coding: InputCoding) -> &'static [Self] {
        match coding {
            InputCoding::Unsigned => &[Self::Whole],
            InputCoding::TwoPasses => &[Self::Negative, Self::Positive],
            InputCoding::Offset { .. } => &[Self::Offset, Self::Raised],
        }
    }

    /// How many vectors are sent for a batch of so many.
    pub(super) const fn vectors(self, coding: Coding, batch: usize) -> usize {
        match self {
            Self::Offset => coding.inputs.correction_vectors() as usize,
            _ => batch.div_ceil(coding.vectors_at_once),
        }
    }

    /// The number of the first of them if that of the batch's first vector is known.
    pub(super) const fn first_vector(self, coding: Coding, of_batch: u64) -> u64 {
        match self {
            Self::Offset => 0,
            _ => of_batch / coding.vectors_at_once as u64,
        }
    }
}

/// Refuses inputs that a coding cannot send.
pub(super) fn check_inputs(
    activations: Activations<'_>,
    coding: InputCoding,
) -> Result<(), MappingError> {
    let (min, max) = coding.inputs().into_inner();
    let found = match activations {
        // A largest input of 31 and a smallest below zero lie in both types.
        Activations::Unsigned(values) => {
            find_outside(values, min.max(0) as u8..=max as u8).map(|(at, value)| (at, value.into()))
        }
        Activations::Signed(values) => {
            find_outside(values, min..=max).map(|(at, value)| (at, value.into()))
        }
    };
    match found {
        None => Ok(()),
        Some(((vector, input), value)) => Err(MappingError::InputOutOfRange {
            value,
            min,
            max,
            vector,
            input,
        }),
    }
}

/// What drives each row of the region; rows between those of the blocks stay silent.
pub(super) fn find_sources(plan: &Plan, run: &Run, region: Region, sources: &mut Vec<Source>) {
    sources.clear();
    sources.resize(region.inputs, None);
    let repetition = plan.coding().row_repetition;
    for block in &run.blocks {
        let first = block.replica * plan.shape().inputs();
        let inputs = block.inputs.iter();
        let driven = inputs.flat_map(|input| std::iter::repeat_n(first + input, repetition));
        for (row, place) in block.rows.iter().zip(driven) {
            sources[row - region.first_input] = Some(place as u32);
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
    sources: &[Source],
    at_once: usize,
    signal: Signal,
    mut to: ArrayViewMut2<'_, u8>,
) {
    if signal == Signal::Offset {
        for mut rows in to.outer_iter_mut() {
            for (row, source) in rows.iter_mut().zip(sources) {
                *row = if source.is_some() { INPUT_OFFSET } else { 0 };
            }
        }
        return;
    }
    match activations {
        Activations::Unsigned(values) => gather_values(values, sources, at_once, signal, to),
        Activations::Signed(values) => gather_values(values, sources, at_once, signal, to),
    }
}

fn gather_values<T: Copy + Into<i16>>(
    values: ArrayView2<'_, T>,
    sources: &[Source],
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
            Signal::Offset => unreachable!("it takes no values"),
        }
    };
    let inputs = values.ncols();
    let flat = values.to_slice();
    // The last vectors may be fewer than run at once: beyond them, nothing is sent.
    let read = |place: usize| match flat {
        Some(flat) => flat.get(place),
        None => values.get((place / inputs, place % inputs)),
    };
    for (step, mut rows) in to.outer_iter_mut().enumerate() {
        let first = step * at_once * inputs;
        for (row, source) in rows.iter_mut().zip(sources) {
            let value = source.and_then(|place| read(first + place as usize));
            *row = value.map_or(0, |&value| send(value));
        }
    }
}
