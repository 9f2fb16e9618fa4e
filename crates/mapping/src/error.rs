//! Errors of mapping.

use bss2_core::{ArrayError, ArrayGeometry};
use thiserror::Error;

use crate::{LayerShape, PlanFault};

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
    #[error(
        "{inputs} inputs and {outputs} outputs cannot both be divided evenly into {groups} groups"
    )]
    Groups {
        /// Inputs (or input channels) of the layer.
        inputs: usize,
        /// Outputs (or output channels) of the layer.
        outputs: usize,
        /// Groups asked for.
        groups: usize,
    },
    /// A convolution whose kernel, dilated, does not fit into its input, padded.
    #[error("a kernel of {kernel:?}, dilated, exceeds the input of {input:?}, padded")]
    KernelTooLarge {
        /// Height and width of the dilated kernel.
        kernel: (usize, usize),
        /// Height and width of the padded input.
        input: (usize, usize),
    },
    /// A convolution of too many numbers.
    #[error("a convolution with {count} {what}, at most {limit} are handled")]
    ConvolutionTooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many there are; `usize::MAX` stands for more than can be counted.
        count: usize,
        /// Largest accepted number.
        limit: usize,
    },
    /// A batch whose vectors would not fit the memory.
    #[error("a batch of {vectors} vectors of {values} values, at most {limit} in all are handled")]
    BatchTooLarge {
        /// Vectors of the batch.
        vectors: usize,
        /// Inputs or outputs of a vector, whatever are more.
        values: usize,
        /// Largest accepted number of values.
        limit: usize,
    },
    /// A plan of another layer.
    #[error("the plan is for {planned:?}, the layer is {expected:?}")]
    OtherLayer {
        /// Sizes of the layer.
        expected: LayerShape,
        /// Sizes of the plan's layer.
        planned: LayerShape,
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
        "layer {layer} does not fit beside the others: a block of {rows} rows × {columns} columns \
         finds no room on {geometry}"
    )]
    NoRoom {
        /// The layer of the block, which is laid out from the largest of all layers.
        layer: usize,
        /// Rows of the block.
        rows: usize,
        /// Columns of the block.
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
    /// A profile with numbers for another array.
    #[error("a profile needs {expected} {what}, found {found}")]
    ProfileSize {
        /// Hemispheres, columns or drivers.
        what: &'static str,
        /// Number that the geometry asks for.
        expected: usize,
        /// Number found.
        found: usize,
    },
    /// A number of a profile, or of the protocol that measures it, that cannot be.
    #[error("profile: {what} = {value} is not finite or outside its range")]
    ProfileNumber {
        /// Which one.
        what: &'static str,
        /// Its value.
        value: f32,
    },
    /// A hemisphere without a column or a driver that can be used.
    #[error("no column or no driver of hemisphere {hemisphere} can be used")]
    NothingWorks {
        /// The hemisphere.
        hemisphere: usize,
    },
    /// A profile that cannot be measured because results reach the ends of their range.
    #[error(
        "{:.0} % of the profile's results saturate: the gain is larger than expected_gain_lsb, or the \
         sends are too many",
        100.0 * share
    )]
    ProfileSaturates {
        /// Share of the results.
        share: f64,
    },
    /// An objective that is not a number, or a strategy without anything to choose from.
    #[error("{what} of a choice is empty or not a number")]
    NothingToChoose {
        /// Objective, profiles, row_repetitions or column_copies.
        what: &'static str,
    },
    /// A layer whose weights and typical inputs are not known to a strategy that needs them.
    #[error("this strategy needs a sample of the layer's weights and activations")]
    NoSample,
    /// A coding for less than weights of −63…63 and activations of 0…31, where all of them may come.
    #[error(
        "the plan's coding holds weights {}…{} and inputs {}…{}, needed are -63…63 and 0…31",
        weights.0, weights.1, inputs.0, inputs.1
    )]
    NarrowCoding {
        /// Smallest and largest weight.
        weights: (i8, i8),
        /// Smallest and largest input.
        inputs: (i8, i8),
    },
    /// No mapping within a chip time.
    #[error(
        "no mapping takes at most {chip_time_us:.1} µs: the quickest takes {least_time_us:.1} µs"
    )]
    TooLittleTime {
        /// Chip time that was asked for, in µs.
        chip_time_us: f64,
        /// The least chip time of all mappings, in µs.
        least_time_us: f64,
    },
    /// No mapping with so small an error.
    #[error(
        "no mapping is expected to have an error of at most {error_lsb:.3} LSB: the best has \
         {least_error_lsb:.3} LSB"
    )]
    TooSmallError {
        /// Error that was asked for, in LSB.
        error_lsb: f64,
        /// The least expected error of all mappings, in LSB.
        least_error_lsb: f64,
    },
    /// A quantile outside its range.
    #[error("{option} = {value} is outside {min}…{max}")]
    QuantileOutOfRange {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        value: f64,
        /// Smallest accepted value.
        min: f64,
        /// Largest accepted value.
        max: f64,
    },
    /// An infinite number or NaN among those that weights are scaled by.
    #[error("{what}: {value} at {at:?} is not a finite number")]
    NotFinite {
        /// Weights or signal.
        what: &'static str,
        /// Its row and column.
        at: (usize, usize),
        /// The number.
        value: f32,
    },
    /// The array refused.
    #[error(transparent)]
    Array(#[from] ArrayError),
}

/// Refuses an option outside its range.
pub(crate) fn check_option(
    option: &'static str,
    value: u64,
    min: u64,
    max: u64,
) -> Result<(), MappingError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(MappingError::OptionOutOfRange {
        option,
        value,
        min,
        max,
    })
}
