//! Numbers of analog layers, kept as `f32`, to those that the array takes.

use bss2_core::{ACTIVATION_MAX, WEIGHT_MAX};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::all_finite;
use crate::{LayerPlace, TrainingError};

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
            layer: LayerPlace::default(),
            what: "weights",
        });
    }
    rounded.zip_mut_with(weights, |to, &w| {
        *to = with_integer_below(w.clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT)).to_bits() as i8;
    });
    Ok(())
}

/// Rounds inputs and refuses those that are no activations then.
pub(super) fn round_activations(
    input: ArrayView2<'_, f32>,
    mut activations: ArrayViewMut2<'_, u8>,
) -> Result<(), TrainingError> {
    activations.zip_mut_with(&input, |to, &x| {
        *to = with_integer_below(x.clamp(0.0, ACTIVATION_LIMIT)).to_bits() as u8;
    });
    // The first one outside is looked for only if there is any: a sweep with an early exit would
    // not be vectorised.
    let all_fit = input.iter().fold(true, |all, &x| all & is_activation(x));
    if all_fit {
        return Ok(());
    }
    let mut inputs = input.indexed_iter();
    match inputs.find(|(_, x)| !is_activation(**x)) {
        None => Ok(()),
        Some(((vector, input), &value)) => Err(TrainingError::ActivationOutOfRange {
            layer: LayerPlace::default(),
            vector,
            input,
            value,
        }),
    }
}

/// Whether a number is an activation once it is rounded; ties go to the even one.
fn is_activation(x: f32) -> bool {
    (-0.5..ACTIVATION_LIMIT + 0.5).contains(&x)
}

/// 1.5·2²³: next to it, numbers have no bits for a fraction, and integers lie in the lowest ones.
const INTEGERS: f32 = 12_582_912.0;

/// A number of magnitude below 2²², rounded with ties to even, with the integer in its lowest bits.
///
/// Additions work on many numbers at once, where `round_ties_even` is a call of a library function on
/// processors that are only known to have what all have.
fn with_integer_below(x: f32) -> f32 {
    x + INTEGERS
}

/// Rounds a number of magnitude below 2²² as `round_ties_even` does.
pub(super) fn round(x: f32) -> f32 {
    with_integer_below(x) - INTEGERS
}

/// Rounds a number of magnitude below 2²² down, as `floor` does.
pub(super) fn round_down(x: f32) -> f32 {
    let rounded = round(x);
    rounded - if rounded > x { 1.0 } else { 0.0 }
}
