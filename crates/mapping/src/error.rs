//! Errors of mapping.

use bss2_core::{ArrayError, ArrayGeometry};
use thiserror::Error;

/// Why a layer could not be mapped or run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MappingError {
    /// A layer without inputs or outputs.
    #[error("a layer needs at least one input and one output, found {inputs} × {outputs}")]
    EmptyLayer {
        /// Inputs of the layer.
        inputs: usize,
        /// Outputs of the layer.
        outputs: usize,
    },
    /// A layer with more inputs or outputs than [`LayerShape::SIDE_MAX`](crate::LayerShape::SIDE_MAX).
    #[error("a layer of {inputs} × {outputs} exceeds {limit} inputs or outputs")]
    LayerTooLarge {
        /// Inputs of the layer.
        inputs: usize,
        /// Outputs of the layer.
        outputs: usize,
        /// Largest accepted number of either.
        limit: usize,
    },
    /// A layer that would take more tiles than [`Plan::TILES_MAX`](crate::Plan::TILES_MAX).
    #[error(
        "a layer of {inputs} × {outputs} would take {tiles} tiles, at most {limit} are planned"
    )]
    TooManyTiles {
        /// Inputs of the layer.
        inputs: usize,
        /// Outputs of the layer.
        outputs: usize,
        /// Tiles that it would take.
        tiles: u64,
        /// Largest accepted number of tiles.
        limit: u64,
    },
    /// An array whose geometry is not the one that the plan was made for.
    #[error("the plan was made for {planned:?}, the array is {found:?}")]
    OtherGeometry {
        /// Geometry of the plan.
        planned: ArrayGeometry,
        /// Geometry of the array.
        found: ArrayGeometry,
    },
    /// An argument of another shape than the layer asks for.
    #[error("{what} must have shape {expected:?}, found {found:?}")]
    Shape {
        /// Which argument.
        what: &'static str,
        /// Rows and columns that the layer asks for.
        expected: (usize, usize),
        /// Rows and columns that came.
        found: (usize, usize),
    },
    /// The array refused.
    #[error(transparent)]
    Array(#[from] ArrayError),
}
