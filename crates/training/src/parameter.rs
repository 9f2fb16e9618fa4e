//! What a layer lets be trained.

use std::ops::RangeInclusive;

use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::TrainingError;

/// A trainable parameter of a layer, of any number of dimensions, to be read.
#[derive(Clone, Debug)]
pub struct ParameterView<'a> {
    /// Its name, unique within the layer: `"weight"`, `"bias"`.
    pub name: &'static str,
    /// Its numbers.
    pub value: ArrayViewD<'a, f32>,
    /// The gradient of the last backward pass, of the same shape.
    pub gradient: ArrayViewD<'a, f32>,
    /// Range to which the optimizer keeps each number.
    pub range: RangeInclusive<f32>,
}

/// A trainable parameter of a layer, of any number of dimensions, to be updated.
#[derive(Debug)]
pub struct ParameterViewMut<'a> {
    /// Its name, unique within the layer: `"weight"`, `"bias"`.
    pub name: &'static str,
    /// Its numbers.
    pub value: ArrayViewMutD<'a, f32>,
    /// The gradient of the last backward pass, of the same shape.
    pub gradient: ArrayViewD<'a, f32>,
    /// Range to which the optimizer keeps each number.
    pub range: RangeInclusive<f32>,
}

impl ParameterViewMut<'_> {
    /// Checks that value and gradient have one shape and that the range is not empty.
    ///
    /// # Errors
    /// [`TrainingError::ParameterShape`] or [`TrainingError::ParameterRange`].
    pub fn check(&self) -> Result<(), TrainingError> {
        if self.value.shape() != self.gradient.shape() {
            return Err(TrainingError::ParameterShape {
                name: self.name,
                value: self.value.shape().to_vec(),
                gradient: self.gradient.shape().to_vec(),
            });
        }
        if self.range.is_empty() {
            return Err(TrainingError::ParameterRange {
                name: self.name,
                min: *self.range.start(),
                max: *self.range.end(),
            });
        }
        Ok(())
    }
}

/// What is done with each parameter that is to be updated.
pub type UpdateParameter<'v> = dyn FnMut(ParameterViewMut<'_>) -> Result<(), TrainingError> + 'v;
