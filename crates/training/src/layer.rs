//! Layers of a network.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip};

use crate::{
    BufferView, MakeGradientModel, ParameterView, Session, Step, TrainingError, UpdateBuffer,
    UpdateParameter,
};

mod analog_conv;
mod analog_dense;
mod batch_norm;
mod bias;
mod channels;
mod conv;
mod dense;
mod dropout;
mod flatten;
mod inject_noise;
mod kernel;
mod on_array;
mod pooling;
mod quantise;
mod relu;
mod rescale;
mod rounding;
mod shapes;
mod weight_matrix;

pub use analog_conv::AnalogConv;
pub use analog_dense::AnalogDense;
pub use batch_norm::BatchNorm;
pub use bias::Bias;
pub use conv::Conv;
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use inject_noise::{InjectNoise, NoiseKind, NoisyModes};
pub use pooling::Pooling;
pub use quantise::QuantiseInput;
pub use relu::{ConvertingRelu, Relu};
pub use rescale::Rescale;
pub use shapes::{check_backward, check_forward};
use shapes::{check_passed, check_width};

/// A step from a batch of inputs (vectors × inputs) to a batch of outputs (vectors × outputs).
///
/// Layers hold no copies of what passes through: [`backward`](Self::backward) is given the inputs
/// and outputs of the forward pass again. What does not fit together is refused, without a panic:
/// [`check_forward`] and [`check_backward`] look at the shapes, and are what a layer asks first.
///
/// A layer cannot know its place in a network: its errors name [the first](crate::LayerPlace), and the
/// network puts in which it is.
pub trait Layer: Send {
    /// Outputs for a number of inputs.
    ///
    /// # Errors
    /// [`TrainingError::Width`] if the layer does not take so many.
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError>;

    /// Computes the outputs, whatever `output` held before. What differs between training and
    /// evaluation asks the session for its [mode](Session::mode).
    ///
    /// # Errors
    /// Those of [`check_forward`]; [`TrainingError`] if the layer needs an array and there is none,
    /// if it does not take the inputs, or if the array refuses.
    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError>;

    /// Computes the gradient with respect to the inputs (if asked for) and, inside the layer, with
    /// respect to its parameters, in place of that of the last pass. `gradient` is that with respect
    /// to the outputs; the layer may use it as scratch. `input_gradient` has any values, as outputs
    /// have in the forward pass, after which it may be asked for more than once.
    ///
    /// Batches of no rows come as well, as parts of others: ndarray's `mapv` and `to_owned` fail for
    /// these in debug builds, `Zip` and `zip_mut_with` do not.
    ///
    /// # Errors
    /// Those of [`check_backward`]; [`TrainingError::NoForward`] if the layer remembers something of
    /// its forward pass, and there was none of such inputs; what a gradient model reports.
    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError>;

    /// Shows the trainable parameters, always in the same order; there are none unless a layer says
    /// so.
    fn parameters(&self, _visit: &mut dyn FnMut(ParameterView<'_>)) {}

    /// Hands out the same parameters, in the same order, to be updated.
    ///
    /// # Errors
    /// Those of `update`, which is not called again then.
    fn update_parameters(
        &mut self,
        _update: &mut UpdateParameter<'_>,
    ) -> Result<(), TrainingError> {
        Ok(())
    }

    /// Shows the numbers that training changes beside the parameters, always in the same order; there
    /// are none unless a layer says so.
    fn buffers(&self, _visit: &mut dyn FnMut(BufferView<'_>)) {}

    /// Hands out the same buffers, in the same order, to be replaced.
    ///
    /// # Errors
    /// Those of `update`, which is not called again then.
    fn update_buffers(&mut self, _update: &mut UpdateBuffer<'_>) -> Result<(), TrainingError> {
        Ok(())
    }

    /// Takes another gradient model, made for its plan; nothing unless the layer runs on the array.
    ///
    /// # Errors
    /// Those of `make`; the layer is unchanged then.
    fn set_gradient_model(
        &mut self,
        _make: &mut MakeGradientModel<'_>,
    ) -> Result<(), TrainingError> {
        Ok(())
    }

    /// What the layer computes when a network is evaluated, with a copy of its numbers as they are
    /// kept; `None` for what no [`Step`] describes, which cannot be [deployed](crate::deploy).
    fn step(&self) -> Option<Step> {
        None
    }
}

/// The backward pass of a layer that maps each value alone: `pull(x, g)` is the gradient with respect
/// to an input x whose output has the gradient g.
fn pull_back_elementwise(
    input: ArrayView2<'_, f32>,
    gradient: &ArrayViewMut2<'_, f32>,
    input_gradient: Option<ArrayViewMut2<'_, f32>>,
    pull: impl Fn(f32, f32) -> f32,
) {
    let Some(mut input_gradient) = input_gradient else {
        return;
    };
    match (
        input_gradient.as_slice_mut(),
        input.as_slice(),
        gradient.as_slice(),
    ) {
        (Some(to), Some(x), Some(g)) => {
            for ((to, x), g) in to.iter_mut().zip(x).zip(g) {
                *to = pull(*x, *g);
            }
        }
        _ => Zip::from(input_gradient)
            .and(input)
            .and(gradient)
            .for_each(|to, &x, &g| *to = pull(x, g)),
    }
}

/// Whether all values are finite; without early exit, which would keep the sweep from being
/// vectorised.
pub(crate) fn all_finite(values: &Array2<f32>) -> bool {
    values.iter().fold(true, |all, v| all & v.is_finite())
}

/// Gives an array a shape and allocates only if it has never been so large before. Its values are
/// those of the last use: write before you read.
///
/// It stands beside [`Buffer`](bss2_core::Buffer) for what is read again, by shared reference,
/// after it was written.
pub(crate) fn reshaped(array: &mut Array2<f32>, shape: (usize, usize)) -> &mut Array2<f32> {
    if array.dim() != shape {
        let (mut values, _) = std::mem::take(array).into_raw_vec_and_offset();
        values.resize(shape.0 * shape.1, 0.0);
        let Ok(array_of_shape) = Array2::from_shape_vec(shape, values) else {
            unreachable!("as many values as {shape:?} asks for");
        };
        *array = array_of_shape;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_shapes_reuse_the_memory_of_larger_ones() {
        let mut array = Array2::zeros((0, 0));
        let memory = reshaped(&mut array, (6, 4)).as_ptr();
        for shape in [(1, 4), (0, 4), (4, 6), (3, 3), (6, 4)] {
            assert_eq!(reshaped(&mut array, shape).dim(), shape);
            assert_eq!(array.as_ptr(), memory, "{shape:?}");
        }
    }

    #[test]
    fn arrays_of_any_layout_are_reshaped() {
        let mut columns = Array2::from_elem((3, 5), 1.0).reversed_axes();
        assert_eq!(reshaped(&mut columns, (2, 2)).dim(), (2, 2));
        let mut part = Array2::from_elem((3, 5), 1.0);
        part.slice_collapse(ndarray::s![1..;-1, 1..3]);
        assert_eq!(reshaped(&mut part, (2, 7)).dim(), (2, 7));
    }
}
