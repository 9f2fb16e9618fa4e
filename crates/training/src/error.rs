//! Errors of training.

use std::fmt;
use std::path::PathBuf;

use bss2_core::{ACTIVATION_MAX, ArrayError};
use bss2_file::FileError;
use bss2_mapping::MappingError;
use thiserror::Error;

/// Why a network could not be built, run or trained.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// An analog layer was run without an array.
    #[error("{layer} is analog and needs an array, none was given")]
    NoArray {
        /// The layer.
        layer: LayerPlace,
    },
    /// An argument of another width than a layer has.
    #[error("{layer} takes {expected} inputs, found {found}")]
    Width {
        /// The layer.
        layer: LayerPlace,
        /// Inputs of the layer.
        expected: usize,
        /// Inputs that came.
        found: usize,
    },
    /// An argument of another shape than the one it must have.
    #[error("{what} must have shape {expected:?}, found {found:?}")]
    Shape {
        /// Which argument.
        what: &'static str,
        /// Rows and columns that it must have.
        expected: (usize, usize),
        /// Rows and columns that came.
        found: (usize, usize),
    },
    /// A backward pass without a forward pass of inputs of the same shape that succeeded.
    #[error("a backward pass needs the forward pass of its inputs before it")]
    NoForward,
    /// An infinite input or NaN.
    #[error("feature {feature} of sample {sample} is {value}, not a finite number")]
    InputNotFinite {
        /// Index of the sample.
        sample: usize,
        /// Index of the feature.
        feature: usize,
        /// Its value.
        value: f32,
    },
    /// An input of an analog layer that is no activation.
    #[error(
        "{layer} is analog and takes activations of 0…{ACTIVATION_MAX}, \
         input {input} of vector {vector} is {value}"
    )]
    ActivationOutOfRange {
        /// The layer.
        layer: LayerPlace,
        /// Index of the vector in its batch.
        vector: usize,
        /// Index of the input.
        input: usize,
        /// Its value, before rounding.
        value: f32,
    },
    /// A layer produced infinity or NaN.
    #[error("{layer} diverged: its {what} are no longer finite")]
    NotFinite {
        /// The layer.
        layer: LayerPlace,
        /// Which of its numbers.
        what: &'static str,
    },
    /// Training stopped because a step diverged.
    #[error("training diverged in epoch {epoch}, step {step}: {cause}")]
    Diverged {
        /// Epoch, counted from 0.
        epoch: usize,
        /// Step within the epoch, counted from 0.
        step: usize,
        /// What was noticed.
        cause: Box<TrainingError>,
    },
    /// The loss is infinite or NaN.
    #[error("the loss of the outputs of {layer} is no longer finite")]
    LossNotFinite {
        /// The last layer with parameters.
        layer: LayerPlace,
    },
    /// Numbers of inputs and labels differ.
    #[error("{inputs} inputs, but {labels} labels")]
    LabelCount {
        /// Samples.
        inputs: usize,
        /// Labels.
        labels: usize,
    },
    /// A label beyond the network's outputs.
    #[error("sample {sample} has label {label}, the network has {classes} outputs")]
    LabelOutOfRange {
        /// Index of the sample.
        sample: usize,
        /// Its label.
        label: u8,
        /// Outputs of the network.
        classes: usize,
    },
    /// A layer of which nothing is known that could be brought onto an array.
    #[error("{layer} does not tell what it computes: it cannot be deployed")]
    NoStep {
        /// The layer.
        layer: LayerPlace,
    },
    /// A layer that cannot be brought onto an array.
    #[error("{layer} cannot be deployed: {reason}")]
    NotDeployable {
        /// The layer.
        layer: LayerPlace,
        /// Why.
        reason: &'static str,
    },
    /// Options for another number of layers than there are linear ones.
    #[error("there are {expected} linear layers, options were given for {found}")]
    LayerCount {
        /// Linear layers.
        expected: usize,
        /// Options.
        found: usize,
    },
    /// Text that describes no network or recipe.
    #[error("{message}")]
    Description {
        /// What is wrong with it.
        message: String,
    },
    /// A layer of a description that does not fit.
    #[error("{layer} of the description: {cause}")]
    InDescription {
        /// The layer, by its place in the description.
        layer: LayerPlace,
        /// What is wrong with it.
        cause: Box<TrainingError>,
    },
    /// A name that cannot stand in a weight file, or that another layer has.
    #[error("'{name}' is no name for a layer: letters, digits, '_', '-' and '.', each name once")]
    LayerName {
        /// The name.
        name: String,
    },
    /// Patience without validation samples.
    #[error("stopping early needs validation samples")]
    NoValidation,
    /// Images of another size than the samples.
    #[error("images of {image:?} (channels, rows, columns), but samples of {features} features")]
    ImageSize {
        /// Channels, rows and columns of an image.
        image: (usize, usize, usize),
        /// Length of a sample.
        features: usize,
    },
    /// Numbers that are not those of a network.
    #[error("the state does not fit the network: {reason}")]
    OtherState {
        /// Why.
        reason: &'static str,
    },
    /// A weight file that cannot be read or written.
    #[error("{}: {message}", path.display())]
    WeightFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Weights that a network has and a file lacks.
    #[error("the weight file has no '{name}', it has {}", few(found))]
    WeightsMissing {
        /// Their name.
        name: String,
        /// The names that the file has.
        found: Vec<String>,
    },
    /// Weights that a file has and the network lacks.
    #[error("the weight file has '{name}', the network has not")]
    WeightsUnknown {
        /// Their name.
        name: String,
    },
    /// Weights of another shape.
    #[error("'{name}' has shape {found:?}, the network's has {expected:?}")]
    WeightsShape {
        /// Their name.
        name: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// Weights with infinity or NaN.
    #[error("'{name}' has numbers that are not finite")]
    WeightsNotFinite {
        /// Their name.
        name: String,
    },
    /// A variance below zero.
    #[error("'{name}' has {value}, a variance is never below 0")]
    WeightsNegative {
        /// Name of the variances.
        name: String,
        /// The first that is negative.
        value: f32,
    },
    /// A digital stage after one on an array.
    #[error("stage {} is digital, but comes after one on an array", stage.saturating_add(1))]
    StageOrder {
        /// The stage, counted from 0.
        stage: usize,
    },
    /// No method has this name.
    #[error("unknown method '{name}', known are: {known}")]
    UnknownMethod {
        /// The name.
        name: String,
        /// Names there are.
        known: String,
    },
    /// A chip whose temperature cannot be set.
    #[error("the temperature of this chip cannot be set")]
    NoTemperature,
    /// A chip that does not say how it is set up.
    #[error("the chip does not answer: {message}")]
    NoAnswer {
        /// What it says.
        message: String,
    },
    /// A timing, or a model, for which the chip was not measured.
    #[error("the chip was not measured for this timing or gradient model")]
    NotMeasured,
    /// An option that would change nothing beside another one.
    #[error("{option} means nothing with {with}: leave it out")]
    Meaningless {
        /// The option.
        option: &'static str,
        /// Beside what it means nothing.
        with: &'static str,
    },
    /// Settings of a tiling that those of its layer overrule.
    #[error(
        "tiling.settings would be overruled: give num_sends, wait_between_events and baseline \
         beside the tiling"
    )]
    SettingsOfTiling,
    /// A checkpoint of another training.
    #[error(
        "{}: the checkpoint is that of another recipe, network, seed, data, chip or calibration; \
         delete it to start over",
        path.display()
    )]
    OtherCheckpoint {
        /// The checkpoint.
        path: PathBuf,
    },
    /// A twin without numbers for every part of its array.
    #[error("a twin needs {expected} {what}, found {found}")]
    TwinSize {
        /// Of what.
        what: &'static str,
        /// How many it needs.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// A number of a twin that means nothing.
    #[error("{what} = {value} of a twin means nothing")]
    TwinNumber {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f32,
    },
    /// An array of a recording that is missing or cannot be read or written.
    #[error("recording, {array}: {reason}")]
    RecordingArray {
        /// The array, or the file.
        array: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// An array of a recording that does not fit the others, or no recording.
    #[error("recording, {array}: shape must be {expected}, found {found:?}")]
    RecordingShape {
        /// The array.
        array: &'static str,
        /// The shape that it must have.
        expected: String,
        /// The shape that it has.
        found: Vec<usize>,
    },
    /// A value of a recording outside its range.
    #[error("recording, {array}: {value} at {place:?} is outside {min}…{max}")]
    RecordingValue {
        /// The array.
        array: &'static str,
        /// The value's indices.
        place: [usize; 4],
        /// The value.
        value: i64,
        /// Smallest accepted value.
        min: i64,
        /// Largest accepted value.
        max: i64,
    },
    /// Outputs that do not follow the inputs: nothing can be fitted to them.
    #[error("hemisphere {hemisphere}: no column responds to what it was sent")]
    NothingResponds {
        /// The hemisphere.
        hemisphere: usize,
    },
    /// Outputs of a whole array that do not rise with the sums of products.
    #[error("no response: outputs do not rise with what was sent")]
    NoResponse,
    /// Too many columns of a measurement at the ends of the range of outputs.
    #[error("{left} of {columns} columns stay within the range of outputs, {needed} are needed")]
    TooFewColumns {
        /// Columns whose outputs never touch the ends.
        left: usize,
        /// Columns that were measured.
        columns: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is nothing to train on or to evaluate.
    #[error("no samples were given")]
    NoSamples,
    /// A network without layers, or with a layer of no width.
    #[error(
        "a network needs at least an input and an output width, all above zero, found {widths:?}"
    )]
    Widths {
        /// The widths asked for.
        widths: Vec<usize>,
    },
    /// A network with a width or a number of weights beyond the limits of
    /// [`float_mlp`](crate::float_mlp) and [`float_cnn`](crate::float_cnn).
    #[error("widths {widths:?} exceed {width_limit} or {weight_limit} weights in all")]
    NetworkTooLarge {
        /// The widths asked for.
        widths: Vec<usize>,
        /// Largest accepted width.
        width_limit: usize,
        /// Largest accepted number of weights.
        weight_limit: usize,
    },
    /// A batch whose values would not fit the memory.
    #[error("{layer} would produce {vectors} × {outputs} values, at most {limit} are computed")]
    BatchTooLarge {
        /// The layer.
        layer: LayerPlace,
        /// Vectors of the batch.
        vectors: usize,
        /// Outputs of the layer.
        outputs: usize,
        /// Largest accepted number of values.
        limit: usize,
    },
    /// A parameter whose gradient has another shape.
    #[error("parameter {name} has shape {value:?}, its gradient {gradient:?}")]
    ParameterShape {
        /// Name of the parameter.
        name: &'static str,
        /// Its shape.
        value: Vec<usize>,
        /// The gradient's shape.
        gradient: Vec<usize>,
    },
    /// A parameter that may take no value.
    #[error("parameter {name} has the empty range {min}…{max}")]
    ParameterRange {
        /// Name of the parameter.
        name: &'static str,
        /// Smallest accepted value.
        min: f32,
        /// Largest accepted value.
        max: f32,
    },
    /// A batch of which no statistics can be taken.
    #[error(
        "{layer} normalises by the batch and needs 2 values per channel in training, \
         found {values}"
    )]
    TooFewToNormalise {
        /// The layer.
        layer: LayerPlace,
        /// Values of each channel.
        values: usize,
    },
    /// A state of an optimizer that is not whole, or another optimizer's.
    #[error("the optimizer's state of parameter {parameter} is refused: {problem}")]
    OptimizerState {
        /// Number of the parameter.
        parameter: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A state of an optimizer that was kept of another parameter.
    #[error("parameter {parameter} has shape {shape:?}, the optimizer's state {state:?}")]
    OptimizerStateShape {
        /// Number of the parameter.
        parameter: usize,
        /// The state's shape.
        state: Vec<usize>,
        /// The parameter's shape.
        shape: Vec<usize>,
    },
    /// An option outside its range.
    #[error("{option} = {value} is outside {min}…{max}")]
    OptionOutOfRange {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        value: f64,
        /// Smallest accepted value.
        min: f64,
        /// Largest accepted value.
        max: f64,
    },
    /// Mapping or running a layer failed.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The array refused.
    #[error(transparent)]
    Array(#[from] ArrayError),
}

/// Which layer of a network an error is about: shown by its name, or else by its position, counted
/// from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerPlace {
    /// Position, counted from 0.
    pub index: usize,
    /// Name in weight files; empty for layers without.
    pub name: String,
}

impl LayerPlace {
    pub(crate) fn new(index: usize, name: &str) -> Self {
        Self {
            index,
            name: name.to_owned(),
        }
    }
}

impl From<usize> for LayerPlace {
    fn from(index: usize) -> Self {
        Self::new(index, "")
    }
}

impl fmt::Display for LayerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            write!(f, "layer {}", self.index.saturating_add(1))
        } else {
            write!(f, "layer '{}'", self.name)
        }
    }
}

impl TrainingError {
    /// The error with its layer replaced, if it is about one.
    pub(crate) fn at_layer(mut self, place: impl FnOnce(&LayerPlace) -> LayerPlace) -> Self {
        match &mut self {
            Self::NoArray { layer }
            | Self::Width { layer, .. }
            | Self::NotFinite { layer, .. }
            | Self::LossNotFinite { layer }
            | Self::NoStep { layer }
            | Self::NotDeployable { layer, .. }
            | Self::BatchTooLarge { layer, .. }
            | Self::TooFewToNormalise { layer, .. }
            | Self::ActivationOutOfRange { layer, .. } => *layer = place(layer),
            _ => {}
        }
        self
    }
}

/// The first of some names, for people.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = names.iter().take(SHOWN).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "nothing".to_owned(),
        count if count > SHOWN => format!("{shown} and {} more", count - SHOWN),
        _ => shown,
    }
}

/// Refuses a value that is NaN or outside `min..=max`.
pub(crate) fn check_option(
    option: &'static str,
    value: f64,
    min: f64,
    max: f64,
) -> Result<(), TrainingError> {
    // Ends that come as `f32` may lie outside by its rounding.
    let (lowest, highest) = (
        f64::from(min as f32).min(min),
        f64::from(max as f32).max(max),
    );
    if (lowest..=highest).contains(&value) {
        Ok(())
    } else {
        Err(TrainingError::OptionOutOfRange {
            option,
            value,
            min,
            max,
        })
    }
}

/// Refuses another shape than the one that an argument must have.
pub(crate) fn check_shape(
    what: &'static str,
    expected: (usize, usize),
    found: (usize, usize),
) -> Result<(), TrainingError> {
    if expected == found {
        Ok(())
    } else {
        Err(TrainingError::Shape {
            what,
            expected,
            found,
        })
    }
}
