//! Errors of training.

use bss2_core::ArrayError;
use bss2_mapping::MappingError;
use thiserror::Error;

/// Why a network could not be built, run or trained.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// An analog layer was run without an array.
    #[error("layer {layer} is analog and needs an array, none was given")]
    NoArray {
        /// Index of the layer.
        layer: usize,
    },
    /// An argument of another width than a layer has.
    #[error("layer {layer} takes {expected} inputs, found {found}")]
    Width {
        /// Index of the layer.
        layer: usize,
        /// Inputs of the layer.
        expected: usize,
        /// Inputs that came.
        found: usize,
    },
    /// A layer produced infinity or NaN.
    #[error("layer {layer} diverged: its {what} are no longer finite")]
    NotFinite {
        /// Index of the layer.
        layer: usize,
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
    #[error("the loss is no longer finite")]
    LossNotFinite,
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
