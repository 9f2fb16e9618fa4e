//! Errors of mapping.

use bss2_core::{ArrayError, ArrayGeometry};
use thiserror::Error;

use crate::PlanFault;

/// Why a layer could not be mapped or run.
#[derive(Clone, Debug, PartialEq, Error)]
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
    /// Inputs or outputs that cannot be divided evenly into groups.
    #[error("{inputs} inputs and {outputs} outputs are not multiples of {groups} groups")]
    Groups {
        /// Inputs (or input channels) of the layer.
        inputs: usize,
        /// Outputs (or output channels) of the layer.
        outputs: usize,
        /// Groups asked for.
        groups: usize,
    },
    /// A layer that would take more blocks than [`Plan::BLOCKS_MAX`](crate::Plan::BLOCKS_MAX).
    #[error(
        "a layer of {inputs} × {outputs} would take {blocks} blocks, at most {limit} are planned"
    )]
    TooManyBlocks {
        /// Inputs of the layer.
        inputs: usize,
        /// Outputs of the layer.
        outputs: usize,
        /// Blocks that it would take.
        blocks: u64,
        /// Largest accepted number of blocks.
        limit: u64,
    },
    /// A single input or output that takes more rows or columns than a hemisphere has.
    #[error("one {of} takes {needed} {what}, a hemisphere has {available} to use")]
    HemisphereTooSmall {
        /// Input or output.
        of: &'static str,
        /// Rows or columns.
        what: &'static str,
        /// Number that is needed.
        needed: usize,
        /// Number that there is.
        available: usize,
    },
    /// Layers that together need more room than the array has.
    #[error(
        "layer {layer} does not fit beside the others: its blocks of up to {rows} rows × {columns} \
         columns find no room on {geometry}"
    )]
    NoRoom {
        /// The first layer that does not fit.
        layer: usize,
        /// Rows of its largest block.
        rows: usize,
        /// Columns of its largest block.
        columns: usize,
        /// Sizes of the array.
        geometry: ArrayGeometry,
    },
    /// A plan that cannot be carried out.
    #[error("plan: {0}")]
    InvalidPlan(#[source] PlanFault),
    /// An array, or a profile of one, whose geometry is not the one that is asked for.
    #[error("the plan was made for {planned}, {what} is {found}")]
    OtherGeometry {
        /// Geometry of the plan.
        planned: ArrayGeometry,
        /// Array or profile.
        what: &'static str,
        /// Its geometry.
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
    /// A weight that the plan's coding cannot hold.
    #[error("weight {value} at input {input}, output {output} is outside {min}…{max}")]
    WeightOutOfRange {
        /// The weight.
        value: i8,
        /// Smallest weight of the coding.
        min: i8,
        /// Largest weight of the coding.
        max: i8,
        /// Its row in the weights.
        input: usize,
        /// Its column in the weights.
        output: usize,
    },
    /// An input that the plan's coding cannot send.
    #[error("input {input} of vector {vector} is {value}, outside {min}…{max}")]
    InputOutOfRange {
        /// The value.
        value: i16,
        /// Smallest input of the coding.
        min: i8,
        /// Largest input of the coding.
        max: i8,
        /// Its vector in the batch.
        vector: usize,
        /// Its place in the vector.
        input: usize,
    },
    /// A part of a batch that begins amid vectors that run at once.
    #[error("vector {first_vector} is not the first of {vectors_at_once} that run at once")]
    FirstVector {
        /// Number of the part's first vector.
        first_vector: u64,
        /// Vectors that the plan runs at once.
        vectors_at_once: usize,
    },
    /// An option outside its range.
    #[error("{option} = {value} is outside {min}…{max}")]
    OptionOutOfRange {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        value: u64,
        /// Smallest accepted value.
        min: u64,
        /// Largest accepted value.
        max: u64,
    },
    /// A share outside 0…1.
    #[error("the share of active inputs is {share}, outside 0…1")]
    ShareOutOfRange {
        /// The share.
        share: f64,
    },
    /// The array refused.
    #[error(transparent)]
    Array(#[from] ArrayError),
}
