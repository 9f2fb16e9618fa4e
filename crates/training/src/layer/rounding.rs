//! Numbers of analog layers, kept as `f32`, to those that the array takes.

use bss2_core::{ACTIVATION_MAX, WEIGHT_MAX};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::all_finite;
use crate::TrainingError;

/// Largest magnitude of a weight.
pub(super) const WEIGHT_LIMIT: f32 = WEIGHT_MAX as f32;
const ACTIVATION_LIMIT: f32 = ACTIVATION_MAX as f32;

/// Rounds weights into the range of the array and refuses those that are not finite.
pub(super) fn round_weights(
    weights: &Array2<f32>,
    rounded: &mut Array2<i8>,
) -> Result<(), TrainingError> {
    if !all_finite(weights) {
        return Err(TrainingError::NotFinite {
            layer: 0,
            what: "weights",
        });
    }
    rounded.zip_mut_with(weights, |to, &w| {
        *to = w.round_ties_even().clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT) as i8;
    });
    Ok(())
}

/// Rounds inputs and refuses those that are no activations then.
pub(super) fn round_activations(
    input: ArrayView2<'_, f32>,
    mut activations: ArrayViewMut2<'_, u8>,
) -> Result<(), TrainingError> {
    // The first one outside is looked for only if there is any: a sweep with an early exit would
    // not be vectorised.
    let mut all_fit = true;
    activations.zip_mut_with(&input, |to, &x| {
        let rounded = x.round_ties_even();
        all_fit &= is_activation(rounded);
        *to = rounded.clamp(0.0, ACTIVATION_LIMIT) as u8;
    });
    if all_fit {
        return Ok(());
    }
    let mut inputs = input.indexed_iter();
    match inputs.find(|(_, x)| !is_activation(x.round_ties_even())) {
        None => Ok(()),
        Some(((vector, input), &value)) => Err(TrainingError::ActivationOutOfRange {
            layer: 0,
            vector,
            input,
            value,
        }),
    }
}

fn is_activation(rounded: f32) -> bool {
    (0.0..=ACTIVATION_LIMIT).contains(&rounded)
}
