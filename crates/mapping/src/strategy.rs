//! What turns a layer into a plan.

use std::fmt::Debug;

use bss2_core::ArrayGeometry;
use ndarray::ArrayView2;

use crate::{Activations, LayerShape, MappingError, Plan};

/// Decides how a layer is computed on an array.
pub trait MappingStrategy: Debug + Send + Sync {
    /// Plans a layer.
    ///
    /// # Errors
    /// [`MappingError::TooManyBlocks`] beyond [`Plan::BLOCKS_MAX`];
    /// [`MappingError::HemisphereTooSmall`] if not even one input or output fits;
    /// what else a strategy says of itself.
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError>;
}

/// What a strategy is told of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    shape: LayerShape,
    sample: Option<LayerSample<'a>>,
}

/// A layer's weights, and inputs that are typical of it.
#[derive(Clone, Copy, Debug)]
pub struct LayerSample<'a> {
    /// Inputs of one group × outputs.
    pub weights: ArrayView2<'a, i8>,
    /// Vectors × inputs.
    pub activations: Activations<'a>,
}

impl From<LayerShape> for Layer<'_> {
    fn from(shape: LayerShape) -> Self {
        Self {
            shape,
            sample: None,
        }
    }
}

impl<'a> Layer<'a> {
    /// A layer whose weights and typical inputs are known.
    ///
    /// # Errors
    /// [`MappingError::Shape`] unless the sample has the layer's sizes and at least one vector.
    pub fn with_sample(shape: LayerShape, sample: LayerSample<'a>) -> Result<Self, MappingError> {
        let vectors = sample.activations.dim().0.max(1);
        check_shape("weights", shape.weights(), sample.weights.dim())?;
        let expected = (vectors, shape.inputs());
        check_shape("sample of activations", expected, sample.activations.dim())?;
        Ok(Self {
            shape,
            sample: Some(sample),
        })
    }

    /// Its sizes.
    pub const fn shape(&self) -> LayerShape {
        self.shape
    }

    /// Its weights and typical inputs, if they are known.
    pub const fn sample(&self) -> Option<LayerSample<'a>> {
        self.sample
    }
}

/// Refuses an argument of another shape.
pub(crate) fn check_shape(
    what: &'static str,
    expected: (usize, usize),
    found: (usize, usize),
) -> Result<(), MappingError> {
    if expected == found {
        return Ok(());
    }
    Err(MappingError::Shape {
        what,
        expected,
        found,
    })
}
