//! What layers ask of the shapes of their arguments.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::Layer;
use crate::error::check_shape;
use crate::{LayerPlace, TrainingError};

/// Refuses a forward pass whose arguments are not of the shapes of one batch; layers ask this first.
///
/// # Errors
/// [`TrainingError::Width`] if the layer does not take so many inputs; [`TrainingError::Shape`] if
/// there is not one row of outputs for each of inputs, or not as many outputs as the layer has.
pub fn check_forward(
    layer: &dyn Layer,
    input: ArrayView2<'_, f32>,
    output: &ArrayViewMut2<'_, f32>,
) -> Result<(), TrainingError> {
    check_shape("output", output_shape(layer, input)?, output.dim())
}

/// Refuses a backward pass whose arguments are not of the shapes of one batch; layers ask this first.
///
/// # Errors
/// [`TrainingError::Width`] if the layer does not take so many inputs; [`TrainingError::Shape`] if
/// outputs, their gradient or that of the inputs do not fit the inputs.
pub fn check_backward(
    layer: &dyn Layer,
    input: ArrayView2<'_, f32>,
    output: ArrayView2<'_, f32>,
    gradient: &ArrayViewMut2<'_, f32>,
    input_gradient: Option<&ArrayViewMut2<'_, f32>>,
) -> Result<(), TrainingError> {
    let shape = output_shape(layer, input)?;
    check_shape("output", shape, output.dim())?;
    check_shape("gradient", shape, gradient.dim())?;
    input_gradient.map_or(Ok(()), |input_gradient| {
        check_shape("input gradient", input.dim(), input_gradient.dim())
    })
}

fn output_shape(
    layer: &dyn Layer,
    input: ArrayView2<'_, f32>,
) -> Result<(usize, usize), TrainingError> {
    Ok((input.nrows(), layer.outputs(input.ncols())?))
}

/// Refuses a backward pass unless inputs of the same shape passed last: for layers that remember
/// something of their forward pass.
pub(super) fn check_passed(
    passed: Option<(usize, usize)>,
    input: ArrayView2<'_, f32>,
) -> Result<(), TrainingError> {
    if passed == Some(input.dim()) {
        Ok(())
    } else {
        Err(TrainingError::NoForward)
    }
}

/// Refuses another number of inputs than a layer takes.
pub(super) fn check_width(expected: usize, found: usize) -> Result<(), TrainingError> {
    if expected == found {
        Ok(())
    } else {
        Err(TrainingError::Width {
            layer: LayerPlace::default(),
            expected,
            found,
        })
    }
}
