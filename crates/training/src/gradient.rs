//! How the backward pass sees the array.

mod elementwise;

use bss2_core::product::Onto;
use bss2_mapping::{LayerShape, Plan};
use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::TrainingError;
use crate::error::check_shape;
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
    ///
    /// # Errors
    /// Those of [`LinearPass::check`], which models ask first; what does not fit the model, as for
    /// [`check`](Self::check).
    fn backward(
        &mut self,
        pass: &LinearPass<'_>,
        gradient: ArrayViewMut2<'_, f32>,
        into: LinearGradients<'_>,
    ) -> Result<(), TrainingError>;
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

impl LinearPass<'_> {
    /// Refuses a pass, its outputs' gradient and a place for its gradients that do not fit together.
    ///
    /// # Errors
    /// [`TrainingError::Shape`] for the first that is not of the plan's layer, or has not one row for
    /// each vector of the inputs.
    pub fn check(
        &self,
        gradient: ArrayView2<'_, f32>,
        into: &LinearGradients<'_>,
    ) -> Result<(), TrainingError> {
        let shape = self.plan.shape();
        check_products(shape, self.inputs, self.weights, gradient, into)?;
        check_shape("outputs", gradient.dim(), self.outputs.dim())
    }
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
/// # Errors
/// [`TrainingError::Shape`] for the first that is not of the layer's shape, or has not one row for
/// each vector of the inputs.
pub fn exact_products(
    shape: LayerShape,
    inputs: ArrayView2<'_, f32>,
    weights: ArrayView2<'_, f32>,
    gradient: ArrayView2<'_, f32>,
    mut into: LinearGradients<'_>,
) -> Result<(), TrainingError> {
    check_products(shape, inputs, weights, gradient, &into)?;
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
    Ok(())
}

/// Refuses arrays that are not of a layer's shape, or not of one batch.
fn check_products(
    shape: LayerShape,
    inputs: ArrayView2<'_, f32>,
    weights: ArrayView2<'_, f32>,
    gradient: ArrayView2<'_, f32>,
    into: &LinearGradients<'_>,
) -> Result<(), TrainingError> {
    let vectors = inputs.nrows();
    check_shape("inputs", (vectors, shape.inputs()), inputs.dim())?;
    check_shape("weights", shape.weights(), weights.dim())?;
    check_shape("gradient", (vectors, shape.outputs()), gradient.dim())?;
    check_shape("weight gradient", shape.weights(), into.weights.dim())?;
    into.inputs.as_ref().map_or(Ok(()), |input_gradient| {
        check_shape("input gradient", inputs.dim(), input_gradient.dim())
    })
}
