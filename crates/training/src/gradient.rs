//! How the backward pass sees the array.

mod elementwise;

use bss2_core::product::Onto;
use bss2_mapping::{LayerShape, Plan};
use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::TrainingError;
use crate::product::multiply;

pub use elementwise::{LinearGain, SaturationMask, SmoothSaturation};

/// Stands for the derivatives of what an array does with a linear layer.
///
/// The chip gives no gradients; each model is a surrogate, right as far as the array resembles it.
/// It is given everything that a layer knows of its forward pass, the plan included: a model may
/// tell the array's columns apart, and the parts of an output that were summed digitally. One that
/// takes the array for an exact multiplier with a slope per output scales the gradient and leaves
/// the rest to [`exact_products`].
pub trait GradientModel: Send {
    /// Refuses a plan for which the model was not made; layers ask before they take it.
    ///
    /// # Errors
    /// What does not fit, such as [`TrainingError::Mapping`] for a plan of another array.
    fn check(&self, _plan: &Plan) -> Result<(), TrainingError> {
        Ok(())
    }

    /// Adds the gradient with respect to the weights, and writes that with respect to the inputs if
    /// it is asked for. `gradient` (vectors × outputs) is that with respect to the outputs, and may
    /// be used as scratch.
    fn backward(
        &mut self,
        pass: &LinearPass<'_>,
        gradient: ArrayViewMut2<'_, f32>,
        into: LinearGradients<'_>,
    );
}

/// Makes a gradient model for a plan.
pub type MakeGradientModel<'f> =
    dyn FnMut(&Plan) -> Result<Box<dyn GradientModel>, TrainingError> + 'f;

/// What a linear layer's forward pass was.
#[derive(Clone, Copy, Debug)]
pub struct LinearPass<'a> {
    /// How the layer lies on the array.
    pub plan: &'a Plan,
    /// Inputs, vectors × inputs, as activations.
    pub inputs: ArrayView2<'a, f32>,
    /// Weights, inputs of one group × outputs, in weight units, before they were rounded.
    pub weights: ArrayView2<'a, f32>,
    /// Outputs, vectors × outputs, in LSB.
    pub outputs: ArrayView2<'a, f32>,
}

/// Where the gradients of a linear layer go.
#[derive(Debug)]
pub struct LinearGradients<'a> {
    /// With respect to the weights, inputs of one group × outputs: to be added to.
    pub weights: ArrayViewMut2<'a, f32>,
    /// With respect to the inputs, vectors × inputs: to be written, if there is one.
    pub inputs: Option<ArrayViewMut2<'a, f32>>,
}

/// The gradients of the exact sums y = x·W, group by group: adds xᵀ·g to that of the weights, writes
/// g·Wᵀ to that of the inputs.
///
/// # Panics
/// If shapes do not fit.
pub fn exact_products(
    shape: LayerShape,
    inputs: ArrayView2<'_, f32>,
    weights: ArrayView2<'_, f32>,
    gradient: ArrayView2<'_, f32>,
    mut into: LinearGradients<'_>,
) {
    for group in 0..shape.groups() {
        let of_group = |size: usize| group * size..(group + 1) * size;
        let (rows, columns) = (
            of_group(shape.group_inputs()),
            of_group(shape.group_outputs()),
        );
        let inputs = inputs.slice(s![.., rows.clone()]);
        let gradient = gradient.slice(s![.., columns.clone()]);
        let weight_gradient = into.weights.slice_mut(s![.., columns.clone()]);
        multiply(inputs.t(), gradient, Onto::Sum, weight_gradient);
        if let Some(input_gradient) = &mut into.inputs {
            let weights = weights.slice(s![.., columns]);
            let input_gradient = input_gradient.slice_mut(s![.., rows]);
            multiply(gradient, weights.t(), Onto::Nothing, input_gradient);
        }
    }
}
